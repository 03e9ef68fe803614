"""Extending an array beyond its ends by its own elements: edge, wrap, reflect and symmetric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.errors import ArgumentError
from bitale_graph.functions.apply import cast
from bitale_graph.functions.movement import moveaxis
from bitale_graph.functions.ranges import expand_rank_right, iota
from bitale_graph.functions.slicing import basic_slice
from bitale_graph.ops.elementwise import clip, less, remainder, where
from bitale_graph.ops.indexing import Gather
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_maximum, size_multiply, size_subtract, size_sum
from bitale_graph.variable import Variable

Widths = list[tuple[Size, Size]]  # per axis, how many elements come before and after

# Which element stands at place j of an axis of n elements that goes on for ever in both directions.
Extension = Callable[[Variable, Size], Variable]


def edge(j: Variable, n: Size) -> Variable:
    """The first or last element."""
    return clip(j, 0, size_subtract(n, 1))


def wrap(j: Variable, n: Size) -> Variable:
    """The elements over and over."""
    return remainder(j, n)


def reflect(j: Variable, n: Size) -> Variable:
    """Back and forth; the edges stand once."""
    place = remainder(j, _period(n, 1))
    return where(less(place, n), place, size_multiply(2, size_subtract(n, 1)) - place)


def symmetric(j: Variable, n: Size) -> Variable:
    """Back and forth; the edges stand twice."""
    place = remainder(j, _period(n, 0))
    return where(less(place, n), place, size_subtract(size_multiply(2, n), 1) - place)


def _period(n: Size, shared: int) -> Size:
    """The length after which reflections repeat; `shared` edges belong to both directions."""
    return size_maximum(size_multiply(2, size_subtract(n, shared)), 1)


def extended(extension: Extension) -> Callable[..., Variable]:
    """How a mode of pad reads the elements that `extension` names."""
    def surround(x: Variable, widths: Widths) -> Variable:
        for axis in range(x.ndim):
            if not is_zero(widths[axis]):
                x = _taken(x, extension(_places(x, widths, axis), shape_of(x)[axis]), axis)
        return x

    return surround


def _places(x: Variable, widths: Widths, axis: int) -> Variable:
    """-before, ..., -1, 0, ..., n - 1, n, ..., n + after - 1."""
    before, after = widths[axis]
    return iota(size_sum((before, shape_of(x)[axis], after))) - before


def _taken(x: Variable, places: Variable, axis: int) -> Variable:
    return moveaxis(Gather((axis,))(x, places), 0, axis)


def mirrored(extension: Extension, shared: int) -> Callable[..., Variable]:
    """Reflection: "even" repeats the elements, "odd" turns them about the edge (2 * edge - element)."""
    even = extended(extension)

    def surround(x: Variable, widths: Widths, reflect_type: str = "even") -> Variable:
        if reflect_type == "even":
            return even(x, widths)
        if reflect_type != "odd":
            raise ArgumentError(f'pad: reflect_type must be "even" or "odd", not {reflect_type!r}')
        for axis in range(x.ndim):
            if not is_zero(widths[axis]):
                x = _turned(x, widths, axis, extension, shared)
        return x

    return surround


def _turned(x: Variable, widths: Widths, axis: int, extension: Extension, shared: int) -> Variable:
    n, j = shape_of(x)[axis], _places(x, widths, axis)
    elements = _taken(x, extension(j, n), axis)
    first, last = strip(x, axis, 0, 1), strip(x, axis, size_subtract(n, 1), 1)
    period = _period(n, shared)
    turned = expand_rank_right(less(remainder(j, period), n), x.ndim - axis)
    rounds = cast(expand_rank_right(j // period, x.ndim - axis), x.dtype)  # each adds the rise from edge to edge twice
    return where(turned, elements, 2 * last - elements) + 2 * rounds * (last - first)


def strip(x: Variable, axis: int, start: Size, count: Size) -> Variable:
    """`count` elements along `axis` from `start` on."""
    bounds: list[Any] = [(0, n, 1) for n in shape_of(x)]
    bounds[axis] = (start, count, 1)
    return basic_slice(x, bounds)


def is_zero(pair: tuple[Size, Size]) -> bool:
    """Whether nothing is put before or after."""
    return all(isinstance(n, int) and n == 0 for n in pair)
