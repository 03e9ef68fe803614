"""Constants brought together: (x * 2) / 3 is one multiplication, (5 - x) + 1 one subtraction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitale_graph.dtypes import FLOATS, INTEGERS, limits
from bitale_graph.ops.elementwise import Elementwise, add, maximum, minimum, multiply, subtract, true_divide
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.constants import uniform
from bitale_rewrite.pattern import CONSTANT, constant, integer, ordered
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule

if TYPE_CHECKING:
    from fractions import Fraction

x, n = ordered("x"), integer("n")
c, d = constant("c"), constant("d")


class Term(NamedTuple):
    """sign * x + value, or for products x ** sign * value."""

    x: Variable
    sign: int
    value: Constant
    inverted: bool = False  # the value divides


def constant_term(v: Variable) -> Term | None:
    """`v` as x + c, x - c or c - x."""
    function, inputs = _function(v)
    if function not in (add, subtract):
        return None
    left, right = inputs
    value = uniform(right)
    if value is not None:
        return Term(left, 1, value, inverted=function is subtract)
    value = uniform(left)
    return None if value is None else Term(right, -1 if function is subtract else 1, value)


def constant_factor(v: Variable) -> Term | None:
    """`v` as x * c, x / c or c / x."""
    function, inputs = _function(v)
    if function not in (multiply, true_divide):
        return None
    left, right = inputs
    value = uniform(right)
    if value is not None:
        return Term(left, 1, value, inverted=function is true_divide)
    value = uniform(left)
    return None if value is None else Term(right, -1 if function is true_divide else 1, value)


def _function(v: Variable) -> tuple[object, tuple[Variable, ...]]:
    if v.owner is None or not isinstance(v.owner.op, Elementwise):
        return None, ()
    return v.owner.op.function, v.owner.inputs


def rounded(number: Fraction, dtype: str) -> Constant | None:
    """The floating constant nearest to `number`; None where that would overflow or lose digits."""
    bounds = limits(dtype)
    if number != 0 and not float(bounds.smallest_normal) <= abs(number) <= float(bounds.max):
        return None
    return Constant(np.asarray(float(number), dtype))


def _finite(*constants: Constant) -> bool:
    return all(v.dtype in FLOATS and math.isfinite(v.data.item()) for v in constants)


def _exact(v: Constant) -> Fraction:
    from fractions import Fraction  # here, as decimal comes with it

    return Fraction(v.data.item())


def _sum_samples() -> Iterator[Variable]:
    for dtype in ("float32", "float64", "int32"):
        v = Variable(tensor_type(dtype, (None,)), name="v")
        yield from ((v + 3) + 4, (v - 3) + 5, 7 - (v + 2), 7 - (2 - v), (3 - v) - 4, (v - 1) - 2)


@rewrites(add, subtract, name="merge added constants", preserves="reals", having=(CONSTANT,), samples=_sum_samples)
def merge_terms(node: Apply) -> Replacement:
    """(x + c) + d -> x + (c + d), whatever the signs, where c + d is exact: (1 - p) + 1e-20 is 1e-20 at p = 1."""
    outer = constant_term(node.outputs[0])
    inner = None if outer is None else constant_term(outer.x)
    if outer is None or inner is None:
        return None
    plus = [-1 if term.inverted else 1 for term in (outer, inner)]
    sign = outer.sign * inner.sign
    if outer.value.dtype in INTEGERS:
        with np.errstate(over="ignore"):
            value: Constant | None = Constant(plus[0] * outer.value.data + outer.sign * plus[1] * inner.value.data)
    elif _finite(outer.value, inner.value):
        number = plus[0] * _exact(outer.value) + outer.sign * plus[1] * _exact(inner.value)
        value = rounded(number, outer.value.dtype)
        value = value if value is not None and _exact(value) == number else None
    else:
        return None
    if value is None:
        return None
    return inner.x + value if sign > 0 else value - inner.x


def _product_samples() -> Iterator[Variable]:
    for dtype in ("float32", "float64"):
        v = Variable(tensor_type(dtype, (None,)), name="v")
        yield from ((v * 3) * 4, (v / 3) * 5, 7 / (v * 2), 7 / (2 / v), (3 / v) / 4, (v / 7) / 2, (v * 3) / 7)


@rewrites(
    multiply,
    true_divide,
    name="merge constant factors",
    preserves="reals",
    having=(CONSTANT,),
    samples=_product_samples,
)
def merge_factors(node: Apply) -> Replacement:
    """(x * c) * d -> x * (c * d), whatever is divided by what; the product is rounded once."""
    outer = constant_factor(node.outputs[0])
    inner = None if outer is None else constant_factor(outer.x)
    if outer is None or inner is None or not _finite(outer.value, inner.value):
        return None
    a, b = _exact(outer.value), _exact(inner.value)
    if a == 0 or b == 0:
        return None
    number = (1 / a if outer.inverted else a) * (1 / b if inner.inverted else b) ** outer.sign
    value = rounded(number, outer.value.dtype)
    if value is None:
        return None
    return inner.x * value if outer.sign * inner.sign > 0 else value / inner.x


def _multiple_samples() -> Iterator[Variable]:
    for dtype in ("float32", "float64"):
        v = Variable(tensor_type(dtype, (None,)), name="v")
        yield from (v + v * 3, v * 2 + v * 3, v * 0.5 + v, v * -1.5 + v * -2)


@rewrites(add, name="merge multiples", preserves="reals", having=(multiply,), samples=_multiple_samples)
def merge_multiples(node: Apply) -> Replacement:
    """x + c x -> (1 + c) x, c x + d x -> (c + d) x for factors of one sign, where the sum is exact."""
    if node.outputs[0].dtype not in FLOATS:
        return None
    (x, c), (y, d) = map(_multiple, node.inputs)
    if x is not y or c is None or d is None or c * d <= 0:
        return None
    value = rounded(c + d, x.dtype)
    return x * value if value is not None and _exact(value) == c + d else None


def _multiple(v: Variable) -> tuple[Variable, Fraction | None]:
    """v as x * c."""
    term = constant_factor(v)
    if term is None or term.inverted or term.sign < 0 or not _finite(term.value) or term.x.type != v.type:
        return v, _exact(Constant(np.asarray(1.0)))
    return term.x, _exact(term.value)


MERGING: tuple[Rule, ...] = (
    merge_multiples,
    merge_terms,
    merge_factors,
    rule((n * c) * d, n * (c * d)),
    rule(maximum(maximum(x, c), d), maximum(x, maximum(c, d))),
    rule(minimum(minimum(x, c), d), minimum(x, minimum(c, d))),
)
