"""Logarithms and exponentials that neither overflow nor cancel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce as fold_left

import numpy as np

from bitale_graph.dtypes import FLOATS
from bitale_graph.ops.elementwise import (
    Elementwise,
    absolute,
    add,
    equal,
    exp,
    expm1,
    log,
    log1mexp,
    log1p,
    logaddexp,
    multiply,
    sigmoid,
    softplus,
    where,
)
from bitale_graph.ops.movement import ExpandDims, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.constants import uniform, value_of
from bitale_rewrite.pattern import head, real
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule
from bitale_rewrite.rules.movement import moved, peeled, source
from bitale_rewrite.samples import array

x, y = real("x"), real("y")
TERMS = 32  # summands looked at


# ---- sums of exponentials ----


def _sums() -> Iterator[Variable]:
    for dtype in ("float64", "float32"):
        a, b, c = (array(None, dtype=dtype, name=name) for name in "abc")
        yield log(add(exp(a), exp(b)))
        yield log(add(add(exp(a), exp(b)), exp(c)))
        yield log1p(add(exp(a), exp(b)))
        yield log(add(exp(a), 2.0))
        yield log(add(multiply(3.0, exp(a)), exp(b)))


@rewrites(log, log1p, name="log of a sum of exponentials", preserves="reals", having=(add,), samples=_sums)
def log_of_sum(node: Apply) -> Replacement:
    """log(exp(x) + exp(y) + ...) -> logaddexp(logaddexp(x, y), ...); positive constants count as exponentials."""
    total = node.inputs[0]
    if total.dtype not in FLOATS:
        return None
    logarithms: list[Variable | float] = [0.0] if node.op.function is log1p else []
    for term in _summands(total):
        logarithm = _logarithm(term)
        if logarithm is None:
            return None
        logarithms.append(logarithm)
    if sum(isinstance(each, Variable) for each in logarithms) < (1 if len(logarithms) > 1 else 2):
        return None
    return fold_left(logaddexp, logarithms)  # type: ignore[return-value]


def _summands(total: Variable) -> list[Variable]:
    """The terms of nested additions, at most TERMS of them."""
    terms: list[Variable] = []
    pending = [total]
    while pending:
        v = pending.pop()
        inner = source(v, Elementwise)
        if inner is not None and inner.op.function is add and len(terms) + len(pending) < TERMS:
            pending.extend(reversed(inner.inputs))
        else:
            terms.append(v)
    return terms


def _logarithm(term: Variable) -> Variable | float | None:
    """The logarithm of exp(x), c exp(x) or c for a constant c > 0, without an exponential in it."""
    value = uniform(term)
    if value is not None:
        return float(np.log(value_of(value))) if 0 < value_of(value) < np.inf else None  # type: ignore[operator]
    function, inner = head(term), term.owner
    if function is exp:
        return inner.inputs[0]  # type: ignore[union-attr]
    if function is multiply:
        for factor, other in (inner.inputs, inner.inputs[::-1]):  # type: ignore[union-attr]
            constant, rest = uniform(factor), _logarithm(other) if head(other) is exp else None
            if constant is not None and rest is not None and 0 < value_of(constant) < np.inf:  # type: ignore[operator]
                return rest + float(np.log(value_of(constant)))
    return None


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
        (expm1(x) + 1, exp(x)),
        (1 - sigmoid(x), sigmoid(-x)),
        (sigmoid(x) - 1, -sigmoid(-x)),
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


STABILISE: tuple[Rule, ...] = (log_of_sum, log_of_product, *LOGARITHMS, *EXPONENTIALS)
