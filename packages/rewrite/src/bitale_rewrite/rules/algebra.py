"""Arithmetic in its simplest form: neutral elements, and signs moved outwards and cancelled."""

from __future__ import annotations

from bitale_graph.dtypes import FLOATS, INTEGERS, SIGNED
from bitale_graph.ops.elementwise import (
    absolute,
    add,
    cos,
    cosh,
    exp,
    identity,
    multiply,
    negative,
    power,
    reciprocal,
    sigmoid,
    softplus,
    square,
    true_divide,
)
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.pattern import constant, inexact, integer, ordered, real, wild
from bitale_rewrite.rule import Rule, rule

x, y = wild("x"), wild("y")
o, p = ordered("o"), ordered("p")
n, m = integer("n"), integer("m")
r, s = real("r"), real("s")
z = inexact("z")
c = constant("c", INTEGERS + FLOATS)


def _has_opposite(v: Variable) -> bool:
    """Whether v < 0 and -v is a number of its dtype (-128 has no opposite in int8)."""
    assert isinstance(v, Constant)
    return bool(v.data < 0 and v.data != -v.data)


below_zero = constant("c", SIGNED + FLOATS, _has_opposite)

NEUTRAL: tuple[Rule, ...] = (
    rule(identity(x), x),
    rule(o * 1, o),
    rule(r / 1, r),
    rule(n // 1, n),
    rule(n // -1, -n),
    rule(power(o, 1), o),
    rule(power(x, 0), 1),
    rule(power(1, r), 1),
    rule(n + 0, n),
    rule(r + -0.0, r),
    rule(z + 0, z, preserves="reals"),  # -0 + 0 is +0
    rule(x - 0, x),
    rule(0 - n, -n),
    rule(0 - z, -z, preserves="reals"),  # 0 - 0 is +0
    rule(n * 0, 0),
    rule(n - n, 0),
    rule((n + m) - m, n),
    rule((n - m) + m, n),
    rule((n - m) + (m - n), 0),
    rule(z * 0, 0, preserves="domain"),
    rule(z - z, 0, preserves="domain"),
    rule(z / z, 1, preserves="domain"),
    rule((z + y) - y, z, preserves="domain"),
    rule((z - y) + y, z, preserves="domain"),
    rule((z * y) / y, z, preserves="domain"),
    rule((z / y) * y, z, preserves="domain"),
)

SIGNS: tuple[Rule, ...] = (
    rule(negative(negative(x)), x),
    rule(o * -1, -o),
    rule(r / -1, -r),
    rule(o + (-p), o - p),
    rule(o - (-p), o + p),
    rule((-o) * p, -(o * p)),
    rule((-r) / s, -(r / s)),
    rule(r / (-s), -(r / s)),
    rule(-(o * c), lambda o, c: o * negative(c)),
    rule(-(r / c), lambda r, c: r / negative(c)),
    rule(-(c / r), lambda r, c: negative(c) / r),
    rule((-n) - m, -(n + m)),
    rule(-(n - m), m - n),
    rule((-r) - s, -(r + s), preserves="reals"),  # the sign of a zero
    rule(-(r - s), s - r, preserves="reals"),
    rule(o + below_zero, lambda o, c: o - negative(c)),
    rule(o - below_zero, lambda o, c: o + negative(c)),
    rule(below_zero - r, lambda c, r: -(negative(c) + r), preserves="reals"),  # the sign of a zero
    *(rule(f(-r), f(r)) for f in (absolute, square, cos, cosh)),
    *(rule(absolute(f(r)), f(r)) for f in (absolute, square, exp, cosh, sigmoid, softplus)),
    rule(square(absolute(r)), square(r)),
)

FORMS: tuple[Rule, ...] = (
    rule(reciprocal(r), 1 / r),
    rule(multiply(x, x), lambda x: None if x.dtype == "bool" else square(x)),
    rule(power(n, 2), square(n)),
    rule(power(z, 2), square(z), preserves="reals"),
    rule(power(r, -1), 1 / r),
    rule(add(r, r), 2 * r),
    rule(true_divide(1, r / s), s / r, preserves="reals"),
)

ALGEBRA: tuple[Rule, ...] = (*NEUTRAL, *SIGNS, *FORMS)
