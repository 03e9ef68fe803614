"""Pullback and pushforward of every elementwise function, from its row of PARTIALS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

from bitale_autodiff.rules.masks import masked, unmasked
from bitale_autodiff.rules.partials import PARTIALS, SELF_ADJOINT, Partial
from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_autodiff.shaping import conj, of_dtype, stretch, unbroadcast
from bitale_graph.dtypes import COMPLEX, is_differentiable
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")
PUSHFORWARDS: RuleTable[Pushforward] = RuleTable("pushforward")


@PULLBACKS.register(Elementwise)
def pull(node: Apply, g: Variable) -> Contributions:
    """The cotangent times each partial derivative, summed over the axes along which the operand was stretched."""
    rules = PARTIALS[node.op.function]
    return [
        partial(_pulled, rule, node, x, g) if is_differentiable(x.dtype) else None
        for rule, x in zip(rules, node.inputs, strict=True)
    ]


def _pulled(rule: Partial, node: Apply, x: Variable, g: Variable) -> Variable | None:
    inner, masks = unmasked(g)
    (z,) = node.outputs
    if {x.dtype, z.dtype} & set(COMPLEX) and node.op.function not in SELF_ADJOINT:
        result = rule(conj(inner), z, *node.inputs)
        result = None if result is None else conj(result)
    else:
        result = rule(inner, z, *node.inputs)
    if result is None:
        return None
    result = g if result is inner else masked(of_dtype(result, x.dtype), masks)
    return unbroadcast(of_dtype(result, x.dtype), x)


@PUSHFORWARDS.register(Elementwise)
def push(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    """The sum of the tangents times the partial derivatives."""
    rules = PARTIALS[node.op.function]
    (z,) = node.outputs
    terms = [
        rule(t, z, *node.inputs) for rule, t in zip(rules, tangents, strict=True) if t is not None
    ]
    found = [of_dtype(t, z.dtype) for t in terms if t is not None]
    return [stretch(reduce(add, found), z) if found else None]
