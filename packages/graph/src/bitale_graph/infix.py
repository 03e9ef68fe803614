"""Functions in the signs and with the precedence of Python: the one table and printer of all one-line expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

OR, AND, NOT, COMPARISON, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(13)

# Text around the operands, what each must bind as tightly as, and how tightly the whole binds.
PATTERNS: dict[str, tuple[str, tuple[int, ...], int]] = {
    "negative": ("-{}", (SIGN,), SIGN),
    "invert": ("~{}", (SIGN,), SIGN),
    "logical_not": ("not {}", (NOT,), NOT),
    "square": ("{}**2", (ATOM,), POWER),
    "reciprocal": ("1 / {}", (SIGN,), PRODUCT),
    "power": ("{}**{}", (ATOM, SIGN), POWER),
    "conjugate": ("conj({})", (OR,), ATOM),
    "absolute": ("abs({})", (OR,), ATOM),
    "make_complex": ("{} + 1j * {}", (SUM, SIGN), SUM),
    "identity": ("{}", (ATOM,), ATOM),
}
for _binding, _signs in {
    SUM: {"add": "+", "subtract": "-"},
    PRODUCT: {"multiply": "*", "true_divide": "/", "floor_divide": "//", "remainder": "%"},
    SHIFT: {"left_shift": "<<", "right_shift": ">>"},
    BIT_AND: {"bitwise_and": "&"},
    BIT_XOR: {"bitwise_xor": "^"},
    BIT_OR: {"bitwise_or": "|"},
    AND: {"logical_and": "and"},
    OR: {"logical_or": "or"},
}.items():
    for _name, _sign in _signs.items():
        PATTERNS[_name] = (f"{{}} {_sign} {{}}", (_binding, _binding + 1), _binding)
for _name, _sign in {
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
}.items():  # fmt: skip
    PATTERNS[_name] = (f"{{}} {_sign} {{}}", (BIT_OR, BIT_OR), COMPARISON)


class Operand(NamedTuple):
    """A part of an expression that is an expression itself, in brackets if it binds less tightly than wanted."""

    value: Any
    wanted: int = OR


class Form(NamedTuple):
    """How an expression is written: its parts, and how tightly they hold together."""

    parts: Sequence[str | Operand]
    binding: int = ATOM


def applied(name: str, operands: Sequence[Any]) -> Form:
    """A function of operands: with its sign if it has one, else as a call."""
    pattern = PATTERNS.get(name)
    if pattern is None:
        return called(name.removeprefix("cast_"), operands)
    text, wanted, binding = pattern
    return filled(text, [Operand(each, least) for each, least in zip(operands, wanted, strict=True)], binding)


def called(name: str, operands: Sequence[Any], *words: str, brackets: str = "()") -> Form:
    """name(x, y, words)."""
    inside = ", ".join([*["{}"] * len(operands), *words])
    return filled(f"{name}{brackets[0]}{inside}{brackets[1]}", [*map(Operand, operands)])


def filled(text: str, operands: Sequence[Operand], binding: int = ATOM) -> Form:
    """`text` with operands in its gaps {}."""
    first, *rest = text.split("{}")
    return Form([first, *(part for pair in zip(operands, rest, strict=True) for part in pair)], binding)


def render(root: Any, form: Callable[[Any, int], Form], limit: int, depth: int) -> str | None:
    """The text of an expression, or None when it is longer than `limit`; `form(x, depth)` says how one is written,
    where `depth` is how many more may be inside one another.
    """
    pieces: list[str] = []
    length = 0
    pending: list[tuple[str | Operand, int]] = [(Operand(root), depth)]
    while pending:
        part, left = pending.pop()
        if isinstance(part, Operand):
            parts, binding = form(part.value, left)
            inside = [(each, left - 1) for each in reversed(parts)]
            pending += [(")", left), *inside, ("(", left)] if binding < part.wanted else inside
            continue
        pieces.append(part)
        length += len(part)
        if length > limit:
            return None
    return "".join(pieces)
