"""Batching of movement ops: the batch axis stays in front and is left alone."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Operand, expanded, filled, plain, same_op, shifted
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    ExpandDims,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sized import broadcast, sized
from bitale_graph.sizes import Size, Sizes, size_sum
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Op, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(ExpandDims, Squeeze)
def _other_rank(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [same_op(node, shifted(node.op.axes))(operands[0].variable)]


@BATCHING.register(Broadcast, Reshape)
def _other_shape(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    x, *lengths = operands
    sizes = (length, *unknown_inputs(node.op.shape, tuple(plain(node, lengths))))
    return [sized(type(node.op), sizes)(filled(x, length), *unknown_lengths(sizes))]


@BATCHING.register(Transpose)
def _transpose(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [Transpose((0, *shifted(node.op.axes)))(operands[0].variable)]


@BATCHING.register(Slice, SetSlice)
def _slice(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    count = 1 if isinstance(node.op, Slice) else 2
    op, rank = node.op, node.inputs[0].ndim
    bounds = unknown_inputs((*op.starts, *op.lengths, *op.steps), tuple(plain(node, operands[count:])))
    starts, lengths, steps = bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]
    arrays = [filled(operand, length) for operand in operands[:count]]
    return [_windowed(type(op), arrays, ((0, *starts), (length, *lengths), (1, *steps)))]


def _windowed(op: type[Op], arrays: list[Variable], window: tuple[Sizes, Sizes, Sizes]) -> Variable:
    return sized(op, *window)(*arrays, *unknown_lengths(sum(window, ())))


@BATCHING.register(Pad)
def _pad(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    """A value that differs along the batch is spread out, and x written into it."""
    x, value, *widths = operands
    rank = node.inputs[0].ndim
    ends = unknown_inputs((*node.op.before, *node.op.after), tuple(plain(node, widths)))
    before, after = ends[:rank], ends[rank:]
    array = filled(x, length)
    if not value.batched:
        window = ((0, *before), (0, *after))
        return [sized(Pad, *window)(array, value.variable, *unknown_lengths(sum(window, ())))]
    lengths = shape_of(array)
    total = tuple(size_sum(ns) for ns in zip(before, lengths[1:], after, strict=True))
    spread = broadcast(ExpandDims(tuple(range(1, rank + 1)))(value.variable), (length, *total))
    return [_windowed(SetSlice, [spread, array], ((0, *before), lengths, (1,) * (rank + 1)))]


@BATCHING.register(Concatenate)
def _concatenate(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [Concatenate(node.op.axis + 1)(*(filled(operand, length) for operand in operands))]


@BATCHING.register(Diagonal)
def _diagonal(node: Apply, operands: Sequence[Operand], length: Size) -> list[Variable]:
    return [Diagonal(node.op.offset, node.op.axis1 + 1, node.op.axis2 + 1)(expanded(operands[0]))]
