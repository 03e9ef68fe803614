"""Functions that undo each other. Where the inner one is not defined for all numbers, NaN stays NaN."""

from __future__ import annotations

import math

from bitale_graph.ops.elementwise import (
    absolute,
    add,
    arccosh,
    arcsinh,
    arctanh,
    cosh,
    exp,
    exp2,
    expm1,
    greater_equal,
    less_equal,
    log,
    log1mexp,
    log1p,
    log2,
    power,
    sinh,
    softplus,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from bitale_rewrite.pattern import real
from bitale_rewrite.rule import Rule, rule

x, y = real("x"), real("y")
NAN = math.nan

# log(exp(x)) overflows where x does not: these give the number that exact arithmetic gives.
EVERYWHERE: tuple[Rule, ...] = tuple(
    rule(left, right, preserves="reals")
    for left, right in [
        (log(exp(x)), x),
        (log2(exp2(x)), x),
        (log1p(expm1(x)), x),
        (arcsinh(sinh(x)), x),
        (sinh(arcsinh(x)), x),
        (arctanh(tanh(x)), x),
        (arccosh(cosh(x)), absolute(x)),
        (sqrt(square(x)), absolute(x)),
        (log(square(x)), 2 * log(absolute(x))),
        (log(sqrt(x)), 0.5 * log(x)),
        (exp(softplus(x)), add(1, exp(x))),
        (expm1(softplus(x)), exp(x)),
    ]
)

ON_A_DOMAIN: tuple[Rule, ...] = tuple(
    rule(left, where(condition, right, NAN), preserves="reals")
    for left, condition, right in [
        (exp(log(x)), greater_equal(x, 0), x),
        (exp2(log2(x)), greater_equal(x, 0), x),
        (expm1(log1p(x)), greater_equal(x, -1), x),
        (exp(log1p(x)), greater_equal(x, -1), add(1, x)),
        (expm1(log(x)), greater_equal(x, 0), subtract(x, 1)),
        (square(sqrt(x)), greater_equal(x, 0), x),
        (tanh(arctanh(x)), less_equal(absolute(x), 1), x),
        (cosh(arccosh(x)), greater_equal(x, 1), x),
        (softplus(log(x)), greater_equal(x, 0), log1p(x)),
        (log1mexp(log(x)), greater_equal(x, 0), log1p(-x)),
        (exp(log1mexp(x)), less_equal(x, 0), -expm1(x)),
        (expm1(log1mexp(x)), less_equal(x, 0), -exp(x)),
        (log1mexp(log1mexp(x)), less_equal(x, 0), x),
    ]
)

# At -0 a quotient has the other infinity, and even powers of negative numbers have logarithms.
WHERE_POSITIVE: tuple[Rule, ...] = (
    rule(log(1 / x), -log(x), preserves="domain"),
    rule(log(power(x, y)), y * log(x), preserves="domain"),
)

INVERSES: tuple[Rule, ...] = EVERYWHERE + ON_A_DOMAIN + WHERE_POSITIVE
