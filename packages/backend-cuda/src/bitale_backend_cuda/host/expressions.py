"""Scalar expressions of the host, in Python."""

from __future__ import annotations

import numpy as np

from bitale_rewrite.loops.ir import Call, Literal, Name, Value
from bitale_rewrite.loops.values import fold

# How tightly Python binds, and how operators are written.
CHOICE, NOT, COMPARISON, UNARY, ATOM = 0, 3, 4, 8, 9
INFIX = {
    "logical_or": ("or", 1), "logical_and": ("and", 2), "bitwise_or": ("|", 5), "add": ("+", 6), "subtract": ("-", 6),
    "multiply": ("*", 7), "floor_divide": ("//", 7), "remainder": ("%", 7), "less": ("<", COMPARISON),
    "less_equal": ("<=", COMPARISON), "greater": (">", COMPARISON), "greater_equal": (">=", COMPARISON),
    "equal": ("==", COMPARISON), "not_equal": ("!=", COMPARISON),
}  # fmt: skip
PREFIX = {"negative": ("-", UNARY), "logical_not": ("not ", NOT)}
CALLED = {"maximum": "max", "minimum": "min", "absolute": "abs"}
WHOLE = ("int64", "bool")

Text = tuple[str, int]  # an expression, and how tightly it binds


def python(value: Value) -> str:
    """A scalar expression of the host in Python."""
    return fold(value, _text)[0]


def _text(value: Value, operands: list[Text]) -> Text:
    if isinstance(value, Literal):
        number = int(value.number) if value.dtype in WHOLE else np.asarray(value.number).item()
        return repr(number), ATOM if repr(number).isidentifier() or repr(number)[0].isdigit() else CHOICE
    if isinstance(value, Name):
        return value.name, ATOM
    assert isinstance(value, Call), "elements of arrays are read by statements"
    return _call(value, operands)


def _call(value: Call, operands: list[Text]) -> Text:
    name, texts = value.function.name, [text for text, _ in operands]
    if value.dtype in WHOLE and all(v.dtype in WHOLE for v in value.operands):
        if name in INFIX:
            symbol, binds = INFIX[name]
            left = binds + (binds == COMPARISON)  # comparisons do not chain
            return f"{_inside(operands[0], left)} {symbol} {_inside(operands[1], binds + 1)}", binds
        if name in PREFIX:
            symbol, binds = PREFIX[name]
            return f"{symbol}{_inside(operands[0], binds)}", binds
        if name in CALLED:
            return f"{CALLED[name]}({', '.join(texts)})", ATOM
        if name == "where":
            condition, yes, no = (_inside(operand, CHOICE + 1) for operand in operands)
            return f"{yes} if {condition} else {no}", CHOICE
        if name in ("cast_int64", "cast_bool", "identity"):
            return f"{'bool' if name == 'cast_bool' else 'int'}({texts[0]})", ATOM
    typed = "".join(f", {v.dtype!r}, {text}" for v, text in zip(value.operands, texts, strict=True))
    return f"apply({name!r}, {value.dtype!r}{typed})", ATOM


def _inside(text: Text, binds: int) -> str:
    """As an operand of what binds so tightly."""
    return text[0] if text[1] >= binds else f"({text[0]})"
