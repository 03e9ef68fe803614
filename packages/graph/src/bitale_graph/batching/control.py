"""Batching of ops about the graph itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from bitale_graph.batching.branches import batch_branch
from bitale_graph.batching.loops import batch_scan
from bitale_graph.batching.operands import Batch, Lanes, Operand, filled
from bitale_graph.errors import fill_in
from bitale_graph.ops.control import Branch, Check, Scan, StopGradient
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(StopGradient)
def _stop_gradient(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [node.op(operands[0].variable)]


@BATCHING.register(Scan)
def _scan(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable] | list[Operand]:
    return batch_scan(node, operands, lanes)


@BATCHING.register(Branch)
def _branch(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return batch_branch(node, operands, lanes)


@BATCHING.register(Check)
def _check(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    """The condition must hold for the whole batch; a message can show only what is the same for all of it."""
    x, condition, *values = operands
    number = count()
    shown = ["?" if v.batched else f"{{{next(number)}}}" for v in values]
    check = Check(fill_in(node.op.message, shown), node.op.error)
    return [check(filled(x, lanes.length), lanes.holding(condition), *(v.variable for v in values if not v.batched))]
