"""Arithmetic on sizes and indices: int64 values that fold as they are built."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import prod

from bitale_graph.dtypes import SIZE
from bitale_graph.ops.elementwise import FUNCTIONS, Function
from bitale_rewrite.loops.ir import Call, Literal, Name, Value

ADD, SUBTRACT, MULTIPLY = FUNCTIONS["add"], FUNCTIONS["subtract"], FUNCTIONS["multiply"]
MAXIMUM, MINIMUM = FUNCTIONS["maximum"], FUNCTIONS["minimum"]
EQUAL, LESS_EQUAL = FUNCTIONS["equal"], FUNCTIONS["less_equal"]

INDEX_NAMES = "ijklmn"
FOLD: dict[Function, Callable[[int, int], int]] = {
    ADD: operator.add,
    SUBTRACT: operator.sub,
    MULTIPLY: operator.mul,
    MAXIMUM: max,
    MINIMUM: min,
}


def integer(n: int) -> Literal:
    """A size or index that is known."""
    return Literal(int(n), SIZE)


ZERO, ONE = integer(0), integer(1)


def loop_index(depth: int) -> Name:
    """The index of the loop at `depth`; the same in every nest, so that nests can share loops."""
    return Name(INDEX_NAMES[depth] if depth < len(INDEX_NAMES) else f"i{depth}")


def add(a: Value, b: Value) -> Value:
    """a + b."""
    if a == ZERO:
        return b
    return a if b == ZERO else _fold(ADD, a, b)


def multiply(a: Value, b: Value) -> Value:
    """a * b."""
    if a == ONE:
        return b
    return a if b == ONE else _fold(MULTIPLY, a, b)


def _fold(function: Function, a: Value, b: Value) -> Value:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return integer(FOLD[function](a.number, b.number))
    return Call(function, (a, b), SIZE)


def product(values: tuple[Value, ...]) -> Value:
    """The product, literals folded into one factor."""
    known = prod(v.number for v in values if isinstance(v, Literal))
    result: Value = integer(known)
    for v in values:
        if not isinstance(v, Literal):
            result = multiply(result, v)
    return result


def size_call(function: Function, operands: tuple[Value, ...], dtype: str) -> Value:
    """`function` of scalars, folded when it is plain integer arithmetic on literals."""
    if dtype == SIZE and function in FOLD:
        a, b = operands
        if function is ADD:
            return add(a, b)
        if function is MULTIPLY:
            return multiply(a, b)
        if function is SUBTRACT and b == ZERO:
            return a
        return a if a == b and function in (MAXIMUM, MINIMUM) else _fold(function, a, b)
    return Call(function, operands, dtype)
