"""What scalar operations cost, relative to an addition: a rough guide for what to store, repeat, or move."""

from __future__ import annotations

from bitale_graph.ops.elementwise import CASTS, FUNCTIONS, Function
from bitale_rewrite.loops.ir import Call, Value
from bitale_rewrite.loops.values import parts

_MODERATE = ("true_divide", "sqrt", "reciprocal", "floor_divide", "remainder", "fmod", "floor", "ceil", "trunc", "rint")
_LIGHT = (
    *("add", "subtract", "multiply", "negative", "absolute", "square", "maximum", "minimum", "fmax", "fmin", "where"),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"),
    *("logical_xor", "logical_not", "isnan", "isinf", "isfinite", "signbit", "sign", "bitwise_and", "bitwise_or"),
    *("bitwise_xor", "invert", "left_shift", "right_shift", "clip", "copysign", "real", "imag", "conjugate"),
    *("identity", "make_complex"),
)
COSTS: dict[Function, int] = (
    {FUNCTIONS[name]: 1 for name in _LIGHT}
    | {FUNCTIONS[name]: 4 for name in _MODERATE}
    | dict.fromkeys(CASTS.values(), 1)
)
DEAR = 20  # exponentials, logarithms, powers and the like


def cost_of(value: Value) -> int:
    """The operations in an expression, each once."""
    total, stack, seen = 0, [value], set()
    while stack:
        top = stack.pop()
        if top not in seen:
            seen.add(top)
            total += COSTS.get(top.function, DEAR) if isinstance(top, Call) else 0
            stack.extend(parts(top))
    return total
