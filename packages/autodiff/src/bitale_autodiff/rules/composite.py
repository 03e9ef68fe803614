"""Rules of composites, by label; one without a row is differentiated through its body.

A user's sub-graph with rules of its own carries a Token among its parameters, under which CUSTOM keeps the rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_autodiff.shaping import conj
from bitale_graph.errors import MissingRule
from bitale_graph.functions import clip
from bitale_graph.ops.control import Composite, Procedure
from bitale_graph.ops.elementwise import add, equal, exp, where
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.ops.reduction import Reduce
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

COMPOSITE_PULLBACKS: RuleTable[Pullback] = RuleTable("pullback of composites")
COMPOSITE_PUSHFORWARDS: RuleTable[Pushforward] = RuleTable("pushforward of composites")


class Token:
    """What makes one sub-graph unlike any other: equal only to itself."""

    def __str__(self) -> str:
        return f"{id(self):x}"


@dataclass(frozen=True)
class CustomRules:
    """The user's rules of one sub-graph, in the form of the tables' rows."""

    pullback: Pullback | None
    pushforward: Pushforward | None


CUSTOM: WeakKeyDictionary[Token, CustomRules] = WeakKeyDictionary()


def rules_of(op: Composite) -> CustomRules:
    """The rules of a composite; both None for one that is differentiated through its body.

    Raises MissingRule for a user's sub-graph whose rules did not come with it, as through pickling.
    """
    for _, value in op.key:
        if isinstance(value, Token):
            if value not in CUSTOM:
                raise MissingRule(f"{op.label} was made with rules of its own, which are not in this process; "
                                  "build the expression again instead of loading it")
            return CUSTOM[value]
    if isinstance(op, Procedure):
        return CustomRules(None, None)
    return CustomRules(COMPOSITE_PULLBACKS.find(op.label), COMPOSITE_PUSHFORWARDS.find(op.label))


@COMPOSITE_PULLBACKS.register("softmax")
def _softmax(node: Apply, g: Variable) -> Contributions:
    (z,) = node.outputs
    weighted = g * conj(z)
    return [weighted - conj(z) * _total(weighted, node)]


@COMPOSITE_PULLBACKS.register("log_softmax")
def _log_softmax(node: Apply, g: Variable) -> Contributions:
    (z,) = node.outputs
    return [g - exp(conj(z)) * _total(g, node)]


@COMPOSITE_PULLBACKS.register("logsumexp")
def _logsumexp(node: Apply, g: Variable) -> Contributions:
    """softmax times g; 0 for a row of minus infinities, where nothing has a share."""
    (x,), (z,), axes = node.inputs, node.outputs, _axes(node)
    if z.ndim < x.ndim:
        g, z = ExpandDims(axes)(g), ExpandDims(axes)(z)
    return [g * conj(exp(x - where(equal(z, -math.inf), 0, z)))]


@COMPOSITE_PULLBACKS.register("zero_grad")
def _zero(node: Apply, g: Variable) -> Contributions:
    return [None]


@COMPOSITE_PULLBACKS.register("undefined_grad")
def _undefined(node: Apply, g: Variable) -> Contributions:
    raise MissingRule("the derivative is undefined by undefined_grad")


@COMPOSITE_PULLBACKS.register("grad_clip")
def _clip(node: Apply, g: Variable) -> Contributions:
    bounds = dict(node.op.key)
    return [clip(g, bounds["low"], bounds["high"])]


@COMPOSITE_PULLBACKS.register("grad_scale")
def _scale(node: Apply, g: Variable) -> Contributions:
    return [g * dict(node.op.key)["factor"]]


@COMPOSITE_PUSHFORWARDS.register("grad_clip")
def _pass(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    return tangents


def _total(x: Variable, node: Apply) -> Variable:
    """The sum of x along the node's axes, which are kept with length 1."""
    axes = _axes(node)
    return ExpandDims(axes)(Reduce(add, axes)(x))


def _axes(node: Apply) -> tuple[int, ...]:
    axis, rank = dict(node.op.key)["axis"], node.inputs[0].ndim
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(k % rank for k in axes))
