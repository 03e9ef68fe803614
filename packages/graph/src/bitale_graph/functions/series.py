"""Functions of evenly spaced values: convolutions, differences, areas, polynomials."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import INEXACT
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import axis_of
from bitale_graph.functions.contraction import matvec
from bitale_graph.functions.creation import zeros_like
from bitale_graph.functions.indexing import take
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims
from bitale_graph.functions.padding import pad
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reshaping import ravel
from bitale_graph.functions.slicing import flip, slice_axis
from bitale_graph.ops import elementwise as row
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_divide, size_maximum, size_minimum, size_subtract
from bitale_graph.variable import Variable


def convolve(a: Any, v: Any, mode: str = "full") -> Variable:
    """The convolution of two vectors: element k is the sum of a[k - i] * v[i].

    `mode` "full" has every overlap (n + m - 1 elements), "same" the max(n, m) in the middle, "valid" those without a
    missing element. Raises ShapeError for what is no vector and ArgumentError for another mode.
    """
    a, v = _vector("convolve", a), _vector("convolve", v)
    n, m = shape_of(a)[0], shape_of(v)[0]
    shorter, longer = size_minimum(n, m), size_maximum(n, m)
    starts: dict[str, tuple[Size, Size]] = {
        "full": (0, size_subtract(size_add(n, m), 1)),
        "same": (size_divide(size_subtract(shorter, 1), 2), longer),
        "valid": (size_subtract(shorter, 1), size_add(size_subtract(longer, shorter), 1)),
    }
    if mode not in starts:
        raise ArgumentError(explain(f"convolve: the mode must be full, same or valid, not {mode!r}", [a, v]))
    start, length = starts[mode]
    overlap = size_subtract(m, 1)
    windows = expand_dims(iota(length) + start, 1) + expand_dims(iota(m), 0)
    return matvec(take(pad(a, ((overlap, overlap),)), windows), flip(v))


def correlate(a: Any, v: Any, mode: str = "valid") -> Variable:
    """The correlation of two vectors, convolve(a, conj(v) backwards).

    Raises ArgumentError where v is longer than a, unless `mode` is "full".
    """
    a, v = _vector("correlate", a), _vector("correlate", v)
    n, m = a.type.shape[0], v.type.shape[0]
    if mode != "full" and n is not None and m is not None and m > n:
        raise ArgumentError(explain("correlate: the second vector is longer", [a, v], 'Exchange them, or use "full".'))
    return convolve(a, flip(row.conjugate(v)), mode)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Variable:
    """The area under y along `axis` by the trapezoidal rule, at the places x (a vector, or like y) or `dx` apart."""
    y = as_variable(y)
    axis = axis_of("trapezoid", axis, y)
    width = dx
    if x is not None:
        x = as_variable(x)
        along = axis if x.ndim == y.ndim else 0
        width = slice_axis(x, along, 1) - slice_axis(x, along, None, -1)
        if x.ndim == 1 and y.ndim > 1:
            width = expand_dims(width, [each for each in range(y.ndim) if each != axis])
    return reduction.sum(width * (slice_axis(y, axis, 1) + slice_axis(y, axis, None, -1)) / 2.0, axis)


def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Variable:
    """The differences of neighbours in ravel(x), with the given values around them."""
    between = reduction.diff(ravel(x))
    sides = [None if side is None else cast(ravel(as_variable(side)), between.dtype) for side in (to_begin, to_end)]
    parts = [part for part in (sides[0], between, sides[1]) if part is not None]
    return concatenate(parts) if len(parts) > 1 else between


def nancumsum(x: Any, axis: int | None = None, dtype: object = None) -> Variable:
    """`cumsum` in which NaN counts as 0."""
    return reduction.cumsum(_without_nan(as_variable(x), 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: object = None) -> Variable:
    """`cumprod` in which NaN counts as 1."""
    return reduction.cumprod(_without_nan(as_variable(x), 1), axis, dtype)


def polyval(p: Any, x: Any) -> Variable:
    """The polynomial with the coefficients p (the highest power first; their number must be known) at x: Horner."""
    p, x = _vector("polyval", p), as_variable(x)
    count = p.type.shape[0]
    if count is None:
        raise ShapeError(explain("polyval: how many coefficients there are must be known", [p], "See specify_shape."))
    result = zeros_like(x)
    for k in range(count):
        result = result * x + p[k]
    return result


def _vector(what: str, value: Any) -> Variable:
    variable = as_variable(value)
    if variable.ndim != 1:
        raise ShapeError(explain(f"{what}: a vector is wanted, not {variable.type}", [variable]))
    return variable


def _without_nan(x: Variable, replacement: float) -> Variable:
    return row.where(row.isnan(x), replacement, x) if x.dtype in INEXACT else x
