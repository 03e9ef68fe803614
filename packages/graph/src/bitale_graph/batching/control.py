"""Batching of ops about the graph itself."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.branches import batch_branch
from bitale_graph.batching.loops import batch_scan
from bitale_graph.batching.operands import Batch, Operand, filled
from bitale_graph.errors import fill_in
from bitale_graph.ops.control import Branch, Check, Scan, StopGradient
from bitale_graph.ops.elementwise import logical_and
from bitale_graph.ops.reduction import Reduce
from bitale_graph.sizes import Size
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(StopGradient)
def _stop_gradient(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [node.op(operands[0].variable)]


@BATCHING.register(Scan)
def _scan(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return batch_scan(node, operands, length)


@BATCHING.register(Branch)
def _branch(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return batch_branch(node, operands, length)


@BATCHING.register(Check)
def _check(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    """The condition must hold for the whole batch; a message can show only what is the same for all of it."""
    x, condition, *values = operands
    holds = Reduce(logical_and, (0,))(condition.variable) if condition.batched else condition.variable
    if any(v.batched for v in values):
        check = Check(fill_in(node.op.message, "?" * len(values)), node.op.error)
        return [check(filled(x, length), holds)]
    return [node.op(filled(x, length), holds, *[v.variable for v in values])]
