"""Arithmetic on sizes folds what is known, and equal expressions are seen to be equal."""

from __future__ import annotations

from itertools import product

import pytest

from bitale_graph import Constant, Variable, shape_of, sizes, tensor_type
from bitale_graph.functions import as_variable, cast, maximum, minimum
from bitale_graph.reference import evaluate
from bitale_graph.same_size import LIMIT, same_size
from bitale_graph.sizes import size_clip, size_product, size_sum, size_value, size_variable, size_where

MEANINGS = {
    "size_add": lambda a, b: a + b,
    "size_subtract": lambda a, b: a - b,
    "size_multiply": lambda a, b: a * b,
    "size_divide": lambda a, b: a // b if b else 0,
    "size_remainder": lambda a, b: a % b if b else 0,
    "size_maximum": max,
    "size_minimum": min,
}


def value(size, given) -> int:
    return int(evaluate(size_variable(size), given))


@pytest.mark.parametrize("name", [n for n in MEANINGS if n not in ("size_divide", "size_remainder")])
def test_arithmetic(name: str):
    check_meaning(name, (0, 1, -1, 3))


@pytest.mark.parametrize("name", ["size_divide", "size_remainder"])
def test_division_rounds_down(name: str):
    check_meaning(name, (0, 1, -1, 3, -2, 7))


def check_meaning(name: str, numbers: tuple[int, ...]) -> None:
    combine = getattr(sizes, name)
    for a, b in product(numbers, numbers):
        x, y = (Variable(tensor_type("int64")) for _ in range(2))
        wanted = MEANINGS[name](a, b)
        assert combine(a, b) == wanted
        assert {value(combine(x, b), {x: a}), value(combine(a, y), {y: b})} == {wanted}
        assert value(combine(x, y), {x: a, y: b}) == wanted
        assert value(combine(x, x), {x: a}) == MEANINGS[name](a, a)


def test_sums_and_products():
    n = Variable(tensor_type("int64"))
    assert (size_sum([2, 3]), size_product([2, 3]), size_sum([]), size_product([])) == (5, 6, 0, 1)
    assert size_product([n, 0]) == 0
    assert value(size_sum([2, n, n]), {n: 4}) == 10
    assert value(size_product([2, n, 3, n]), {n: 4}) == 96


def test_choices():
    n = Variable(tensor_type("int64"))
    assert size_where(True, n, 2) is n
    assert value(size_where(n > 3, 1, n), {n: 5}) == 1
    for given in (-2, 0, 1, 5):
        assert value(size_clip(n, 0, 3), {n: given}) == size_clip(given, 0, 3) == min(max(given, 0), 3)


def test_nothing_is_built_where_nothing_is_to_be_done():
    (n,) = shape_of(Variable(tensor_type("float64", (None,))))
    assert sizes.size_add(n, 0) is n
    assert sizes.size_multiply(1, n) is n
    assert sizes.size_divide(n, 1) is n
    assert sizes.size_subtract(n, n) == 0
    assert sizes.size_maximum(n, 0) is n  # the length of an axis is not negative
    assert sizes.size_minimum(0, n) == 0


def test_constants_are_values():
    assert size_value(size_variable(4)) == 4
    assert size_value(Constant(as_variable(7).data)) == 7


def lengths() -> tuple[Variable, Variable]:
    n, m = shape_of(Variable(tensor_type("float64", (None, None))))
    return n, m


SAME = {
    "itself": lambda n, m: (n, n),
    "order": lambda n, m: (n + m, m + n),
    "cancelled": lambda n, m: (n + m - n, m),
    "distributed": lambda n, m: ((n + 1) * m, m * n + m),
    "square": lambda n, m: ((n + m) * (n - m), n * n - m * m),
    "negated": lambda n, m: (-(n - m), m - n),
    "constant": lambda n, m: (n - n + 3, 3),
    "known ints": lambda n, m: (4, 4),
    "floor": lambda n, m: ((n + 1) // 2, (1 + n) // 2),
    "maximum": lambda n, m: (maximum(n, m + 1), maximum(1 + m, n)),
    "nested": lambda n, m: (minimum(maximum(n - 1, 0), m), minimum(m, maximum(n + 1 - 2, 0))),
    "cast": lambda n, m: (cast(n, "int64") + 0, n),
}
DIFFERENT = {
    "ints": lambda n, m: (3, 4),
    "lengths": lambda n, m: (n, m),
    "order matters": lambda n, m: (n // m, m // n),
    "one more": lambda n, m: (n + 1, n),
    "an int": lambda n, m: (n, 3),
    "twice": lambda n, m: (maximum(n, n * 1), maximum(n, m)),
    "narrow": lambda n, m: (cast(cast(n, "int8") + cast(m, "int8"), "int64"), n + m),
}


@pytest.mark.parametrize("name", SAME)
def test_same_sizes(name: str):
    assert same_size(*SAME[name](*lengths()))


@pytest.mark.parametrize("name", DIFFERENT)
def test_sizes_that_may_differ(name: str):
    assert not same_size(*DIFFERENT[name](*lengths()))


def test_the_same_axis_asked_twice():
    from bitale_graph.ops.movement import Dimension

    x = Variable(tensor_type("float64", (None, None)))
    assert same_size(Dimension(0)(x), Dimension(0)(x))
    assert not same_size(Dimension(0)(x), Dimension(1)(x))


def test_long_expressions_cost_little():
    n, m = lengths()
    long = n
    for _ in range(20 * LIMIT):
        long = long * m + 1
    assert same_size(long, long)
    assert not same_size(long, long * m)
