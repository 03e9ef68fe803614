"""What rewriting did, as data: which rule replaced what by what, in which phase, for which line of the user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bitale_graph.expression import expression
from bitale_graph.graph import Graph
from bitale_graph.origin import Origin
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.driver import Notice
from bitale_rewrite.phases import DEFAULT, PHASES, Phase, optimise
from bitale_rewrite.rule import Preserves, Rule


@dataclass(frozen=True)
class Record:
    """One application of a rule."""

    phase: str
    rule: str
    before: str
    after: str
    origin: Origin | None

    def __str__(self) -> str:
        place = f"  # {self.origin}" if self.origin else ""
        return f"{self.phase}: {self.rule}\n    {self.before}\n    -> {self.after}{place}"


class Explanation(tuple[Record, ...]):
    """Records in the order in which they happened; prints as text."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self)) if self else "no rule applied"

    __repr__ = __str__


def explain(graph: Graph, phases: Sequence[Phase] = PHASES, preserves: Iterable[Preserves] = DEFAULT) -> Explanation:
    """Which rules `optimise` applies to `graph`."""
    records: list[Record] = []

    def notice(phase: str) -> Notice:
        def record(rule: Rule, node: Apply, new: Sequence[Variable]) -> None:
            before, after = (", ".join(map(expression, group)) for group in (node.outputs, new))
            records.append(Record(phase, rule.name, before, after, node.origin))

        return record

    optimise(graph, phases, preserves, notice=notice)
    return Explanation(records)
