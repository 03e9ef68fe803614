"""Sizes and amounts of work as formulas of the lengths of a function's inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bitale_graph.infix import Form, applied, called, render
from bitale_rewrite.loops.ir import Call, Literal, Load, Value

Term = tuple[str, ...]  # a product of lengths

LIMIT = 200_000  # characters of an expression that are shown


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
    """A scalar expression with the usual signs."""
    return render(value, _form, LIMIT, LIMIT) or "..."


def _form(value: Value, depth: int) -> Form:
    if isinstance(value, Load):
        return called(value.buffer.name, value.index, brackets="[]")
    return applied(value.function.name, value.operands) if isinstance(value, Call) else Form([str(value)])
