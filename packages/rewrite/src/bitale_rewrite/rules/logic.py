"""Comparisons, choices and bits in their simplest form."""

from __future__ import annotations

from bitale_graph.ops.elementwise import (
    Function,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    ceil,
    equal,
    floor,
    fmax,
    fmin,
    greater,
    greater_equal,
    invert,
    isnan,
    left_shift,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    not_equal,
    right_shift,
    rint,
    trunc,
    where,
)
from bitale_rewrite.pattern import Pattern, boolean, integer, real, wild
from bitale_rewrite.rule import Rule, rule

x, y, z = wild("x"), wild("y"), wild("z")
b, a = boolean("b"), boolean("a")
n, m = integer("n"), integer("m")
r = real("r")
ROUNDING = (floor, ceil, trunc, rint)
NEGATIONS = ((less, greater_equal), (less_equal, greater), (greater, less_equal), (greater_equal, less))


def _idempotent(function: Function) -> tuple[Rule, ...]:
    return (
        rule(function(x, x), x),
        rule(function(function(x, y), y), function(x, y)),
    )


def _boolean_algebra(conjunction: Function, disjunction: Function, difference: Function) -> tuple[Rule, ...]:
    return (
        rule(conjunction(b, True), b),
        rule(conjunction(b, False), False),
        rule(disjunction(b, False), b),
        rule(disjunction(b, True), True),
        rule(difference(b, False), b),
        rule(difference(b, True), logical_not(b)),
        rule(difference(b, b), False),
    )


def _choice(condition: Pattern) -> tuple[Rule, ...]:
    return (
        rule(where(True, x, y), x),
        rule(where(False, x, y), y),
        rule(where(condition, x, x), x),
        rule(where(logical_not(condition), x, y), where(condition, y, x)),
        rule(where(condition, where(condition, x, y), z), where(condition, x, z)),
        rule(where(condition, x, where(condition, y, z)), where(condition, x, z)),
    )


COMPARISONS: tuple[Rule, ...] = (
    rule(less(x, x), False),
    rule(greater(x, x), False),
    rule(less_equal(n, n), True),
    rule(greater_equal(n, n), True),
    rule(equal(n, n), True),
    rule(not_equal(n, n), False),
    rule(equal(r, r), logical_not(isnan(r))),
    rule(not_equal(r, r), isnan(r)),
    rule(logical_not(equal(x, y)), not_equal(x, y)),
    rule(logical_not(not_equal(x, y)), equal(x, y)),
    *(rule(logical_not(f(n, m)), g(n, m)) for f, g in NEGATIONS),
)

BITS: tuple[Rule, ...] = (
    rule(logical_not(logical_not(b)), b),
    rule(invert(invert(x)), x),
    rule(bitwise_and(n, 0), 0),
    rule(bitwise_or(n, 0), n),
    rule(bitwise_xor(n, 0), n),
    rule(bitwise_xor(n, n), 0),
    rule(left_shift(n, 0), n),
    rule(right_shift(n, 0), n),
)

LOGIC: tuple[Rule, ...] = (
    *(
        each
        for f in (maximum, minimum, fmax, fmin, logical_and, logical_or, bitwise_and, bitwise_or)
        for each in _idempotent(f)
    ),
    *_boolean_algebra(logical_and, logical_or, logical_xor),
    *_boolean_algebra(bitwise_and, bitwise_or, bitwise_xor),
    *_choice(b),
    *COMPARISONS,
    *BITS,
    *(rule(f(g(r)), g(r)) for f in ROUNDING for g in ROUNDING),
)
