"""Arithmetic on sizes: a size is an int where it is known, else an int64 scalar variable; what is known folds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bitale_graph.ops.elementwise import clip, maximum, minimum, where
from bitale_graph.ops.movement import Dimension
from bitale_graph.variable import Constant, Variable

Size = int | Variable
Sizes = tuple[Size, ...]


def size_variable(size: Size) -> Variable:
    """A size as an int64 scalar variable."""
    return size if isinstance(size, Variable) else Constant(np.asarray(size, "int64"))


def size_value(size: Size) -> Size:
    """A size as an int if it is constant."""
    return int(size.data) if isinstance(size, Constant) else size


def is_length(size: Size) -> bool:
    """Whether `size` cannot be negative: an int that is not, or the length of an axis."""
    if isinstance(size, int):
        return size >= 0
    return size.owner is not None and isinstance(size.owner.op, Dimension)


def size_add(a: Size, b: Size) -> Size:
    """a + b."""
    if _is(a, 0):
        return b
    return a if _is(b, 0) else a + b


def size_subtract(a: Size, b: Size) -> Size:
    """a - b."""
    if a is b:
        return 0
    return size_add(a, -b) if isinstance(b, int) else a - b


def size_multiply(a: Size, b: Size) -> Size:
    """a * b."""
    if _is(a, 0) or _is(b, 0):
        return 0
    if _is(a, 1):
        return b
    return a if _is(b, 1) else a * b


def size_divide(a: Size, b: Size) -> Size:
    """a // b, rounded down; 0 for b = 0."""
    if _is(b, 1):
        return a
    return 0 if _is(b, 0) else a // b


def size_remainder(a: Size, b: Size) -> Size:
    """a % b with the sign of b; 0 for b = 0."""
    return 0 if _is(b, 1) or _is(b, 0) else a % b


def size_maximum(a: Size, b: Size) -> Size:
    """The larger one."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    if a is b or (_is(b, 0) and is_length(a)):
        return a
    return b if _is(a, 0) and is_length(b) else maximum(a, b)


def size_minimum(a: Size, b: Size) -> Size:
    """The smaller one."""
    if isinstance(a, int) and isinstance(b, int):
        return min(a, b)
    if a is b or (_is(a, 0) and is_length(b)):
        return a
    return b if _is(b, 0) and is_length(a) else minimum(a, b)


def size_clip(a: Size, low: Size, high: Size) -> Size:
    """a, but not below `low` and not above `high`, where low <= high."""
    if isinstance(a, int) or (isinstance(low, int) and isinstance(high, int) and low == high):
        return size_minimum(size_maximum(a, low), high)
    return clip(a, low, high)


def size_where(condition: bool | Variable, then: Size, otherwise: Size) -> Size:
    """`then` where the condition holds, else `otherwise`."""
    if isinstance(condition, Variable):
        return then if then is otherwise else where(condition, size_variable(then), size_variable(otherwise))
    return then if condition else otherwise


def size_sum(sizes: Iterable[Size]) -> Size:
    """The sum of the sizes."""
    total: Size = 0
    for n in sizes:
        total = size_add(total, n)
    return total


def size_product(sizes: Iterable[Size]) -> Size:
    """The number of elements of an array with these lengths; the known factor comes last."""
    known: int = 1
    result: Size = 1
    for n in sizes:
        if isinstance(n, int):
            known *= n
        else:
            result = size_multiply(result, n)
    return size_multiply(result, known)


def _is(size: Size, value: int) -> bool:
    return isinstance(size, int) and size == value
