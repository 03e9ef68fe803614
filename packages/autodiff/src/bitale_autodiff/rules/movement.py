"""Pullbacks of movement ops: each moves the cotangent back to where the element came from."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_autodiff.shaping import unbroadcast, zeros_like
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.elementwise import add
from bitale_graph.ops.indexing import Scatter
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
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sized import sized
from bitale_graph.sizes import Size, Sizes, size_add
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


@PULLBACKS.register(ExpandDims)
def _expand_dims(node: Apply, g: Variable) -> Contributions:
    return [Squeeze(node.op.axes)(g)]


@PULLBACKS.register(Squeeze)
def _squeeze(node: Apply, g: Variable) -> Contributions:
    return [ExpandDims(node.op.axes)(g)]


@PULLBACKS.register(Broadcast)
def _broadcast(node: Apply, g: Variable) -> Contributions:
    return [unbroadcast(g, node.inputs[0]), *_none(node, 1)]


@PULLBACKS.register(Reshape)
def _reshape(node: Apply, g: Variable) -> Contributions:
    sizes = shape_of(node.inputs[0])
    return [sized(Reshape, sizes)(g, *unknown_lengths(sizes)), *_none(node, 1)]


@PULLBACKS.register(Transpose)
def _transpose(node: Apply, g: Variable) -> Contributions:
    axes = node.op.axes
    return [Transpose(tuple(axes.index(axis) for axis in range(len(axes))))(g)]


@PULLBACKS.register(Slice)
def _slice(node: Apply, g: Variable) -> Contributions:
    op, (x, *bounds) = node.op, node.inputs
    return [SetSlice(op.starts, op.lengths, op.steps)(zeros_like(x), g, *bounds), *_none(node, 1)]


@PULLBACKS.register(SetSlice)
def _set_slice(node: Apply, g: Variable) -> Contributions:
    op, (_, y, *bounds) = node.op, node.inputs
    return [
        lambda: SetSlice(op.starts, op.lengths, op.steps)(g, zeros_like(y), *bounds),
        lambda: Slice(op.starts, op.lengths, op.steps)(g, *bounds),
        *_none(node, 2),
    ]


@PULLBACKS.register(Pad)
def _pad(node: Apply, g: Variable) -> Contributions:
    x, _, *widths = node.inputs
    rank = x.ndim
    before = unknown_inputs((*node.op.before, *node.op.after), tuple(widths))[:rank]
    window = (before, shape_of(x), (1,) * rank)
    bounds = unknown_lengths((*window[0], *window[1]))

    def outside() -> Variable:
        return Reduce(add, tuple(range(rank)))(sized(SetSlice, *window)(g, zeros_like(x), *bounds))

    return [lambda: sized(Slice, *window)(g, *bounds), outside, *_none(node, 2)]


@PULLBACKS.register(Concatenate)
def _concatenate(node: Apply, g: Variable) -> Contributions:
    axis = node.op.axis
    start: Size = 0
    pieces = []
    for x in node.inputs:
        pieces.append(_piece(g, axis, start, shape_of(x)))
        start = size_add(start, shape_of(x)[axis])
    return pieces


def _piece(g: Variable, axis: int, start: Size, lengths: Sizes) -> Variable:
    starts = tuple(start if k == axis else 0 for k in range(g.ndim))
    op = sized(Slice, starts, lengths, (1,) * g.ndim)
    return op(g, *unknown_lengths((*starts, *lengths)))


@PULLBACKS.register(Diagonal)
def _diagonal(node: Apply, g: Variable) -> Contributions:
    op, (x,) = node.op, node.inputs
    steps = iota(shape_of(g)[-1])
    rows, columns = steps + max(-op.offset, 0), steps + max(op.offset, 0)
    last_first = Transpose((g.ndim - 1, *range(g.ndim - 1)))(g)
    if op.axis1 < op.axis2:
        places: Sequence[tuple[int, Variable]] = [(op.axis1, rows), (op.axis2, columns)]
    else:
        places = [(op.axis2, columns), (op.axis1, rows)]
    axes, indices = zip(*places, strict=True)
    return [Scatter(axes, None)(zeros_like(x), last_first, *indices)]


def _none(node: Apply, count: int) -> list[None]:
    """No contribution to the inputs from number `count` on: the sizes."""
    return [None] * (len(node.inputs) - count)
