"""Diagonals of matrices in the last two axes, as those of numpy.linalg."""

from __future__ import annotations

from typing import Any

from bitale_graph.functions import diagonals
from bitale_graph.variable import Variable


def diagonal(x: Any, offset: int = 0) -> Variable:
    """The diagonals of matrices, in the last two axes of x."""
    return diagonals.diagonal(x, offset, -2, -1)


def trace(x: Any, offset: int = 0, dtype: object = None) -> Variable:
    """The sums of the diagonals of matrices, in the last two axes of x."""
    return diagonals.trace(x, offset, -2, -1, dtype)
