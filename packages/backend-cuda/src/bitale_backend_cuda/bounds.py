"""What lengths are at most, where loops count them."""

from __future__ import annotations

from collections.abc import Mapping

from bitale_rewrite.loops.integers import MAXIMUM, size_call
from bitale_rewrite.loops.ir import Call, Load, Name, Value
from bitale_rewrite.loops.values import fold, rebuild

GROWING = ("add", "multiply", "maximum")  # no larger than of larger operands, which are not negative


def bound(value: Value, known: Mapping[Name, Value | None]) -> Value | None:
    """A value that is at least `value`, made of what stands outside of the loops whose names are `known`, with the most
    that each can be; None where there is no telling."""
    return fold(value, lambda each, of_parts: _bound(each, of_parts, known))


def _bound(value: Value, of_parts: list[Value | None], known: Mapping[Name, Value | None]) -> Value | None:
    if isinstance(value, Load):
        return None
    if isinstance(value, Name):
        return known.get(value, value)
    if not isinstance(value, Call):
        return value
    name, there = value.function.name, [v for v in of_parts if v is not None]
    if name == "minimum" and there:
        return rebuild(value, tuple(there)) if len(there) == 2 else there[0]
    if name == "where" and None not in of_parts[1:]:
        return size_call(MAXIMUM, (there[-2], there[-1]), value.dtype)
    if name == "subtract":
        first = value.operands[0]
        return value if of_parts == list(value.operands) else of_parts[0] if first.dtype == value.dtype else None
    if list(value.operands) == of_parts or (name in GROWING and None not in of_parts):
        return rebuild(value, tuple(there))
    return None
