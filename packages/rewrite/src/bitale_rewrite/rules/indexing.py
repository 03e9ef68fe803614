"""Reads of what was just written, writes that change nothing, and writes into zeros that are only added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph.ops.elementwise import add, multiply, negative, subtract, true_divide
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast, Iota, SetSlice, Slice, Transpose
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_variable
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.constants import finite_factor, is_value, same, uniform
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import bounds_of, source
from bitale_rewrite.samples import array
from bitale_rewrite.sizes import broadcast_to, same_lengths


def _bounds(node: Apply) -> list[Size]:
    """Starts, lengths and steps of a Slice or SetSlice."""
    first = 2 if isinstance(node.op, SetSlice) else 1
    return [n for part in bounds_of(node.op, node.inputs[first:]) for n in part]


def _same_place(a: Apply, b: Apply) -> bool:
    return all(map(same_size, _bounds(a), _bounds(b)))


PART = ((1,), (2,), (1,))


def _slices() -> Iterator[Variable]:
    x, y, z = array(5, name="x"), array(2, name="y"), array(2, name="z")
    yield Slice(*PART)(SetSlice(*PART)(x, y))
    yield SetSlice(*PART)(SetSlice(*PART)(x, y), z)
    yield SetSlice(*PART)(x, Slice(*PART)(x))
    yield SetSlice((0,), (5,), (1,))(x, array(5, name="y"))


@rewrites(Slice, SetSlice, name="slices read and written", samples=_slices)
def slices(node: Apply) -> Replacement:
    """x[s].set(y)[s] -> y, x[s].set(y)[s].set(z) -> x[s].set(z), x[s].set(x[s]) -> x, x[:].set(y) -> y."""
    x = node.inputs[0]
    written = source(x, SetSlice)
    if isinstance(node.op, Slice):
        if written is None or not _same_place(node, written) or not same_lengths(written.inputs[1], node.outputs[0]):
            return None
        return broadcast_to(written.inputs[1], shape_of(node.outputs[0]))
    y = node.inputs[1]
    if written is not None and _same_place(node, written):
        return node.op(written.inputs[0], *node.inputs[1:])
    read = source(y, Slice)
    if read is not None and read.inputs[0] is x and _same_place(node, read):
        return x
    starts, lengths, steps = bounds_of(node.op, node.inputs[2:])
    whole = all(n == 0 for n in starts) and all(n == 1 for n in steps)
    if whole and all(map(same_size, lengths, shape_of(x))) and same_lengths(y, x):
        return broadcast_to(y, shape_of(x))
    return None


def _same_indices(a: Apply, b: Apply, skip: tuple[int, int]) -> bool:
    mine, theirs = a.inputs[skip[0] :], b.inputs[skip[1] :]
    return a.op.axes == b.op.axes and len(mine) == len(theirs) and all(map(same, mine, theirs))


def _scatters() -> Iterator[Variable]:
    x, y, i = array(5, 3, name="x"), array(4, 3, name="y"), array(4, dtype="int64", name="i")
    once = Scatter((0,), None)(x, y, i)
    yield Scatter((0,), None)(once, array(4, 3, name="z"), i)


@rewrites(Scatter, name="write over a write", having=(Scatter,), samples=_scatters)
def write_twice(node: Apply) -> Replacement:
    """x[i].set(y)[i].set(z) -> x[i].set(z)."""
    inner = source(node.inputs[0], Scatter)
    if inner is None or node.op.function is not None or inner.op.function is not None:
        return None
    return node.op(inner.inputs[0], *node.inputs[1:]) if _same_indices(node, inner, (2, 2)) else None


def _additions() -> Iterator[Variable]:
    zeros, y, i = Constant(np.zeros((5, 3))), array(4, 3, name="y"), array(4, dtype="int64", name="i")
    x, written = array(5, 3, name="x"), Scatter((0,), add)(zeros, y, i)
    yield from (x + written, written + x, x - written)


@rewrites(add, subtract, name="add at indices", preserves="reals", having=(Scatter,), alone=True, samples=_additions)
def add_at(node: Apply) -> Replacement:
    """x + zeros[i].add(y) -> x[i].add(y): no array of zeros is made, and only the rows in i are touched."""
    pairs = [node.inputs] if node.op.function is subtract else [node.inputs, node.inputs[::-1]]
    for x, written in pairs:
        inner = _into_zeros(written)
        if inner is not None and same_lengths(x, written) and x.type.shape == written.type.shape:
            updates = -inner.inputs[1] if node.op.function is subtract else inner.inputs[1]
            return inner.op(x, updates, *inner.inputs[2:])
    return None


def _into_zeros(x: Variable) -> Apply | None:
    inner = source(x, Scatter)
    if inner is None or inner.op.function is not add:
        return None
    stretched = source(inner.inputs[0], Broadcast)  # zeros of unknown lengths
    zero = uniform(inner.inputs[0] if stretched is None else stretched.inputs[0])
    return inner if zero is not None and is_value(zero, 0) else None


def _scaled() -> Iterator[Variable]:
    zeros, y, i = Constant(np.zeros((5, 3))), array(4, 3, name="y"), array(4, dtype="int64", name="i")
    written = Scatter((0,), add)(zeros, y, i)
    yield from (-written, written * 0.5, 0.5 * written, written / 4.0)


@rewrites(
    multiply,
    true_divide,
    negative,
    name="scale before adding at indices",
    preserves="reals",
    having=(Scatter,),
    alone=True,
    samples=_scaled,
)
def scale_updates(node: Apply) -> Replacement:
    """c * zeros[i].add(y) -> zeros[i].add(c * y) for a finite constant c."""
    for k, x in enumerate(node.inputs[: 1 if node.op.function is true_divide else 2]):
        inner = _into_zeros(x)
        factors = [c for c in (finite_factor(v) for v in node.inputs if v is not x) if c is not None]
        if inner is not None and len(factors) == len(node.inputs) - 1:
            scaled = [inner.inputs[1] if i == k else factors[0] for i in range(len(node.inputs))]
            return inner.op(inner.inputs[0], node.op(*scaled), *inner.inputs[2:])
    return None


def _everything() -> Iterator[Variable]:
    yield Gather((0,))(array(5, 3), Apply(Iota(5), ()).outputs[0])
    x = array(3, None)
    yield Gather((1,))(x, Iota(None)(size_variable(shape_of(x)[1])))


@rewrites(Gather, name="read everything", samples=_everything)
def read_everything(node: Apply) -> Replacement:
    """x[arange(len(x))] -> x."""
    x, *indices = node.inputs
    counted = source(indices[0], Iota) if len(indices) == 1 else None
    axis = node.op.axes[0]
    if counted is None or not same_size(shape_of(indices[0])[0], shape_of(x)[axis]):
        return None
    order = (axis, *(k for k in range(x.ndim) if k != axis))
    return Transpose(order)(x)


INDEXING: tuple[Rule, ...] = (slices, write_twice, add_at, scale_updates, read_everything)
