"""Scalar expressions of the host, in Python."""

from __future__ import annotations

import numpy as np

from bitale_rewrite.loops.ir import Call, Literal, Load, Name, Value
from bitale_rewrite.loops.values import parts

INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "floor_divide": "//", "remainder": "%", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=", "logical_and": "and",
    "logical_or": "or",
}  # fmt: skip
PREFIX = {"negative": "-", "logical_not": "not "}
CALLED = {"maximum": "max", "minimum": "min", "absolute": "abs"}
WHOLE = ("int64", "bool")


def python(value: Value) -> str:
    """A scalar expression of the host in Python. Elements of arrays are read from the device, which waits for it."""
    done: dict[Value, str] = {}
    stack = [value]
    while stack:
        top = stack[-1]
        missing = [v for v in parts(top) if v not in done]
        if top not in done and missing:
            stack.extend(missing)
            continue
        stack.pop()
        if top not in done:
            done[top] = _python(top, [done[v] for v in parts(top)])
    return done[value]


def _python(value: Value, operands: list[str]) -> str:
    if isinstance(value, Literal):
        if value.dtype in WHOLE:
            return f"({int(value.number)})" if value.number < 0 else str(int(value.number))
        return f"({np.asarray(value.number).item()!r})"
    if isinstance(value, Name):
        return value.name
    if isinstance(value, Load):
        place, size = "0", np.dtype(value.dtype).itemsize
        for i, n in zip(operands, value.buffer.shape, strict=True):
            place = f"({place} * {python(n)} + {i})"
        return f"call.read({value.buffer.name} + {place} * {size}, {value.dtype!r})"
    assert isinstance(value, Call)
    name = value.function.name
    if value.dtype in WHOLE and all(v.dtype in WHOLE for v in value.operands):
        if name in INFIX:
            return f"({operands[0]} {INFIX[name]} {operands[1]})"
        if name in PREFIX:
            return f"({PREFIX[name]}{operands[0]})"
        if name in CALLED:
            return f"{CALLED[name]}({', '.join(operands)})"
        if name == "where":
            return f"({operands[1]} if {operands[0]} else {operands[2]})"
        if name in ("cast_int64", "cast_bool", "identity"):
            return f"{'bool' if name == 'cast_bool' else 'int'}({operands[0]})"
    typed = "".join(f", {v.dtype!r}, {text}" for v, text in zip(value.operands, operands, strict=True))
    return f"apply({name!r}, {value.dtype!r}{typed})"
