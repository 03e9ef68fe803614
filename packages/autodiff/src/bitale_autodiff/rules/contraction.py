"""Pullback and pushforward of contractions: the labels say what meets what."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.rules.tables import Contributions, Pullback, Pushforward, Tangents
from bitale_autodiff.shaping import conj
from bitale_graph.functions.contraction import contract
from bitale_graph.ops.contraction import Contract
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")
PUSHFORWARDS: RuleTable[Pushforward] = RuleTable("pushforward")


@PULLBACKS.register(Contract)
def _contract(node: Apply, g: Variable) -> Contributions:
    """The cotangent takes the place of the result, the operand that of the other operand's partner."""
    op, (left, right) = node.op, node.inputs
    return [
        lambda: contract(g, conj(right), op.result, op.right, op.left),
        lambda: contract(conj(left), g, op.left, op.result, op.right),
    ]


@PUSHFORWARDS.register(Contract)
def _product_rule(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    (left, right), (from_left, from_right) = node.inputs, tangents
    terms = [node.op(from_left, right)] if from_left is not None else []
    terms += [node.op(left, from_right)] if from_right is not None else []
    return [sum(terms[1:], terms[0]) if terms else None]
