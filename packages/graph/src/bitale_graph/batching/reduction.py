"""Batching of reductions: the axes stand one further back."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, same_op, shifted
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Reduce)
def _reduce(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [node.op.over(shifted(node.op.axes))(operands[0].variable)]


@BATCHING.register(ArgReduce, Cumulate)
def _along_one_axis(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [same_op(node, node.op.function, node.op.axis + 1)(operands[0].variable)]
