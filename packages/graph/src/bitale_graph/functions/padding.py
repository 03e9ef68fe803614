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
from bitale_graph.functions.extension import (
    Widths,
    edge,
    extended,
    is_zero,
    mirrored,
    reflect,
    strip,
    symmetric,
    wrap,
)
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import squeeze
from bitale_graph.functions.ranges import spaced
from bitale_graph.functions.slicing import flip
from bitale_graph.functions.statistics import mean
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import less, rint
from bitale_graph.ops.movement import Pad
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_minimum, size_subtract
from bitale_graph.variable import Variable

Pair = tuple[Any, Any]


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
        if n == 0 and not is_zero(widths[axis]):
            raise ShapeError(explain(f"pad: mode {mode!r} has nothing to extend the empty axis {axis} with", [x]))


def _constant(x: Variable, widths: Widths, constant_values: Any = 0) -> Variable:
    if not isinstance(constant_values, (tuple, list, np.ndarray)):
        return _filled(x, widths, constant_values)
    for axis, (before, after) in enumerate(_pairs(x, constant_values, "constant_values")):
        nothing: Widths = [(0, 0)] * x.ndim
        left, right = (widths[axis][0], 0), (0, widths[axis][1])
        x = _filled(x, [*nothing[:axis], left, *nothing[axis + 1 :]], before)
        x = _filled(x, [*nothing[:axis], right, *nothing[axis + 1 :]], after)
    return x


def _filled(x: Variable, widths: Widths, value: Any) -> Variable:
    if all(map(is_zero, widths)):
        return x
    before, after = (tuple(side) for side in zip(*widths, strict=True))
    op = Pad(static_lengths(before), static_lengths(after))
    return op(x, cast(value, x.dtype), *unknown_lengths((*before, *after)))


def _empty(x: Variable, widths: Widths) -> Variable:
    return _constant(x, widths)


def _not_empty(x: Variable, axis: int) -> Variable:
    """x, if the axis has elements that what surrounds them can be made of."""
    n = shape_of(x)[axis]
    if isinstance(n, int):
        return x
    return Check(explain(f"pad: there is nothing to extend the empty axis {axis} with", [x]), ShapeError)(x, less(0, n))


Sides = Callable[[Variable, int, "tuple[Size, Size]", Pair], "tuple[Variable, Variable]"]


def _sided(sides: Sides, option: str, default: Any) -> Callable[..., Variable]:
    """Axis after axis, put what `sides` gives for an axis, its widths and its pair of options before and after x."""

    def surround(x: Variable, widths: Widths, **options: Any) -> Variable:
        for axis, pair in enumerate(_pairs(x, options.get(option, default), option)):
            if not is_zero(widths[axis]):
                x = _not_empty(x, axis)
                before, after = sides(x, axis, widths[axis], pair)
                x = concatenate([before, x, after], axis)
        return x

    return surround


def _ramps(x: Variable, axis: int, widths: tuple[Size, Size], ends: Pair) -> tuple[Variable, Variable]:
    edges = [strip(x, axis, start, 1) for start in (0, size_subtract(shape_of(x)[axis], 1))]
    before, after = (
        spaced(end, squeeze(edge, axis), width, endpoint=False, dtype=x.dtype, axis=axis)[0]
        for end, edge, width in zip(ends, edges, widths, strict=True)
    )
    return before, flip(after, axis)


def _statistics(statistic: Callable[..., Variable]) -> Sides:
    def sides(x: Variable, axis: int, widths: tuple[Size, Size], lengths: Pair) -> tuple[Variable, Variable]:
        n = shape_of(x)[axis]
        left, right = (n if m is None else size_minimum(as_size("pad", m), n) for m in lengths)

        def repeated(part: Variable, width: Size) -> Variable:
            value = _rounded(statistic(part, axis=axis, keepdims=True), x.dtype)
            return broadcast_to(value, (*shape_of(x)[:axis], width, *shape_of(x)[axis + 1 :]))

        before, after = strip(x, axis, 0, left), strip(x, axis, size_subtract(n, right), right)
        return repeated(before, widths[0]), repeated(after, widths[1])

    return sides


def _rounded(x: Variable, dtype: str) -> Variable:
    return cast(rint(x) if dtype in INTEGERS and x.dtype not in INTEGERS else x, dtype)


# Each mode: the options it takes, and what it does to (x, widths).
MODES: dict[str, tuple[set[str], Callable[..., Variable]]] = {
    "constant": ({"constant_values"}, _constant),
    "empty": (set(), _empty),
    "edge": (set(), extended(edge)),
    "wrap": (set(), extended(wrap)),
    "reflect": ({"reflect_type"}, mirrored(reflect, 1)),
    "symmetric": ({"reflect_type"}, mirrored(symmetric, 0)),
    "linear_ramp": ({"end_values"}, _sided(_ramps, "end_values", 0)),
    "maximum": ({"stat_length"}, _sided(_statistics(reduction.max), "stat_length", None)),
    "minimum": ({"stat_length"}, _sided(_statistics(reduction.min), "stat_length", None)),
    "mean": ({"stat_length"}, _sided(_statistics(mean), "stat_length", None)),
}
