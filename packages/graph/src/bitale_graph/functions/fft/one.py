"""Fourier transforms along one axis."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import COMPLEX, FLOATS, complex_dtype, real_dtype
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.arguments import as_integer, axis_of, static_lengths, unknown_lengths
from bitale_graph.functions.extension import strip
from bitale_graph.functions.movement import moveaxis
from bitale_graph.functions.padding import pad
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_divide, size_minimum, size_multiply, size_subtract
from bitale_graph.variable import Variable

# By which power of the number of points transforms are divided: forward ones, and inverse ones.
POWERS: dict[str | None, tuple[float, float]] = {
    None: (0, 1), "backward": (0, 1), "ortho": (0.5, 0.5), "forward": (1, 0),
}  # fmt: skip
OPPOSITE = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def fft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The Fourier transform along `axis`: element k is the sum of a[j] exp(-2 pi i j k / n).

    Of `n` points (an int or a scalar variable), to which the axis is cropped or padded with zeros; of all when None.
    `norm` says what is divided by n: "backward" (or None) the inverse transform, "forward" this one, "ortho" both by
    its square root. float16, bfloat16, float32 and complex64 give complex64, other dtypes complex128.

    Raises ShapeError for less than one point (when the function runs, where n is not known), ArgumentError for another
    norm or an axis that a does not have.
    """
    return _complex("fft", Fft(), a, n, axis, norm)


def ifft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The inverse of `fft`: element j is the sum of a[k] exp(2 pi i j k / n), over n. Arguments as those of `fft`."""
    return _complex("ifft", Fft(inverse=True), a, n, axis, norm)


def rfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The first n // 2 + 1 elements of `fft` of real numbers; the others are their conjugates, backwards.

    Arguments as those of `fft`. Raises DtypeError for complex numbers, too.
    """
    x, axis = _operand("rfft", a, axis)
    if x.dtype in COMPLEX:
        raise DtypeError(explain(f"rfft: real numbers are wanted, not {x.dtype}", [x], "Use fft."))
    points = _points("rfft", shape_of(x)[axis] if n is None else n, x)
    x = moveaxis(cast(x, real_dtype(complex_dtype(x.dtype))), axis, -1)
    result = apply(Rfft(), _resized(x, points))
    return moveaxis(_normalised("rfft", result, points, norm, 0), -1, axis)


def irfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The inverse of `rfft`: `n` real numbers, of the first n // 2 + 1 elements of their transform.

    None stands for 2 (m - 1), where a has m elements. Whether n was odd cannot be seen from a: give it. Arguments as
    those of `fft`; the results of complex64 are float32, of float16 float16, of bfloat16 bfloat16.
    """
    x, axis = _operand("irfft", a, axis)
    dtype = x.dtype if x.dtype in FLOATS else real_dtype(complex_dtype(x.dtype))
    points = _points("irfft", size_multiply(2, size_subtract(shape_of(x)[axis], 1)) if n is None else n, x)
    x = moveaxis(cast(x, complex_dtype(x.dtype)), axis, -1)
    x = x if n is None else _resized(x, half_length(points))
    result = apply(Irfft(*static_lengths((points,))), x, *unknown_lengths((points,)))
    return moveaxis(cast(_normalised("irfft", result, points, norm, 1), dtype), -1, axis)


def hfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The transform, which is real, of numbers that are the conjugates of themselves backwards: a has the first
    n // 2 + 1 of these. Arguments as those of `irfft`."""
    _powers("hfft", norm)
    return irfft(row.conjugate(as_variable(a)), n, axis, OPPOSITE[norm])


def ihfft(a: Any, n: Any = None, axis: int = -1, norm: str | None = None) -> Variable:
    """The inverse of `hfft`: the first n // 2 + 1 elements. Arguments as those of `rfft`."""
    _powers("ihfft", norm)
    return row.conjugate(rfft(a, n, axis, OPPOSITE[norm]))


def half_length(n: Size) -> Size:
    """n // 2 + 1."""
    return size_add(size_divide(n, 2), 1)


def _complex(what: str, op: Fft, a: Any, n: Any, axis: int, norm: str | None) -> Variable:
    x, axis = _operand(what, a, axis)
    points = _points(what, shape_of(x)[axis] if n is None else n, x)
    x = cast(_resized(moveaxis(x, axis, -1), points), complex_dtype(x.dtype))
    result = apply(op, x)
    return moveaxis(_normalised(what, result, points, norm, int(op.inverse)), -1, axis)


def _operand(what: str, a: Any, axis: int) -> tuple[Variable, int]:
    x = as_variable(a)
    if not x.ndim:
        raise ShapeError(explain(f"{what}: a scalar has no axis to transform", [x]))
    return x, axis_of(what, axis, x)


def _points(what: str, n: Any, x: Variable) -> Size:
    points = as_integer(what, n)
    if isinstance(points, int) and points < 1:
        raise ShapeError(explain(f"{what}: the number of points must be at least 1, not {points}", [x]))
    return points


def _resized(x: Variable, n: Size) -> Variable:
    """x with the first n elements along its last axis; zeros where there are fewer."""
    length = shape_of(x)[-1]
    if same_size(n, length):
        return x
    kept = size_minimum(n, length)
    beside = [(0, 0)] * (x.ndim - 1)
    return pad(strip(x, x.ndim - 1, 0, kept), [*beside, (0, size_subtract(n, kept))])


def _powers(what: str, norm: str | None) -> tuple[float, float]:
    if norm not in POWERS:
        raise ArgumentError(f'{what}: norm must be "backward", "ortho" or "forward", not {norm!r}')
    return POWERS[norm]


def _normalised(what: str, x: Variable, n: Size, norm: str | None, direction: int) -> Variable:
    power = _powers(what, norm)[direction]
    if not power:
        return x
    if isinstance(n, int):
        return x * float(n) ** -power
    count = cast(n, real_dtype(x.dtype))
    return x * row.reciprocal(row.sqrt(count) if power == 0.5 else count)
