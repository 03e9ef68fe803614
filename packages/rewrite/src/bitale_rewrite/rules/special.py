"""The error function and its complement where they cancel or underflow."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bitale_graph.dtypes import FLOATS
from bitale_graph.ops.elementwise import (
    Function,
    erf,
    erfc,
    exp,
    less,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    square,
    true_divide,
    where,
)
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.constants import finite_factor, uniform
from bitale_rewrite.pattern import constant, head, real
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule
from bitale_rewrite.samples import array

x, c = real("x"), constant("c", FLOATS, lambda v: finite_factor(v) is not None)
FACTORS = 12  # factors of a product that are looked at

# From here on erfc is taken from its asymptotic series: a little before it leaves the normal numbers.
TAIL = {"float16": 2.8, "bfloat16": 9.0, "float32": 9.0, "float64": 25.0}

COMPLEMENTS: tuple[Rule, ...] = tuple(
    rule(left, right, preserves="reals")
    for left, right in [
        (1 + erf(x), erfc(-x)),
        (1 - erf(x), erfc(x)),
        (erf(x) - 1, -erfc(x)),
        (1 - erfc(x), erf(x)),
        (erfc(x) - 1, -erf(x)),
        (2 - erfc(x), erfc(-x)),
        (c + c * erf(x), c * erfc(-x)),
        (c - c * erf(x), c * erfc(x)),
        (c * erf(x) - c, -(c * erfc(x))),
    ]
)


d = constant("d", FLOATS)
TWICE = rule(d - c * erfc(x), c * erfc(-x), when=lambda d, c: bool(d.data == 2 * c.data), preserves="reals")


def tail_series(v: Variable) -> Variable:
    """sqrt(pi) v exp(v²) erfc(v) for large v: 1 - 1/(2v²) + 3/(2v²)² - 15/(2v²)³ + ... (Abramowitz, Stegun 7.1.23)."""
    t = 0.5 / square(v)
    total: Variable | float = 10395.0
    for coefficient in (-945.0, 105.0, -15.0, 3.0, -1.0, 1.0):
        total = total * t + coefficient
    assert isinstance(total, Variable)
    return total


def _is_bounded(v: Variable) -> bool:
    """Whether v is minimum(something, constant), as these rules write it."""
    return head(v) is minimum and any(uniform(each) is not None for each in v.owner.inputs)  # type: ignore[union-attr]


def _log_erfc(x: Variable) -> Variable:
    edge = TAIL[x.dtype]
    tail = log(tail_series(x)) - square(x) - log(x) - 0.5 * math.log(math.pi)
    return where(less(x, edge), log(erfc(minimum(x, edge))), tail)


def _log1p_erf(x: Variable, sign: int) -> Variable:
    """log(1 ± erf(x)): as it stands where erf(x) is small or of that sign, else from erfc."""
    y = x if sign > 0 else -x
    small = erf(maximum(y, -0.5))
    return where(less(-0.5, y), log1p(small), log(erfc(maximum(-y, 0.5))))


def _is_extreme(v: Variable) -> bool:
    """Whether v is maximum(something, constant), as these rules write it."""
    return head(v) is maximum and any(uniform(each) is not None for each in v.owner.inputs)  # type: ignore[union-attr]


def _product_samples() -> Iterator[Variable]:
    for dtype in ("float64", "float32"):
        v, w = array(None, dtype=dtype, name="v"), array(None, dtype=dtype, name="w")
        yield exp(-square(v)) / erfc(v)
        yield (w / erfc(v)) * (-1.25 * exp(-square(v)))
        yield (w * exp(square(v) * -0.25)) / erfc(0.5 * v)
        yield exp(square(v) / -4.0) / erfc(v / 2.0)


@rewrites(
    multiply,
    true_divide,
    name="exp(-x²) / erfc(x)",
    preserves="reals",
    having=(exp, erfc, multiply, true_divide, negative),
    samples=_product_samples,
)
def ratio_of_tails(node: Apply) -> Replacement:
    """exp(-x²) / erfc(x) anywhere in a product, also exp(-(c x)²) / erfc(c x): the derivative of log(erfc(x))."""
    if node.outputs[0].dtype not in TAIL:
        return None
    above, below, sign = factors(node.outputs[0])
    for bottom in below:
        v = argument(bottom, erfc)
        if v is None or _is_bounded(v):
            continue
        top = next((f for f in above if (e := argument(f, exp)) is not None and _is_minus_square(e, v)), None)
        if top is None:
            continue
        edge = TAIL[v.dtype]
        ratio = where(less(v, edge), top / erfc(minimum(v, edge)), math.sqrt(math.pi) * v / tail_series(v))
        above.remove(top)
        below.remove(bottom)
        result = product(above, ratio)
        result = result / product(below[1:], below[0]) if below else result
        return result if sign > 0 else -result
    return None


def argument(x: Variable, function: Function) -> Variable | None:
    """The y of x = function(y), if x is that."""
    return x.owner.inputs[0] if x.owner is not None and head(x) is function else None


def factors(v: Variable, squares: bool = False) -> tuple[list[Variable], list[Variable], int]:
    """v as the product of the first list divided by that of the second, times a sign; `squares` are two factors."""
    above: list[Variable] = []
    below: list[Variable] = []
    sign = 1
    pending = [(v, True)]
    while pending:
        each, on_top = pending.pop()
        function = head(each)
        if squares and function is square and len(pending) + len(above) + len(below) < FACTORS:
            pending += [(each.owner.inputs[0], on_top)] * 2  # type: ignore[union-attr]
            continue
        if function not in (multiply, true_divide, negative) or len(pending) + len(above) + len(below) > FACTORS:
            (above if on_top else below).append(each)
            continue
        if function is negative:
            sign = -sign
        inputs = each.owner.inputs  # type: ignore[union-attr]
        pending.extend((f, on_top != (function is true_divide and k == 1)) for k, f in enumerate(inputs))
    return above, below, sign


def product(rest: list[Variable], first: Variable) -> Variable:
    """first times all of the rest."""
    for each in rest:
        first = each * first
    return first


def _is_minus_square(exponent: Variable, v: Variable) -> bool:
    """Whether exponent = -v², where both may have constant factors."""
    k, squared = _scaled(exponent)
    if head(squared) is not square:
        return False
    inner, base = _scaled(squared.owner.inputs[0])  # type: ignore[union-attr]
    outer, argument = _scaled(v)
    return base is argument and math.isclose(-k * inner**2, outer**2, rel_tol=1e-15 if v.dtype == "float64" else 1e-7)


def _scaled(v: Variable) -> tuple[float, Variable]:
    """v as a constant times something."""
    scale: float = 1.0
    above, below, sign = factors(v) if head(v) in (multiply, true_divide, negative) else ([v], [], 1)
    rest: list[tuple[Variable, bool]] = []
    for group, inverted in ((above, False), (below, True)):
        for each in group:
            value = uniform(each)
            if value is None:
                rest.append((each, inverted))
            else:
                number = float(value.data)
                scale *= 1 / number if inverted else number
    if len(rest) == 1 and not rest[0][1]:
        return sign * scale, rest[0][0]
    return 1.0, v


SPECIAL_FUNCTIONS: tuple[Rule, ...] = (
    *COMPLEMENTS,
    TWICE,
    rule(
        log(erfc(x)), _log_erfc, when=lambda x: not _is_bounded(x), preserves="reals", name="log(erfc(x)) -> its tail"
    ),
    rule(
        log1p(erf(x)),
        lambda x: _log1p_erf(x, 1),
        when=lambda x: not _is_extreme(x),
        preserves="reals",
        name="log1p(erf(x)) -> its tail",
    ),
    rule(log1p(-erf(x)), lambda x: _log1p_erf(x, -1), preserves="reals", name="log1p(-erf(x)) -> its tail"),
    ratio_of_tails,
)
