"""Slices: Python's clipping arithmetic on known and unknown lengths, and what is made of slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.errors import ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.arguments import as_integer, axes_of, axis_of, checked_step, static_lengths, unknown_lengths
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.movement import squeeze, swapaxes
from bitale_graph.ops.elementwise import less, sign
from bitale_graph.ops.movement import SetSlice, Slice
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import (
    Size,
    size_add,
    size_clip,
    size_divide,
    size_maximum,
    size_minimum,
    size_subtract,
    size_where,
)
from bitale_graph.variable import Variable

Bound = tuple[Size, Size, Size]  # start, count, step: the elements start + i * step for i below count


def slice_bounds(start: Any, stop: Any, step: Any, length: Size) -> Bound:
    """The elements that `start:stop:step` takes from an axis of `length`: (start, count, step).

    Exactly range(*slice(start, stop, step).indices(length)), also for integer scalar variables. Raises ArgumentError
    for a step of 0: now where it is known, else when the function runs.
    """
    low, high = (None if bound is None else as_integer("slice", bound) for bound in (start, stop))
    by = checked_step("slice", 1 if step is None else as_integer("slice", step))
    known = all(bound is None or isinstance(bound, int) for bound in (low, high))
    if known and isinstance(by, int) and isinstance(length, int):
        taken = range(length)[low:high:by]
        return taken.start, len(taken), by
    if isinstance(by, int) and by > 0 and (low is None or isinstance(low, int)):
        if low is None or low >= 0:
            return _forward(low or 0, high, by, length)
        if high is None:
            return size_maximum(size_add(length, low), 0), _count(size_minimum(-low, length), by), by
    return _general(low, high, by, length)


def _forward(low: int, high: Size | None, step: int, length: Size) -> Bound:
    """Bounds of low:high:step for low >= 0, step > 0. Equal slices such as 1:-1 and 2: (of one length) count alike."""
    if high is None or (isinstance(high, int) and high < 0):
        end = size_add(length, high or 0)
    else:
        end = size_minimum(high, length) if isinstance(high, int) else _clipped(high, 0, length, length)
    bounded = low == 0 and (high is None or not isinstance(high, int) or high >= 0)
    span = end if bounded else size_maximum(size_subtract(end, low), 0)
    return size_minimum(low, length), _count(span, step), step


def _general(low: Size | None, high: Size | None, step: Size, length: Size) -> Bound:
    forward = less(0, step) if isinstance(step, Variable) else step > 0
    last = size_subtract(length, 1)
    bottom, top = size_where(forward, 0, -1), size_where(forward, length, last)
    begin = size_where(forward, bottom, top) if low is None else _clipped(low, bottom, top, length)
    end = size_where(forward, top, bottom) if high is None else _clipped(high, bottom, top, length)
    towards = sign(step) if isinstance(step, Variable) else 1 if step > 0 else -1
    distance = size_add(size_subtract(end, begin), size_subtract(step, towards))
    count = size_divide(distance, step)
    return begin, count if low is None and high is None else size_maximum(count, 0), step


def _clipped(bound: Size, bottom: Size, top: Size, length: Size) -> Size:
    """A bound as Python reads it: a negative one counts from the end; then from `bottom` to `top`."""
    if isinstance(bound, int):
        if bound < 0:
            return size_maximum(size_add(length, bound), bottom)
        return size_minimum(bound, top)
    return size_clip(size_where(less(bound, 0), size_add(bound, length), bound), bottom, top)


def _count(span: Size, step: int) -> Size:
    return size_divide(size_add(span, step - 1), step)


def basic_slice(x: Variable, bounds: Sequence[Bound]) -> Variable:
    """The elements of x within one (start, count, step) per axis, which are in range already (see slice_bounds)."""
    if all(_is_whole(bound, n) for bound, n in zip(bounds, shape_of(x), strict=True)):
        return x
    starts, counts, steps = zip(*bounds, strict=True)
    op = Slice(static_lengths(starts), static_lengths(counts), static_lengths(steps))
    return apply(op, x, *unknown_lengths((*starts, *counts, *steps)))


def _is_whole(bound: Bound, length: Size) -> bool:
    start, count, step = bound
    return isinstance(start, int) and start == 0 and isinstance(step, int) and step == 1 and same_size(count, length)


def set_slice(x: Variable, y: Any, bounds: Sequence[Bound]) -> Variable:
    """x with the elements that basic_slice would take replaced by y, which is cast to x's dtype and stretched."""
    if not bounds:
        return cast(y, x.dtype)
    starts, counts, steps = zip(*bounds, strict=True)
    y = cast(y, x.dtype)
    if y.ndim > x.ndim:
        raise ShapeError(explain(f"set_slice: {y.ndim} axes cannot be written into {x.ndim}", [x, y]))
    op = SetSlice(static_lengths(starts), static_lengths(counts), static_lengths(steps))
    return apply(op, x, broadcast_to(y, counts), *unknown_lengths((*starts, *counts, *steps)))


def slice_axis(x: Any, axis: int, start: Any = None, stop: Any = None, step: Any = None) -> Variable:
    """x[..., start:stop:step, ...] along one axis."""
    x = as_variable(x)
    axis = axis_of("slice", axis, x)
    bounds: list[Bound] = [(0, n, 1) for n in shape_of(x)]
    bounds[axis] = slice_bounds(start, stop, step, shape_of(x)[axis])
    return basic_slice(x, bounds)


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Variable:
    """x with the order of the elements along `axis` (all axes when None) reversed."""
    x = as_variable(x)
    axes = tuple(range(x.ndim)) if axis is None else axes_of("flip", axis, x)
    bounds: list[Bound] = [
        (size_subtract(n, 1), n, -1) if axis in axes else (0, n, 1) for axis, n in enumerate(shape_of(x))
    ]
    return basic_slice(x, bounds)


def fliplr(x: Any) -> Variable:
    """x with its columns (axis 1) reversed."""
    return flip(x, 1)


def flipud(x: Any) -> Variable:
    """x with its rows (axis 0) reversed."""
    return flip(x, 0)


def rot90(x: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Variable:
    """x turned k times by 90 degrees in the plane of two axes, from the first towards the second."""
    x = as_variable(x)
    first, second = axes_of("rot90", axes, x)
    k %= 4
    if k == 2:
        return flip(x, (first, second))
    turned = flip(x, second) if k == 1 else x
    turned = swapaxes(turned, first, second) if k else turned
    return flip(turned, second) if k == 3 else turned


def unstack(x: Any, axis: int = 0) -> tuple[Variable, ...]:
    """The arrays that stand side by side along `axis`. Raises ShapeError where its length is not known."""
    x = as_variable(x)
    axis = axis_of("unstack", axis, x)
    n = x.type.shape[axis]
    if n is None:
        raise ShapeError(explain(f"unstack: the length of axis {axis} must be known", [x], "See specify_shape."))
    return tuple(squeeze(slice_axis(x, axis, i, i + 1), axis) for i in range(n))
