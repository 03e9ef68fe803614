"""Recognising sizes that are equal for every input, so that no run-time check is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

from bitale_graph.ops.elementwise import CASTS, Elementwise, add, identity, multiply, negative, subtract
from bitale_graph.ops.movement import Dimension
from bitale_graph.sizes import Size
from bitale_graph.variable import Constant, Variable

LIMIT = 50  # nodes of an expression that are looked at; what lies behind them is taken as it is

# A polynomial: {monomial: coefficient}, where a monomial is a set of (atom, power).
Monomial = frozenset[tuple[Hashable, int]]
Polynomial = dict[Monomial, int]


def same_size(a: Size, b: Size) -> bool:
    """Whether two sizes are surely equal: equal ints, or expressions with the same polynomial normal form.

    False means only that equality is not seen. Cost is bounded.
    """
    if a is b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return _normal_form(a) == _normal_form(b)


def _normal_form(size: Size) -> Polynomial:
    if isinstance(size, int):
        return _constant(size)
    forms: dict[Variable, Polynomial] = {}
    for v in _small_toposort(size):
        forms[v] = _form(v, forms)
    return forms[size]


def _small_toposort(size: Variable) -> list[Variable]:
    """At most LIMIT scalars that `size` is made of, each after those it is made of."""
    order: list[Variable] = []
    seen = {size}
    stack = [(size, False)]
    while stack:
        v, ready = stack.pop()
        if ready:
            order.append(v)
            continue
        stack.append((v, True))
        for operand in _operands(v):
            if operand not in seen and len(seen) < LIMIT:
                seen.add(operand)
                stack.append((operand, False))
    return order


def _operands(v: Variable) -> tuple[Variable, ...]:
    return v.owner.inputs if v.owner is not None and isinstance(v.owner.op, Elementwise) else ()


def _form(v: Variable, forms: dict[Variable, Polynomial]) -> Polynomial:
    if isinstance(v, Constant):
        return _constant(int(v.data)) if v.data.dtype.kind in "iu" else _atom(v)
    if v.owner is None:
        return _atom(v)
    op = v.owner.op
    if isinstance(op, Dimension):
        return _atom((op.axis, v.owner.inputs[0]))
    operands = [forms.get(operand, _atom(operand)) for operand in v.owner.inputs]
    if not isinstance(op, Elementwise) or any(operand.ndim for operand in v.owner.inputs):
        return _atom(v)
    if op.function in FORMS and v.dtype == "int64":
        return FORMS[op.function](*operands)
    frozen = [frozenset(operand.items()) for operand in operands]
    return _atom((op, frozenset(Counter(frozen).items()) if op.function.commutative else tuple(frozen)))


def _constant(value: int) -> Polynomial:
    return {frozenset(): value} if value else {}


def _atom(key: Hashable) -> Polynomial:
    return {frozenset({(key, 1)}): 1}


def _sum(a: Polynomial, b: Polynomial, sign: int = 1) -> Polynomial:
    total = dict(a)
    for monomial, coefficient in b.items():
        total[monomial] = total.get(monomial, 0) + sign * coefficient
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > LIMIT:
        return _atom(frozenset({(frozenset(a.items()), 1), (frozenset(b.items()), 2)}))
    total: Polynomial = {}
    for left, n in a.items():
        for right, m in b.items():
            powers = Counter(dict(left))
            powers.update(dict(right))
            total = _sum(total, {frozenset(powers.items()): n * m})
    return total


FORMS: dict[object, Callable[..., Polynomial]] = {
    add: _sum,
    subtract: lambda a, b: _sum(a, b, -1),
    negative: lambda a: _sum({}, a, -1),
    multiply: _product,
    identity: lambda a: a,
    CASTS["int64"]: lambda a: a,
}
