"""Quotients that are sigmoids: their own derivatives divide infinities, and lose small differences."""

from __future__ import annotations

from collections.abc import Container

from bitale_graph.dtypes import FLOATS
from bitale_graph.ops.elementwise import Elementwise, Function, add, exp, sigmoid, subtract, true_divide
from bitale_graph.variable import Apply, Constant, Variable

Found = tuple[Variable, tuple[Variable, ...]]


def sigmoid_quotient(node: Apply, kept: Container[Variable]) -> Found | None:
    """What a quotient is, and what that is made of: exp(x) / (1 + exp(x)) is sigmoid(x), y / (1 + exp(x)) is
    y sigmoid(-x), sigmoid(x) / (1 - sigmoid(x)) is exp(x), and (1 - sigmoid(x)) / sigmoid(x) is exp(-x).

    Nothing that is `kept` is looked into.
    """
    top, bottom = node.inputs
    if node.outputs[0].dtype not in FLOATS:
        return None
    x = _beside_one(bottom, add, exp, kept)
    if x is not None:
        same = argument(top, exp, kept) is x
        return (sigmoid(x), (x,)) if same and top.ndim == x.ndim else (top * sigmoid(-x), (top, x))
    for one, other, sign in ((bottom, top, 1), (top, bottom, -1)):
        x = _beside_one(one, subtract, sigmoid, kept)
        if x is not None and argument(other, sigmoid, kept) is x:
            return exp(x) if sign > 0 else exp(-x), (x,)
    return None


def sigmoid_argument(v: Variable, kept: Container[Variable]) -> tuple[Variable, int] | None:
    """The x and the sign of v = sigmoid(± x), also where that is written with exp."""
    x = argument(v, sigmoid, kept)
    if x is not None:
        return x, 1
    if argument(v, true_divide, kept) is None:
        return None
    top, bottom = v.owner.inputs  # type: ignore[union-attr]
    x = _beside_one(bottom, add, exp, kept)
    if x is None or x.type != v.type:
        return None
    return (x, -1) if _is_one(top) else (x, 1) if argument(top, exp, kept) is x else None


def argument(v: Variable, function: Function, kept: Container[Variable]) -> Variable | None:
    """The x of v = function(x, ...), if v is that."""
    if v in kept or v.owner is None or not isinstance(v.owner.op, Elementwise) or v.owner.op.function is not function:
        return None
    return v.owner.inputs[0]


def _beside_one(v: Variable, outer: Function, inner: Function, kept: Container[Variable]) -> Variable | None:
    """The x of v = 1 + exp(x), or of v = 1 - sigmoid(x)."""
    if argument(v, outer, kept) is None:
        return None
    pairs = [v.owner.inputs] if outer is subtract else [v.owner.inputs, v.owner.inputs[::-1]]  # type: ignore[union-attr]
    return next((argument(x, inner, kept) for one, x in pairs if _is_one(one)), None)


def _is_one(v: Variable) -> bool:
    return isinstance(v, Constant) and v.ndim == 0 and bool(v.data == 1)
