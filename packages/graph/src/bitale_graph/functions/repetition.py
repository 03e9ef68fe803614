"""Arrays that repeat or wrap around: tile, repeat, roll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast, expand_rank
from bitale_graph.functions.arguments import apply_sized, as_integers, as_size, as_sizes, axis_of
from bitale_graph.functions.broadcasting import broadcast_to, specify_shape
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims, moveaxis, squeeze
from bitale_graph.functions.reshaping import join_dims, ravel, reshape
from bitale_graph.functions.slicing import Bound, basic_slice, slice_axis
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import add, greater_equal, logical_and
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_maximum, size_multiply, size_remainder, size_subtract
from bitale_graph.variable import Constant, Variable


def tile(x: Any, reps: Any) -> Variable:
    """x repeated as a whole `reps[k]` times along axis k; missing numbers count as 1, surplus ones as new axes."""
    x, counts = as_variable(x), as_sizes("tile", reps)
    rank = max(x.ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    x = expand_rank(x, rank)
    sizes = shape_of(x)
    repeated = [axis for axis, count in enumerate(counts) if not (isinstance(count, int) and count == 1)]
    if not repeated:
        return x
    spread = expand_dims(x, [axis + k for k, axis in enumerate(repeated)])
    wanted: list[Size] = []
    for axis, n in enumerate(sizes):
        wanted.extend([counts[axis], n] if axis in repeated else [n])
    stretched = apply_sized(Broadcast, spread, tuple(wanted))
    return reshape(stretched, tuple(size_multiply(n, count) for n, count in zip(sizes, counts, strict=True)))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Variable:
    """Each element along `axis` repeated; None repeats those of the flattened array.

    `repeats` is one number, or a vector with a number per element. Raises DtypeError for numbers that are no
    integers, ShapeError for negative ones or for a vector of another length.
    """
    x = as_variable(x)
    if axis is None or x.ndim == 0:
        x, axis = ravel(x), 0 if axis is None else axis
    axis = axis_of("repeat", axis, x)
    counts = as_variable(repeats)
    if counts.dtype not in INTEGERS or counts.ndim > 1:
        raise DtypeError(explain(f"repeat: an integer or a vector of integers is wanted, not {counts.type}", [counts]))
    if counts.type.shape == (1,):
        counts = Constant(counts.data.reshape(())) if isinstance(counts, Constant) else squeeze(counts)
    if counts.ndim == 0:
        return _repeat_evenly(x, as_size("repeat", counts), axis)
    x = specify_shape(x, [n if k != axis else counts.type.shape[0] for k, n in enumerate(x.type.shape)])
    indices = _known_indices(counts.data) if isinstance(counts, Constant) else _indices(x, counts, axis)
    return moveaxis(Gather((axis,))(x, indices), 0, axis)


def _repeat_evenly(x: Variable, count: Size, axis: int) -> Variable:
    sizes = shape_of(x)
    spread = expand_dims(x, axis + 1)
    stretched = apply_sized(Broadcast, spread, (*sizes[: axis + 1], count, *sizes[axis + 1 :]))
    return join_dims(stretched, axis, axis + 2)


def _known_indices(counts: np.ndarray) -> Variable:
    """The index of the element that each place of the result reads: 0 0 2 for counts 2 0 1."""
    if np.any(counts < 0):
        raise ShapeError(f"repeat: a count is negative in {counts}")
    return Constant(np.repeat(np.arange(len(counts)), counts))


def _indices(x: Variable, counts: Variable, axis: int) -> Variable:
    counts = broadcast_to(cast(counts, "int64"), (shape_of(x)[axis],))
    ends = Cumulate(add, 0)(counts)
    fine = Reduce(logical_and, (0,))(greater_equal(counts, 0))
    total = Check("repeat: a count is negative")(Reduce(add, (0,))(counts), fine)
    # A place reads the element after the one it follows where that one ends: count the ends up to each place.
    none = broadcast_to(0, (size_add(total, 1),))
    marks = Scatter((0,), add)(none, broadcast_to(1, shape_of(ends)), ends)
    return slice_axis(Cumulate(add, 0)(marks), 0, None, total)


def roll(x: Any, shift: Any, axis: int | Sequence[int] | None = None) -> Variable:
    """Elements moved by `shift` along `axis`; those that leave the end come in at the start.

    None rolls the flattened array. Several axes take one shift each, or one for all.
    """
    x = as_variable(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), shape_of(x))
    shifts = as_integers("roll", shift)
    axes = tuple(axis_of("roll", each, x) for each in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ArgumentError(explain(f"roll: {len(shifts)} shifts for {len(axes)} axes", [x]))
    count = max(len(shifts), len(axes))
    shifts, axes = shifts * (count // len(shifts)), axes * (count // len(axes))
    for each, by in zip(axes, shifts, strict=True):
        x = _roll_axis(x, by, each)
    return x


def _roll_axis(x: Variable, shift: Size, axis: int) -> Variable:
    bounds: list[Bound] = [(0, n, 1) for n in shape_of(x)]
    n = shape_of(x)[axis]
    wrapped = size_remainder(shift, size_maximum(n, 1))
    if isinstance(wrapped, int) and wrapped == 0:
        return x
    kept = size_subtract(n, wrapped)
    first, second = list(bounds), list(bounds)
    first[axis], second[axis] = (kept, wrapped, 1), (0, kept, 1)
    return concatenate([basic_slice(x, first), basic_slice(x, second)], axis)
