"""Functions as expressions of more common ones, for targets that cannot spell them."""

from __future__ import annotations

import math

from bitale_graph.ops.elementwise import (
    Function,
    absolute,
    clip,
    copysign,
    equal,
    exp,
    expm1,
    fmax,
    fmin,
    greater,
    isfinite,
    isinf,
    isnan,
    less,
    log,
    log1mexp,
    log1p,
    logaddexp,
    logical_not,
    maximum,
    minimum,
    reciprocal,
    sigmoid,
    sign,
    softplus,
    square,
    tanh,
    where,
)
from bitale_rewrite.pattern import Call, Pattern, ordered, real, wild
from bitale_rewrite.rule import Rule, rule

x, y, v = real("x"), real("y"), wild("v")
o, low, high = ordered("o"), ordered("low"), ordered("high")


def _table(*rows: tuple[Call, Pattern]) -> dict[Function, Rule]:
    return {left.function: rule(left, right, preserves="reals", name=f"expand {left}") for left, right in rows}


EXPANSIONS: dict[Function, Rule] = _table(
    (square(v), v * v),
    (reciprocal(x), 1 / x),
    (clip(o, low, high), minimum(maximum(o, low), high)),
    (fmax(x, y), where(isnan(x), y, where(isnan(y), x, maximum(x, y)))),
    (fmin(x, y), where(isnan(x), y, where(isnan(y), x, minimum(x, y)))),
    (sign(x), where(greater(x, 0), 1, where(less(x, 0), -1, x))),
    (isinf(x), equal(absolute(x), math.inf)),
    (isnan(x), logical_not(equal(x, x))),
    (isfinite(x), less(absolute(x), math.inf)),
    (sigmoid(x), 1 / (1 + exp(-x))),
    (softplus(x), maximum(x, 0) + log1p(exp(-absolute(x)))),
    (log1mexp(x), where(greater(x, -math.log(2)), log(-expm1(x)), log1p(-exp(x)))),
    (
        logaddexp(x, y),
        where(equal(x, y), x + math.log(2), maximum(x, y) + log1p(exp(-absolute(x - y)))),
    ),
    (tanh(x), copysign(-expm1(-2 * absolute(x)) / (1 + exp(-2 * absolute(x))), x)),
)
