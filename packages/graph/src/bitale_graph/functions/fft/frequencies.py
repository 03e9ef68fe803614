"""The frequencies that elements of a transform belong to, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size, axes_of
from bitale_graph.functions.fft.one import half_length
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.repetition import roll
from bitale_graph.ops.elementwise import negative
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_divide, size_subtract, size_variable
from bitale_graph.variable import Variable


def fftfreq(n: Any, d: Any = 1.0) -> Variable:
    """The frequencies of the elements of `fft` of n points, `d` apart, in float64: 0, 1, ..., -2, -1, over n d."""
    count = as_size("fftfreq", n)
    below = size_divide(count, 2)
    numbers = concatenate([iota(size_subtract(count, below)), iota(below) - below])
    return _over(numbers, count, d)


def rfftfreq(n: Any, d: Any = 1.0) -> Variable:
    """The frequencies of the elements of `rfft` of n points, `d` apart, in float64: 0, 1, ..., n // 2, over n d."""
    count = as_size("rfftfreq", n)
    return _over(iota(half_length(count)), count, d)


def fftshift(x: Any, axes: int | Sequence[int] | None = None) -> Variable:
    """x with the frequency 0, which is the first, in the middle of each of `axes` (all when None)."""
    return _shifted("fftshift", x, axes, lambda half: half)


def ifftshift(x: Any, axes: int | Sequence[int] | None = None) -> Variable:
    """The inverse of `fftshift`."""
    return _shifted("ifftshift", x, axes, lambda half: -half if isinstance(half, int) else negative(half))


def _over(numbers: Variable, n: Size, d: Any) -> Variable:
    return numbers * (1.0 / (cast(size_variable(n), "float64") * d))


def _shifted(what: str, x: Any, axes: int | Sequence[int] | None, shift: Any) -> Variable:
    x = as_variable(x)
    chosen = tuple(range(x.ndim)) if axes is None else axes_of(what, axes, x)
    return roll(x, tuple(shift(size_divide(shape_of(x)[axis], 2)) for axis in chosen), chosen) if chosen else x
