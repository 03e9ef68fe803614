"""Sigmoids whose parts stand anywhere in a product."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.ops.elementwise import add, exp, multiply, negative, sigmoid, square, true_divide
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.constants import is_value, uniform
from bitale_rewrite.pattern import head
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.special import argument, factors, product
from bitale_rewrite.samples import array


def _samples() -> Iterator[Variable]:
    for dtype in ("float64", "float32"):
        x, w = array(None, dtype=dtype, name="x"), array(None, dtype=dtype, name="w")
        yield multiply(multiply(3.0 * exp(x), w), sigmoid(-x))
        yield (w * sigmoid(x)) * (exp(-x) * 2.0)
        power = exp(x)
        yield multiply(power, w / (1 + power))
        yield (w * power) / -(power + 1)
        yield power / square(1 + power)


@rewrites(
    multiply,
    true_divide,
    name="exponentials that make a sigmoid",
    preserves="reals",
    having=(exp, sigmoid, multiply, true_divide, negative),
    samples=_samples,
)
def sigmoid_in_product(node: Apply) -> Replacement:
    """exp(x) * sigmoid(-x) and exp(x) / (1 + exp(x)) anywhere in a product -> sigmoid(x)."""
    above, below, sign = factors(node.outputs[0], squares=True)
    for power in above:
        x = argument(power, exp)
        if x is None:
            continue
        partner = next((v for v in above if _is_opposite(argument(v, sigmoid), x)), None)
        bottom = next((v for v in below if partner is None and _is_one_more(v, power)), None)
        if partner is None and bottom is None:
            continue
        above.remove(power)
        (above if bottom is None else below).remove(partner if bottom is None else bottom)  # type: ignore[arg-type]
        result = product(above, sigmoid(x))
        result = result / product(below[1:], below[0]) if below else result
        return result if sign > 0 else -result
    return None


def _is_opposite(y: Variable | None, x: Variable) -> bool:
    return y is not None and (argument(y, negative) is x or argument(x, negative) is y)


def _is_one_more(v: Variable, power: Variable) -> bool:
    """Whether v is 1 + power."""
    if head(v) is not add:
        return False
    a, b = v.owner.inputs  # type: ignore[union-attr]
    one = uniform(a if b is power else b)
    return (a is power or b is power) and one is not None and is_value(one, 1)


SIGMOIDS: tuple[Rule, ...] = (sigmoid_in_product,)
