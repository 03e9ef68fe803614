"""Batching of ops about the graph itself."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.batching.operands import Batch, Operand, filled
from bitale_graph.ops.control import Check, StopGradient
from bitale_graph.ops.elementwise import logical_and
from bitale_graph.ops.reduction import Reduce
from bitale_graph.sizes import Size
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(StopGradient)
def _stop_gradient(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [node.op(operands[0].variable)]


@BATCHING.register(Check)
def _check(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    """The condition must hold for the whole batch."""
    x, condition = operands
    holds = Reduce(logical_and, (0,))(condition.variable) if condition.batched else condition.variable
    return [node.op(filled(x, length), holds)]
