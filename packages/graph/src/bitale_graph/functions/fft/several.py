"""Fourier transforms along several axes, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.arguments import as_integers, axis_of
from bitale_graph.functions.fft.one import fft, ifft, irfft, rfft
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size
from bitale_graph.variable import Variable

LAST_TWO = (-2, -1)


def fftn(a: Any, s: Any = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Variable:
    """The transform along several axes: `fft` along each of `axes` (None: all, or as many of the last as `s` has).

    `s` are the numbers of points, -1 for all there are. An axis that stands twice is transformed twice. Dtypes and
    `norm` as in `fft`; raises ArgumentError where `s` and `axes` differ in length, too.
    """
    return _each("fftn", fft, a, s, axes, norm)


def ifftn(a: Any, s: Any = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Variable:
    """The inverse of `fftn`."""
    return _each("ifftn", ifft, a, s, axes, norm)


def fft2(a: Any, s: Any = None, axes: Sequence[int] | None = LAST_TWO, norm: str | None = None) -> Variable:
    """`fftn` along two axes."""
    return _each("fft2", fft, a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Sequence[int] | None = LAST_TWO, norm: str | None = None) -> Variable:
    """The inverse of `fft2`."""
    return _each("ifft2", ifft, a, s, axes, norm)


def rfftn(a: Any, s: Any = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Variable:
    """Half of `fftn` of real numbers: `rfft` along the last of `axes`, then `fft` along the others."""
    return _real("rfftn", a, s, axes, norm)


def irfftn(a: Any, s: Any = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Variable:
    """The inverse of `rfftn`. Without `s` the last axis, of m elements, gives 2 (m - 1): give `s` if they are odd."""
    return _inverse_real("irfftn", a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Sequence[int] | None = LAST_TWO, norm: str | None = None) -> Variable:
    """`rfftn` along two axes."""
    return _real("rfft2", a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Sequence[int] | None = LAST_TWO, norm: str | None = None) -> Variable:
    """The inverse of `rfft2`."""
    return _inverse_real("irfft2", a, s, axes, norm)


Points = list[tuple[int, Size | None]]  # an axis and its number of points; None is what one transform takes by itself


def _each(
    what: str, transform: Callable[..., Variable], a: Any, s: Any, axes: Sequence[int] | None, norm: str | None
) -> Variable:
    """The last axis first, as in NumPy; an inverse the other way round: it begins where a transform has ended."""
    x = as_variable(a)
    points = _points(what, x, s, axes)
    if transform is fft or len({axis for axis, _ in points}) < len(points):
        points.reverse()
    for axis, n in points:
        x = transform(x, n, axis, norm)
    return x


def _real(what: str, a: Any, s: Any, axes: Sequence[int] | None, norm: str | None) -> Variable:
    x = as_variable(a)
    *others, (last, n) = _some(what, x, _points(what, x, s, axes))
    x = rfft(x, n, last, norm)
    for axis, n in reversed(others):
        x = fft(x, n, axis, norm)
    return x


def _inverse_real(what: str, a: Any, s: Any, axes: Sequence[int] | None, norm: str | None) -> Variable:
    x = as_variable(a)
    *others, (last, n) = _some(what, x, _points(what, x, s, axes))
    for axis, points in others:
        x = ifft(x, points, axis, norm)
    return irfft(x, n, last, norm)


def _points(what: str, x: Variable, s: Any, axes: Sequence[int] | None) -> Points:
    lengths = None if s is None else as_integers(what, s)
    if axes is None:
        axes = range(-(x.ndim if lengths is None else len(lengths)), 0)
    chosen = [axis_of(what, axis, x) for axis in axes]
    if lengths is None:
        return [(axis, None) for axis in chosen]
    if len(lengths) != len(chosen):
        raise ArgumentError(explain(f"{what}: {len(lengths)} numbers of points for {len(chosen)} axes", [x]))
    sizes = shape_of(x)
    whole = [sizes[axis] if isinstance(n, int) and n == -1 else n for n, axis in zip(lengths, chosen, strict=True)]
    return list(zip(chosen, whole, strict=True))


def _some(what: str, x: Variable, points: Points) -> Points:
    if not points:
        raise ArgumentError(explain(f"{what}: at least one axis is wanted", [x]))
    return points
