"""The same numbers from cheaper functions: powers by multiplication, exact divisions by multiplication."""

from __future__ import annotations

import math

from bitale_graph.dtypes import FLOATS, INTEGERS
from bitale_graph.ops.elementwise import absolute, exp, multiply, power, sqrt, square, where
from bitale_graph.variable import Variable
from bitale_rewrite.constants import value_of
from bitale_rewrite.pattern import boolean, constant, integer, real
from bitale_rewrite.rule import Rule, rule

r, s, n, b = real("r"), real("s"), integer("n"), boolean("b")
LARGEST_POWER = 8  # each multiplication rounds: k - 1 of them cost at most k / 2 units in the last place
LARGEST_INTEGER_POWER = 64
EXPONENTS = {"float16": 14, "bfloat16": 126, "float32": 126, "float64": 1022}  # of 2, below which 1 / c is normal


def _is_whole(v: Variable) -> bool:
    value = value_of(v)
    return math.isfinite(value) and value == round(value) and 1 < abs(value) <= LARGEST_POWER  # type: ignore


def _is_small(v: Variable) -> bool:
    return 2 < value_of(v) <= LARGEST_INTEGER_POWER  # type: ignore[operator]


def _is_power_of_two(v: Variable) -> bool:
    """Whether dividing by v is exactly multiplying by 1 / v."""
    mantissa, exponent = math.frexp(value_of(v))  # type: ignore[arg-type]
    return abs(mantissa) == 0.5 and abs(exponent) < EXPONENTS[v.dtype]


whole = constant("k", FLOATS, _is_whole)
small = constant("k", INTEGERS, _is_small)
two_to_the = constant("c", FLOATS, _is_power_of_two)


def by_squaring(x: Variable, k: int) -> Variable:
    """x ** k for k > 0 with about log2(k) multiplications."""
    result = x
    for bit in bin(k)[3:]:
        result = square(result)
        if bit == "1":
            result = multiply(result, x)
    return result


def _float_power(r: Variable, k: Variable) -> Variable:
    exponent = int(value_of(k))  # type: ignore[arg-type]
    return by_squaring(r, exponent) if exponent > 0 else 1 / by_squaring(r, -exponent)


SPECIALISE: tuple[Rule, ...] = (
    rule(power(n, small), lambda n, k: by_squaring(n, int(value_of(k)))),  # type: ignore[arg-type]
    rule(power(r, whole), _float_power, preserves="reals"),
    rule(power(r, 0.5), sqrt(r), preserves="reals"),  # but pow(-inf, 0.5) is inf
    rule(power(r, -0.5), 1 / absolute(sqrt(r)), preserves="reals"),  # pow(-0, -0.5) is +inf
    rule(r / two_to_the, lambda r, c: r * (1 / c)),
    rule(where(b, 1, 0), b),
    rule(exp(r) * exp(s), exp(r + s), preserves="domain"),  # many ulps where |r + s| is large
)
