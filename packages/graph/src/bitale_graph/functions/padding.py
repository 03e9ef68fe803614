"""pad: surrounding an array with a constant, its own elements, ramps or statistics of its edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size, axis_of, static_lengths, unknown_lengths
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import moveaxis, squeeze
from bitale_graph.functions.ranges import expand_rank_right, iota, linspace
from bitale_graph.functions.slicing import basic_slice, flip
from bitale_graph.functions.statistics import mean
from bitale_graph.ops.elementwise import clip, less, remainder, rint, where
from bitale_graph.ops.indexing import Gather
from bitale_graph.ops.movement import Pad
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import (
    Size, Sizes, size_add, size_maximum, size_minimum, size_multiply, size_subtract, size_sum,
)
from bitale_graph.variable import Variable

Pair = tuple[Any, Any]
Widths = list[tuple[Size, Size]]


def pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Variable:
    """`array` with `pad_width` elements more at the start and the end of each axis, as numpy.pad.

    Widths: one number, (before, after), a pair per axis, or a dict from axes to either. They may be scalar variables.
    Modes and their options: constant (constant_values), empty (zeros), edge, wrap, reflect and symmetric
    (reflect_type="even" or "odd"), linear_ramp (end_values), maximum, minimum and mean (stat_length); values, too,
    may be one, a pair, or a pair per axis. Raises ArgumentError for an unknown mode or option.
    """
    x = as_variable(array)
    if mode not in MODES:
        raise ArgumentError(explain(f"pad: there is no mode {mode!r}; modes are {', '.join(MODES)}", [x]))
    known, surround = MODES[mode]
    if options.keys() - known:
        surplus = ", ".join(sorted(options.keys() - known))
        raise ArgumentError(explain(f"pad: mode {mode!r} does not take {surplus}", [x]))
    widths = [(as_size("pad", before), as_size("pad", after)) for before, after in _widths(x, pad_width)]
    if surround is not _constant:
        _refuse_empty_axes(x, widths, mode)
    return surround(x, widths, **options)


def _widths(x: Variable, pad_width: Any) -> list[Pair]:
    if not isinstance(pad_width, Mapping):
        return _pairs(x, pad_width, "pad_width")
    widths: list[Pair] = [(0, 0)] * x.ndim
    for axis, width in pad_width.items():
        widths[axis_of("pad", axis, x)] = tuple(width) if isinstance(width, (tuple, list)) else (width, width)
    return widths


def _pairs(x: Variable, value: Any, what: str) -> list[Pair]:
    """A pair per axis from one value, one pair, one row or pair per axis."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, (tuple, list)):
        return [(value, value)] * x.ndim
    rows = [tuple(row) if isinstance(row, (tuple, list)) else row for row in value]
    if len(rows) in (1, 2) and not any(isinstance(row, tuple) for row in rows):
        return [(rows[0], rows[-1])] * x.ndim
    if len(rows) not in (1, x.ndim) or any(not isinstance(row, tuple) or len(row) not in (1, 2) for row in rows):
        raise ArgumentError(explain(f"pad: {what} is one value, a pair, or a pair per axis, not {value}", [x]))
    return [(row[0], row[-1]) for row in rows] * (x.ndim // len(rows))


def _refuse_empty_axes(x: Variable, widths: Widths, mode: str) -> None:
    for axis, n in enumerate(x.type.shape):
        if n == 0 and not _is_zero(widths[axis]):
            raise ShapeError(explain(f"pad: mode {mode!r} has nothing to extend the empty axis {axis} with", [x]))


def _is_zero(pair: tuple[Size, Size]) -> bool:
    return all(isinstance(n, int) and n == 0 for n in pair)


def _constant(x: Variable, widths: Widths, constant_values: Any = 0) -> Variable:
    if not isinstance(constant_values, (tuple, list, np.ndarray)):
        return _filled(x, widths, constant_values)
    for axis, (before, after) in enumerate(_pairs(x, constant_values, "constant_values")):
        left, right = ([(0, 0)] * x.ndim for _ in range(2))
        left[axis], right[axis] = (widths[axis][0], 0), (0, widths[axis][1])
        x = _filled(_filled(x, left, before), right, after)
    return x


def _filled(x: Variable, widths: Widths, value: Any) -> Variable:
    if all(map(_is_zero, widths)):
        return x
    before, after = (tuple(side) for side in zip(*widths, strict=True))
    op = Pad(static_lengths(before), static_lengths(after))
    return op(x, cast(value, x.dtype), *unknown_lengths((*before, *after)))


def _empty(x: Variable, widths: Widths) -> Variable:
    return _constant(x, widths)


# Which element stands at place j of an axis of n elements that goes on for ever in both directions.
Extension = Callable[[Variable, Size], Variable]


def _edge(j: Variable, n: Size) -> Variable:
    return clip(j, 0, size_subtract(n, 1))


def _wrap(j: Variable, n: Size) -> Variable:
    return remainder(j, n)


def _reflect(j: Variable, n: Size) -> Variable:
    place = remainder(j, _period(n, 1))
    return where(less(place, n), place, size_multiply(2, size_subtract(n, 1)) - place)


def _symmetric(j: Variable, n: Size) -> Variable:
    place = remainder(j, _period(n, 0))
    return where(less(place, n), place, size_subtract(size_multiply(2, n), 1) - place)


def _period(n: Size, shared: int) -> Size:
    """The length after which reflections repeat; `shared` edges belong to both directions."""
    return size_maximum(size_multiply(2, size_subtract(n, shared)), 1)


def _extended(extension: Extension) -> Callable[..., Variable]:
    def surround(x: Variable, widths: Widths) -> Variable:
        for axis in range(x.ndim):
            if not _is_zero(widths[axis]):
                x = _taken(x, extension(_places(x, widths, axis), shape_of(x)[axis]), axis)
        return x

    return surround


def _places(x: Variable, widths: Widths, axis: int) -> Variable:
    """-before, ..., -1, 0, ..., n - 1, n, ..., n + after - 1."""
    before, after = widths[axis]
    return iota(size_sum((before, shape_of(x)[axis], after))) - before


def _taken(x: Variable, places: Variable, axis: int) -> Variable:
    return moveaxis(Gather((axis,))(x, places), 0, axis)


def _mirrored(extension: Extension, shared: int) -> Callable[..., Variable]:
    """Reflection: "even" repeats the elements, "odd" turns them about the edge (2 * edge - element)."""
    even = _extended(extension)

    def surround(x: Variable, widths: Widths, reflect_type: str = "even") -> Variable:
        if reflect_type == "even":
            return even(x, widths)
        if reflect_type != "odd":
            raise ArgumentError(f'pad: reflect_type must be "even" or "odd", not {reflect_type!r}')
        for axis in range(x.ndim):
            if not _is_zero(widths[axis]):
                x = _turned(x, widths, axis, extension, shared)
        return x

    return surround


def _turned(x: Variable, widths: Widths, axis: int, extension: Extension, shared: int) -> Variable:
    n, j = shape_of(x)[axis], _places(x, widths, axis)
    elements = _taken(x, extension(j, n), axis)
    first, last = _strip(x, axis, 0, 1), _strip(x, axis, size_subtract(n, 1), 1)
    period = _period(n, shared)
    turned = expand_rank_right(less(remainder(j, period), n), x.ndim - axis)
    rounds = cast(expand_rank_right(j // period, x.ndim - axis), x.dtype)  # each adds the rise from edge to edge twice
    return where(turned, elements, 2 * last - elements) + 2 * rounds * (last - first)


def _strip(x: Variable, axis: int, start: Size, count: Size) -> Variable:
    bounds: list[Any] = [(0, n, 1) for n in shape_of(x)]
    bounds[axis] = (start, count, 1)
    return basic_slice(x, bounds)


Sides = Callable[[Variable, int, "tuple[Size, Size]", Pair], "tuple[Variable, Variable]"]


def _sided(sides: Sides, option: str, default: Any) -> Callable[..., Variable]:
    """Axis after axis, put what `sides` gives for an axis, its widths and its pair of options before and after x."""

    def surround(x: Variable, widths: Widths, **options: Any) -> Variable:
        for axis, pair in enumerate(_pairs(x, options.get(option, default), option)):
            if not _is_zero(widths[axis]):
                before, after = sides(x, axis, widths[axis], pair)
                x = concatenate([before, x, after], axis)
        return x

    return surround


def _ramps(x: Variable, axis: int, widths: tuple[Size, Size], ends: Pair) -> tuple[Variable, Variable]:
    edges = [_strip(x, axis, start, 1) for start in (0, size_subtract(shape_of(x)[axis], 1))]
    before, after = (
        linspace(end, squeeze(edge, axis), width, endpoint=False, dtype=x.dtype, axis=axis)
        for end, edge, width in zip(ends, edges, widths, strict=True)
    )
    return before, flip(after, axis)


def _statistics(statistic: Callable[..., Variable]) -> Sides:
    def sides(x: Variable, axis: int, widths: tuple[Size, Size], lengths: Pair) -> tuple[Variable, Variable]:
        n = shape_of(x)[axis]
        before, after = (n if m is None else size_minimum(as_size("pad", m), n) for m in lengths)
        strips = _strip(x, axis, 0, before), _strip(x, axis, size_subtract(n, after), after)
        values = [_rounded(statistic(strip, axis=axis, keepdims=True), x.dtype) for strip in strips]
        return tuple(broadcast_to(v, _with(shape_of(x), axis, n)) for v, n in zip(values, widths, strict=True))

    return sides


def _rounded(x: Variable, dtype: str) -> Variable:
    return cast(rint(x) if dtype in INTEGERS and x.dtype not in INTEGERS else x, dtype)


def _with(sizes: Sizes, axis: int, n: Size) -> Sizes:
    return (*sizes[:axis], n, *sizes[axis + 1 :])


# Each mode: the options it takes, and what it does to (x, widths).
MODES: dict[str, tuple[set[str], Callable[..., Variable]]] = {
    "constant": ({"constant_values"}, _constant),
    "empty": (set(), _empty),
    "edge": (set(), _extended(_edge)),
    "wrap": (set(), _extended(_wrap)),
    "reflect": ({"reflect_type"}, _mirrored(_reflect, 1)),
    "symmetric": ({"reflect_type"}, _mirrored(_symmetric, 0)),
    "linear_ramp": ({"end_values"}, _sided(_ramps, "end_values", 0)),
    "maximum": ({"stat_length"}, _sided(_statistics(reduction.max), "stat_length", None)),
    "minimum": ({"stat_length"}, _sided(_statistics(reduction.min), "stat_length", None)),
    "mean": ({"stat_length"}, _sided(_statistics(mean), "stat_length", None)),
}
