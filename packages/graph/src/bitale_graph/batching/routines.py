"""Batching of routines, which have a batch of their own in front: it gets one axis more."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, filled, over
from bitale_graph.functions.diagonals import eye
from bitale_graph.ops.elementwise import where
from bitale_graph.routine import Routine
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Routine)
def _routine(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    op = node.op
    assert isinstance(op, Routine)
    arrays = [filled(x, lanes.length) for x in operands]
    if op.problem is not None and lanes.active is not None:  # what does not count must not fail
        arrays[0] = where(over(lanes.active, arrays[0]), arrays[0], _fine(arrays[0]))
    return list(Apply(op, arrays).outputs)


def _fine(x: Variable) -> Variable:
    """Identity matrices in the shape of x."""
    rows, columns = shape_of(x)[-2:]
    return broadcast(eye(rows, columns, dtype=x.dtype), shape_of(x))
