"""An axis as users name it: an integer, negative when it counts from the end."""

from __future__ import annotations

from operator import index
from typing import Any

from bitale_graph.errors import ArgumentError


def normalize_axis(axis: Any, ndim: int, what: str) -> int:
    """`axis` counted from the front. Raises ArgumentError when an array of `ndim` axes has no such axis."""
    try:
        number = index(axis)
    except TypeError:
        raise ArgumentError(f"{what}: an axis must be an integer, not {axis!r}") from None
    if not -ndim <= number < ndim:
        raise ArgumentError(f"{what}: axis {number} does not exist in an array of {ndim} axes")
    return number % ndim
