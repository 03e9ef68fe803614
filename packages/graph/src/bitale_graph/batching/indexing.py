"""Batching of reads and writes through index arrays."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, expanded, filled, shifted
from bitale_graph.functions import moveaxis
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.sizes import Size
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Gather)
def _gather(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    """With the same indices for all, the batch axis comes behind theirs and is moved; else it is one of theirs."""
    x, indices = operands[0], [lanes.index(i) for i in operands[1:]]
    axes = node.op.axes
    if not any(index.batched for index in indices):
        read = Gather(shifted(axes))(x.variable, *(index.variable for index in indices))
        return [moveaxis(read, node.inputs[1].ndim, 0)]
    if not x.batched:
        return [Gather(axes)(x.variable, *map(expanded, indices))]
    return [Gather((0, *shifted(axes)))(x.variable, *with_number(indices, lanes.length))]


@BATCHING.register(Scatter)
def _scatter(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    (x, updates), indices = operands[:2], [lanes.index(i) for i in operands[2:]]
    axes, function = node.op.axes, node.op.function
    array, written = filled(x, lanes.length), filled(updates, lanes.length)
    if not any(index.batched for index in indices):
        written = moveaxis(written, 0, node.inputs[2].ndim)
        return [Scatter(shifted(axes), function)(array, written, *(index.variable for index in indices))]
    return [Scatter((0, *shifted(axes)), function)(array, written, *with_number(indices, lanes.length))]


def with_number(indices: Sequence[Operand], length: Size) -> list[Variable]:
    """The index along the batch axis, and the indices, all of one rank."""
    arrays = [expanded(index) for index in indices]
    rest = tuple(range(1, arrays[0].ndim))
    number = iota(length)
    return [ExpandDims(rest)(number) if rest else number, *arrays]
