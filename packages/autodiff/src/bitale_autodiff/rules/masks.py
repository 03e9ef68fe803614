"""Masks of cotangents: `where(c, g, 0)` becomes where(c, rule(g), 0) behind an elementwise rule, never rule(0).

So a rule that divides by 0 where the branch is not taken leaves no NaN, and the chain rule through a whole
elementwise expression needs one mask.
"""

from __future__ import annotations

from bitale_graph.ops.elementwise import Elementwise, logical_not, logical_or, where
from bitale_graph.variable import Constant, Variable

Mask = tuple[Variable, bool]  # where the condition is this, the value stands; elsewhere it is 0


def unmasked(g: Variable) -> tuple[Variable, list[Mask]]:
    """What is left of g without its masks, and the masks, outermost first."""
    masks = []
    while g.owner is not None and isinstance(g.owner.op, Elementwise) and g.owner.op.function is where:
        condition, then, otherwise = g.owner.inputs
        if not (_is_zero(then) or _is_zero(otherwise)):
            break
        masks.append((condition, _is_zero(otherwise)))
        g = then if masks[-1][1] else otherwise
    return g, masks


def masked(g: Variable, masks: list[Mask]) -> Variable:
    """g under the masks again."""
    for condition, stands in reversed(masks):
        g = where(condition, g, 0) if stands else where(condition, 0, g)
    return g


def total(a: Variable, b: Variable) -> Variable:
    """a + b, which is masked where both are."""
    (inner_a, masks_a), (inner_b, masks_b) = unmasked(a), unmasked(b)
    if not masks_a or not masks_b:
        return a + b
    if masks_a == masks_b:
        return masked(inner_a + inner_b, masks_a)
    either = logical_or(_condition(masks_a[0]), _condition(masks_b[0]))
    return where(either, a + b, 0)


def _condition(mask: Mask) -> Variable:
    condition, stands = mask
    return condition if stands else logical_not(condition)


def _is_zero(v: Variable) -> bool:
    return isinstance(v, Constant) and v.ndim == 0 and v.data == 0
