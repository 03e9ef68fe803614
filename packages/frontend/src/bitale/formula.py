"""Sizes and amounts of work as formulas of the lengths of a function's inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bitale_rewrite.loops.ir import Call, Literal, Load, Value
from bitale_rewrite.loops.values import parts

Term = tuple[str, ...]  # a product of lengths

INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "floor_divide": "//", "remainder": "%",
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip


class Formula:
    """A sum of products of lengths, such as 4 * x_0 * x_1 + 8."""

    def __init__(self, terms: Counter[Term] | None = None) -> None:
        self.terms = terms or Counter()

    @classmethod
    def product(cls, factor: int, lengths: Iterable[Value]) -> Formula:
        """`factor` times all `lengths`."""
        names = [text(n) for n in lengths if not (isinstance(n, Literal) and n.number == 1)]
        return cls(Counter({tuple(sorted(names)): factor}))

    def __add__(self, other: Formula) -> Formula:
        return Formula(self.terms + other.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __str__(self) -> str:
        return " + ".join(" * ".join([str(count), *term]) for term, count in sorted(self.terms.items())) or "0"

    __repr__ = __str__


def text(value: Value) -> str:
    """A scalar expression with the usual signs, in brackets where it is the operand of one."""
    known: dict[Value, str] = {}
    stack = [value]
    while stack:
        top = stack[-1]
        missing = [part for part in parts(top) if part not in known]
        stack.extend(missing)
        if not missing:
            known[stack.pop()] = _text(top, [known[part] for part in parts(top)])
    return known[value]


def _text(value: Value, operands: list[str]) -> str:
    if isinstance(value, Load):
        return f"{value.buffer.name}[{', '.join(operands)}]"
    if isinstance(value, Call) and _sign(value):
        left, right = (f"({o})" if _sign(v) else o for v, o in zip(value.operands, operands, strict=True))
        return f"{left} {_sign(value)} {right}"
    return f"{value.function.name}({', '.join(operands)})" if isinstance(value, Call) else str(value)


def _sign(value: Value) -> str | None:
    return INFIX.get(value.function.name) if isinstance(value, Call) else None
