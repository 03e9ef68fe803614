"""Batching of movement ops: the batch axis stays in front and is left alone."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import (
    Batch,
    Lanes,
    Operand,
    expanded,
    filled,
    longest,
    plain,
    refusal,
    same_op,
    shifted,
)
from bitale_graph.batching.windows import windowed
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    ExpandDims,
    Iota,
    Pad,
    Reshape,
    SetSlice,
    Squeeze,
    Transpose,
)
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sized import broadcast, sized
from bitale_graph.sizes import size_sum
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(ExpandDims, Squeeze)
def _other_rank(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [same_op(node, shifted(node.op.axes))(operands[0].variable)]


@BATCHING.register(Iota)
def _iota(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Operand]:
    """As many numbers as the longest needs."""
    lengths = operands[0].variable
    return [Operand(filled(Operand(iota(longest(lengths)), False), lanes.length), True, lengths)]


@BATCHING.register(Broadcast)
def _broadcast(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> Sequence[Variable | Operand]:
    """Where a length differs along the batch, x stretches to the longest."""
    x, *given = operands
    differing = [n for n in given if n.batched]
    if not differing:
        return _other_shape(node, [x.padded, *given], lanes)
    if len(differing) > 1:
        raise refusal(node.op)
    ragged = differing[0]
    unknown = [axis for axis, n in enumerate(node.op.shape) if n is None]
    lengths = [Operand(longest(n.variable), False) if n.batched else n for n in given]
    (stretched,) = _other_shape(node, [x.padded, *lengths], lanes)
    return [Operand(stretched, True, ragged.variable, unknown[given.index(ragged)])]


@BATCHING.register(Reshape)
def _other_shape(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    x, *lengths = operands
    sizes = (lanes.length, *unknown_inputs(node.op.shape, tuple(plain(node, lengths))))
    return [sized(type(node.op), sizes)(filled(x, lanes.length), *unknown_lengths(sizes))]


@BATCHING.register(Transpose)
def _transpose(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [Transpose((0, *shifted(node.op.axes)))(operands[0].variable)]


@BATCHING.register(Pad)
def _pad(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    """A value that differs along the batch is spread out, and x written into it."""
    x, value, *widths = operands
    rank = node.inputs[0].ndim
    ends = unknown_inputs((*node.op.before, *node.op.after), tuple(plain(node, widths)))
    before, after = ends[:rank], ends[rank:]
    array = filled(x, lanes.length)
    if not value.batched:
        window = ((0, *before), (0, *after))
        return [sized(Pad, *window)(array, value.variable, *unknown_lengths(sum(window, ())))]
    lengths = shape_of(array)
    total = tuple(size_sum(ns) for ns in zip(before, lengths[1:], after, strict=True))
    spread = broadcast(ExpandDims(tuple(range(1, rank + 1)))(value.variable), (lanes.length, *total))
    return [windowed(SetSlice, [spread, array], ((0, *before), lengths, (1,) * (rank + 1)))]


@BATCHING.register(Concatenate)
def _concatenate(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [Concatenate(node.op.axis + 1)(*(filled(operand, lanes.length) for operand in operands))]


@BATCHING.register(Diagonal)
def _diagonal(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [Diagonal(node.op.offset, node.op.axis1 + 1, node.op.axis2 + 1)(expanded(operands[0]))]
