"""Logarithms and exponentials that neither overflow nor cancel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph.dtypes import FLOATS
from bitale_graph.functions.logarithm import Logarithms, logarithm, logarithm_of_multiple
from bitale_graph.ops.elementwise import (
    absolute,
    add,
    cosh,
    equal,
    erfc,
    exp,
    expm1,
    log,
    log1mexp,
    log1p,
    logaddexp,
    multiply,
    negative,
    power,
    sigmoid,
    sinh,
    softplus,
    square,
    subtract,
    tanh,
    true_divide,
    where,
)
from bitale_graph.ops.movement import ExpandDims, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.constants import finite_factor, uniform, value_of
from bitale_rewrite.pattern import constant, head, real
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule
from bitale_rewrite.rules.movement import moved, peeled, source
from bitale_rewrite.samples import array

x, y = real("x"), real("y")
c = constant("c", FLOATS, lambda v: finite_factor(v) is not None)


# ---- sums and products of exponentials ----


def _samples() -> Iterator[Variable]:
    for dtype in ("float64", "float32"):
        a, b, c = (array(None, dtype=dtype, name=name) for name in "abc")
        yield log(add(exp(a), exp(b)))
        yield log(add(add(exp(a), exp(b)), exp(c)))
        yield log1p(add(exp(a), exp(b)))
        yield log(add(exp(a), 2.0))
        yield log(add(multiply(3.0, exp(a)), exp(b)))
        yield log(multiply(3.0, exp(a)))
        yield log(exp(a) / exp(b))
        yield log(multiply(0.5, exp(a) + exp(b)))
        yield log(multiply(0.5, erfc(a)))
        yield log(cosh(a))
        yield log(1 - square(tanh(a)))
        yield log(1 - tanh(a))
        yield log(1 + tanh(a))
        yield log1p(-square(tanh(a)))
        yield log1p(tanh(a))
        yield log(3.0 / square(cosh(a)))
        yield log(exp(a) - 2.0)


def _constant(x: Variable) -> float | None:
    value = uniform(x)
    return None if value is None else float(value_of(value))  # type: ignore[arg-type]


@rewrites(
    log,
    log1p,
    name="log of exponentials",
    preserves="reals",
    having=(add, multiply, true_divide, subtract, negative, tanh, cosh),
    samples=_samples,
)
def log_of_exponentials(node: Apply) -> Replacement:
    """log(exp(x) + exp(y) + ...) -> logaddexp(logaddexp(x, y), ...), log(3 exp(x) / exp(y)) -> x - y + log(3)."""
    return logarithm(node, Logarithms(_constant)) if node.inputs[0].dtype in FLOATS else None


def _multiples() -> Iterator[Variable]:
    for dtype in ("float64", "float32"):
        a, b = (array(None, dtype=dtype, name=name) for name in "ab")
        yield log(multiply(a, exp(b)))
        yield log(multiply(a, exp(b) / 3.0))


@rewrites(
    log, name="log of a multiple of exponentials", preserves="reals", having=(multiply, true_divide), samples=_multiples
)
def log_of_multiple(node: Apply) -> Replacement:
    """log(a exp(x)) -> x + log(a)."""
    return logarithm_of_multiple(node, Logarithms(_constant)) if node.inputs[0].dtype in FLOATS else None


def _quotients() -> Iterator[Variable]:
    yield log(exp(array(None, name="a")) / multiply(2.5, array(None, name="b")))


@rewrites(log, name="log of a density", preserves="domain", having=(multiply, true_divide), samples=_quotients)
def log_of_density(node: Apply) -> Replacement:
    """log(exp(x) / s) -> x - log(s): another infinity where s is -0."""
    return logarithm_of_multiple(node, Logarithms(_constant, poles=True)) if node.inputs[0].dtype in FLOATS else None


LOGARITHMS: tuple[Rule, ...] = tuple(
    rule(left, right, preserves="reals")
    for left, right in [
        (log(1 + x), log1p(x)),
        (log(1 - x), log1p(-x)),
        (log(-expm1(x)), log1mexp(x)),
        (log(expm1(x)), x + log1mexp(-x)),
        (log(exp(x) - exp(y)), where(equal(y, -np.inf), x, x + log1mexp(y - x))),
        (log1p(exp(x)), softplus(x)),
        (log1p(-exp(x)), log1mexp(x)),
        (log1p(-sigmoid(x)), -softplus(x)),
        (log(sigmoid(x)), -softplus(-x)),
    ]
)

EXPONENTIALS: tuple[Rule, ...] = tuple(
    rule(left, right, preserves="reals")
    for left, right in [
        (exp(x) - 1, expm1(x)),
        (1 - exp(x), -expm1(x)),
        (c * exp(x) - c, c * expm1(x)),
        (c - c * exp(x), -(c * expm1(x))),
        (c - c * sigmoid(x), c * sigmoid(-x)),
        (c * sigmoid(x) - c, -(c * sigmoid(-x))),
        (expm1(x) + 1, exp(x)),
        (1 - sigmoid(x), sigmoid(-x)),
        (sigmoid(x) - 1, -sigmoid(-x)),
        (sigmoid(x) - square(sigmoid(x)), sigmoid(x) * sigmoid(-x)),
        (expm1(x) / (1 + exp(x)), tanh(0.5 * x)),
        (exp(x) / (1 + exp(x)), sigmoid(x)),
        (1 / (1 + exp(x)), sigmoid(-x)),
        (y / (1 + exp(x)), y * sigmoid(-x)),
        (exp(x) * sigmoid(-x), sigmoid(x)),
        (exp(-x) * sigmoid(x), sigmoid(-x)),
        ((y * exp(x)) * sigmoid(-x), y * sigmoid(x)),
        ((y * exp(-x)) * sigmoid(x), y * sigmoid(-x)),
        ((y * sigmoid(-x)) * exp(x), y * sigmoid(x)),
        ((y * sigmoid(x)) * exp(-x), y * sigmoid(-x)),
        (sigmoid(x) / sigmoid(-x), exp(x)),
        (sigmoid(-x) / sigmoid(x), exp(-x)),
        (exp(-softplus(x)), sigmoid(-x)),
        (exp(x) / expm1(x), -1 / expm1(-x)),
        ((y / expm1(x)) * exp(x), -(y / expm1(-x))),
        (sinh(x) / cosh(x), tanh(x)),
        ((y / cosh(x)) * sinh(x), y * tanh(x)),
        ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
        (softplus(x) - x, softplus(-x)),
        (x - softplus(x), -softplus(-x)),
        (logaddexp(0, x), softplus(x)),
        (sigmoid(log(x / (1 - x))), where((x >= 0) & (x <= 1), x, np.nan)),
        (sigmoid(log(x) - log1p(-x)), where((x >= 0) & (x <= 1), x, np.nan)),
    ]
)


# ---- products ----


def _products() -> Iterator[Variable]:
    a = array(None, 3)
    yield log(Reduce(multiply, (1,))(exp(a)))
    yield log(Reduce(multiply, (1,))(sigmoid(a)))
    yield log(Reduce(multiply, (1,))(absolute(a)))
    yield log(absolute(Reduce(multiply, (1,))(a)))


POSITIVE = (exp, sigmoid, softplus, absolute)


@rewrites(
    log,
    name="log of a product",
    preserves="reals",
    having=(Reduce, absolute, ExpandDims, Squeeze, Transpose),
    samples=_products,
)
def log_of_product(node: Apply) -> Replacement:
    """log(prod(x)) -> sum(log(x)) for x that are not negative; log(|prod(x)|) -> sum(log(|x|))."""
    x = node.inputs[0]
    unsigned = head(x) is absolute
    moves, total = peeled(x.owner.inputs[0] if unsigned else x, (ExpandDims, Squeeze, Transpose))  # type: ignore[union-attr]
    product = source(total, Reduce)
    if product is None or product.op.function is not multiply or x.dtype not in FLOATS:
        return None
    factors = product.inputs[0]
    if head(factors) not in POSITIVE:
        if not unsigned:
            return None
        factors = absolute(factors)
    return moved(Reduce(add, product.op.axes)(log(factors)), moves)


def _powers() -> Iterator[Variable]:
    a = array(None)
    yield from (log(power(absolute(a), 3.0)), log(power(1 + square(a), -3.0)), log(power(exp(a) + 2.0, 0.5)))


@rewrites(log, name="log of a power", preserves="reals", having=(power,), samples=_powers)
def log_of_power(node: Apply) -> Replacement:
    """log(x ** c) -> c log(x) for an x that is not negative."""
    x, exponent = node.inputs[0].owner.inputs  # type: ignore[union-attr]
    value = finite_factor(exponent)
    return value * log(x) if value is not None and x.dtype in FLOATS and _is_positive(x) else None


def _is_positive(x: Variable) -> bool:
    """Whether x is surely not negative: made of functions that give nothing else."""
    pending, seen = [x], 0
    while pending and (seen := seen + 1) < 16:
        v = pending.pop()
        value = _constant(v) if v.dtype in FLOATS else None
        if value is None and head(v) in (add, multiply, true_divide):
            pending += v.owner.inputs  # type: ignore[union-attr]
        elif not (head(v) in (*POSITIVE, square) if value is None else value >= 0):
            return False
    return not pending


STABILISE: tuple[Rule, ...] = (
    log_of_exponentials,
    log_of_multiple,
    log_of_density,
    log_of_product,
    log_of_power,
    *LOGARITHMS,
    *EXPONENTIALS,
)
