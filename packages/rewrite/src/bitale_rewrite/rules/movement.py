"""Movement that does nothing, movement after movement, and reshapes that only add or drop axes of length 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    ExpandDims,
    Pad,
    Reshape,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_multiply
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.samples import array
from bitale_rewrite.sizes import broadcast_to, reshape_to, slice_of, unpacked

ONES = tuple[int, ...]


def source(x: Variable, op: type[Op]) -> Apply | None:
    """The application of `op` that computes `x`, if one does."""
    return x.owner if x.owner is not None and type(x.owner.op) is op else None


def peeled(x: Variable, ops: tuple[type[Op], ...]) -> tuple[list[Apply], Variable]:
    """What `x` is before movement: the movement, outermost first, and the variable that it moves."""
    moves = []
    while x.owner is not None and type(x.owner.op) in ops:
        moves.append(x.owner)
        x = x.owner.inputs[0]
    return moves, x


def moved(x: Variable, moves: list[Apply]) -> Variable:
    """`x` after the same movement."""
    for node in reversed(moves):
        x = node.op(x, *node.inputs[1:])
    return x


# ---- transposes ----


def _transposes() -> Iterator[Variable]:
    x = array(2, None, 3)
    yield Transpose((0, 1, 2))(x)
    yield Transpose((1, 0, 2))(Transpose((2, 0, 1))(x))


@rewrites(Transpose, name="transpose of a transpose", samples=_transposes)
def merge_transposes(node: Apply) -> Replacement:
    """Two permutations are one; the identity is none."""
    (x,), axes = node.inputs, node.op.axes
    if axes == tuple(range(x.ndim)):
        return x
    inner = source(x, Transpose)
    return None if inner is None else Transpose(tuple(inner.op.axes[axis] for axis in axes))(inner.inputs[0])


# ---- axes of length 1 ----


def _axes_of_one() -> Iterator[Variable]:
    x = array(None, 1, 2, 1)
    yield ExpandDims(())(x)
    yield Squeeze(())(x)
    yield ExpandDims((0, 2))(ExpandDims((1,))(x))
    yield Squeeze((2,))(Squeeze((1,))(x))
    yield Squeeze((0, 2, 3))(ExpandDims((0, 3))(x))
    yield ExpandDims((1,))(Squeeze((1,))(x))


@rewrites(ExpandDims, Squeeze, name="axes of length 1 added and dropped", samples=_axes_of_one)
def merge_axes_of_one(node: Apply) -> Replacement:
    """A chain of ExpandDims and Squeeze is one of each at most; axes added and dropped again cancel."""
    x = node.inputs[0]
    if not node.op.axes:
        return x
    inner = x.owner
    if inner is None or type(inner.op) not in (ExpandDims, Squeeze):
        return None
    if type(node.op) is Squeeze:
        return _squeezed(node.op.axes, inner)
    if type(inner.op) is ExpandDims:
        return ExpandDims(_outer_axes(inner.op.axes, node.op.axes, node.outputs[0].ndim))(inner.inputs[0])
    return _restored(node, inner)


def _outer_axes(inner: ONES, outer: ONES, rank: int) -> ONES:
    """All added axes as positions in the last result."""
    kept = [axis for axis in range(rank) if axis not in outer]
    return tuple(sorted([*outer, *(kept[axis] for axis in inner)]))


def _squeezed(axes: ONES, inner: Apply) -> Variable:
    x = inner.inputs[0]
    if type(inner.op) is Squeeze:
        return Squeeze(_outer_axes(axes, inner.op.axes, x.ndim))(x)
    rank = inner.outputs[0].ndim
    kept = [axis for axis in range(rank) if axis not in inner.op.axes]  # position in x -> position before the squeeze
    dropped = tuple(position for position, axis in enumerate(kept) if axis in axes)
    left = [axis for axis in range(rank) if axis not in axes]
    added = tuple(position for position, axis in enumerate(left) if axis in inner.op.axes)
    result = Squeeze(dropped)(x) if dropped else x
    return ExpandDims(added)(result) if added else result


def _restored(node: Apply, inner: Apply) -> Replacement:
    """Squeeze, then ExpandDims to the same static shape: nothing happened."""
    x = inner.inputs[0]
    ones = all(x.type.shape[axis] == 1 for axis in inner.op.axes)
    sizes = [shape_of(v) for v in (x, node.outputs[0])]
    if ones and len(sizes[0]) == len(sizes[1]) and all(map(same_size, *sizes)):
        return x
    return None


# ---- broadcasts ----


def _broadcasts() -> Iterator[Variable]:
    x = array(1, 3)
    yield Broadcast((1, 3))(x)
    yield Broadcast((4, 3))(Broadcast((1, 3))(x))
    y = array(1, 1, None)
    sizes = shape_of(array(None, None))
    yield broadcast_to(broadcast_to(y, (1, 2, shape_of(y)[2])), (sizes[0], 2, shape_of(y)[2]))


@rewrites(Broadcast, name="broadcast of a broadcast", samples=_broadcasts)
def merge_broadcasts(node: Apply) -> Replacement:
    """Stretching to the length that is there does nothing; of two, the last one decides."""
    x, wanted = node.inputs[0], shape_of(node.outputs[0])
    if all(map(same_size, shape_of(x), unpacked(node.op.shape, node.inputs[1:]))):
        return x
    inner = source(x, Broadcast)
    if inner is None:
        return None
    between = shape_of(x)
    if all(x.type.shape[axis] == 1 or same_size(between[axis], n) for axis, n in enumerate(wanted)):
        return broadcast_to(inner.inputs[0], wanted)
    return None


# ---- reshapes ----


def _reshapes() -> Iterator[Variable]:
    x = array(2, None, 3)
    n = shape_of(x)[1]
    yield reshape_to(x, (2, n, 3))
    yield reshape_to(reshape_to(x, (n, 6)), (3, n, 2))
    yield reshape_to(x, (2, 1, n, 3))
    y = array(1, None, 1, 4)
    yield reshape_to(y, (shape_of(y)[1], 4))
    yield reshape_to(y, (shape_of(y)[1], 1, 1, 4))


@rewrites(Reshape, name="reshape of a reshape", samples=_reshapes)
def merge_reshapes(node: Apply) -> Replacement:
    """Of several reshapes the last one decides; one that only moves axes of length 1 is no reshape."""
    x, wanted = node.inputs[0], shape_of(node.outputs[0])
    inner = source(x, Reshape)
    if inner is not None:
        return reshape_to(inner.inputs[0], wanted)
    given = shape_of(x)
    old = [axis for axis, n in enumerate(given) if n != 1]
    new = [axis for axis, n in enumerate(wanted) if n != 1]
    if len(old) != len(new) or not all(same_size(given[a], wanted[b]) for a, b in zip(old, new)):
        return None
    if len(given) == len(wanted) and old == new:
        return x
    dropped = tuple(axis for axis in range(len(given)) if axis not in old)
    added = tuple(axis for axis in range(len(wanted)) if axis not in new)
    result = Squeeze(dropped)(x) if dropped else x
    return ExpandDims(added)(result) if added else result


# ---- slices ----


def _slices() -> Iterator[Variable]:
    x = array(None, 8)
    rows = shape_of(x)[0]
    yield slice_of(x, (0, 0), (rows, 8), (1, 1))
    yield slice_of(slice_of(x, (0, 1), (rows, 6), (1, 1)), (0, 5), (rows, 3), (1, -2))


@rewrites(Slice, name="slice of a slice", samples=_slices)
def merge_slices(node: Apply) -> Replacement:
    """A slice of everything is nothing; two slices are one."""
    x = node.inputs[0]
    starts, lengths, steps = bounds_of(node.op, node.inputs[1:])
    whole = all(map(same_size, lengths, shape_of(x)))
    if whole and all(n == 0 for n in starts) and all(n == 1 for n in steps):
        return x
    inner = source(x, Slice)
    if inner is None:
        return None
    first, _, stride = bounds_of(inner.op, inner.inputs[1:])
    begin = [size_add(a, size_multiply(b, s)) for a, b, s in zip(first, starts, stride)]
    return slice_of(inner.inputs[0], begin, lengths, [size_multiply(a, b) for a, b in zip(stride, steps)])


def bounds_of(op: Op, unknown: tuple[Variable, ...]) -> tuple[list[Size], list[Size], list[Size]]:
    """Starts, lengths and steps as numbers or variables."""
    rank = len(op.starts)
    bounds = unpacked((*op.starts, *op.lengths, *op.steps), unknown)
    return bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]


# ---- joining ----


def _joins() -> Iterator[Variable]:
    x, y, z = array(2, 3, name="x"), array(4, 3, name="y"), array(0, 3, name="z")
    yield Concatenate(0)(x)
    yield Concatenate(0)(x, Concatenate(0)(y, x), z)


@rewrites(Concatenate, name="concatenate of a concatenate", samples=_joins)
def merge_joins(node: Apply) -> Replacement:
    """One operand is the result; joins along the same axis are one; empty operands are left out."""
    axis = node.op.axis
    if len(node.inputs) == 1:
        return node.inputs[0]
    pieces: list[Variable] = []
    for x in node.inputs:
        inner = source(x, Concatenate)
        pieces.extend(inner.inputs if inner is not None and inner.op.axis == axis else [x])
    full = [x for x in pieces if x.type.shape[axis] != 0] or pieces[:1]
    if len(full) == len(node.inputs) and all(a is b for a, b in zip(full, node.inputs)):
        return None
    if len(full) < len(pieces) and not _fit(pieces, axis):
        return None
    return Concatenate(axis)(*full) if len(full) > 1 else full[0]


def _fit(pieces: Sequence[Variable], axis: int) -> bool:
    """Whether it is known that arrays can be joined. Otherwise leaving one out would leave out the check."""
    first, *others = ([n for k, n in enumerate(shape_of(x)) if k != axis] for x in pieces)
    return all(same_size(n, m) for other in others for n, m in zip(first, other, strict=True))


def _slices_of_joins() -> Iterator[Variable]:
    x, y = array(2, 3, name="x"), array(4, 3, name="y")
    yield slice_of(Concatenate(0)(x, y, x), (3, 0), (2, 3), (1, 1))
    yield slice_of(Concatenate(0)(x, y), (5, 2), (3, 2), (-1, -1))


@rewrites(Slice, name="slice of a concatenate", having=(Concatenate,), samples=_slices_of_joins)
def slice_join(node: Apply) -> Replacement:
    """A slice that lies in one operand is a slice of that operand."""
    inner = source(node.inputs[0], Concatenate)
    if inner is None or not _fit(inner.inputs, inner.op.axis):
        return None
    axis, (starts, lengths, steps) = inner.op.axis, bounds_of(node.op, node.inputs[1:])
    start, length, step = starts[axis], lengths[axis], steps[axis]
    if not all(isinstance(n, int) for n in (start, length, step)) or length == 0:
        return None
    low, high = sorted((start, start + (length - 1) * step))
    begin = 0
    for x in inner.inputs:
        n = x.type.shape[axis]
        if n is None:
            return None
        if begin <= low and high < begin + n:
            moved = [s - begin if k == axis else s for k, s in enumerate(starts)]
            return slice_of(x, moved, lengths, steps)
        begin += n
    return None


def _pads() -> Iterator[Variable]:
    yield Pad((0, 0), (0, 0))(array(2, None), array())


@rewrites(Pad, name="pad by nothing", samples=_pads)
def useless_pad(node: Apply) -> Replacement:
    """Padding with no elements does nothing."""
    return node.inputs[0] if not any((*node.op.before, *node.op.after)) and len(node.inputs) == 2 else None


MOVEMENT: tuple[Rule, ...] = (
    merge_transposes,
    merge_axes_of_one,
    merge_broadcasts,
    merge_reshapes,
    merge_slices,
    merge_joins,
    slice_join,
    useless_pad,
)
