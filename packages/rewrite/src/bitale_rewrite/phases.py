"""The pipeline of rewriting, as a list you can read: canonicalise, stabilise, specialise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bitale_graph.graph import Graph
from bitale_rewrite.control import simplify_loops
from bitale_rewrite.driver import Notice, RuleIndex, rewrite
from bitale_rewrite.fold import fold
from bitale_rewrite.garbage import collector_rests
from bitale_rewrite.interning import Interner
from bitale_rewrite.rule import Preserves, Rule
from bitale_rewrite.rules import CANONICAL, SPECIAL, STABLE

Watch = Callable[[str, Graph], None]


@dataclass(frozen=True, eq=False)
class Phase:
    """A name and rules, which are applied until none fits."""

    name: str
    rules: tuple[Rule, ...]


canonicalise = Phase("canonicalise", (fold, *CANONICAL))
stabilise = Phase("stabilise", (fold, *STABLE, *CANONICAL))
specialise = Phase("specialise", (fold, *SPECIAL, *CANONICAL))
PHASES: tuple[Phase, ...] = (canonicalise, stabilise, specialise)
DEFAULT: frozenset[Preserves] = frozenset({"bits", "reals"})


@collector_rests()
def optimise(
    graph: Graph,
    phases: Sequence[Phase] = PHASES,
    preserves: Iterable[Preserves] = DEFAULT,
    watch: Watch | None = None,
    notice: Callable[[str], Notice] | None = None,
) -> Graph:
    """An equal graph that is simpler, numerically stabler and faster.

    Only rules that keep what `preserves` says are used; add "domain" to allow those that may lose a NaN, an infinity
    or an error. `watch(name, graph)` sees the graph after each phase; `notice(name)` makes the observer of a phase.
    Raises RuleError when rules loop (a fault in the rules).
    """
    interner = Interner()
    for phase in phases:
        index, told = _index(phase, frozenset(preserves)), None if notice is None else notice(phase.name)
        graph = rewrite(graph, index, interner, told)
        graph = simplify_loops(graph, "reals" in preserves, told)
        if watch is not None:
            watch(phase.name, graph)
    return graph


@lru_cache(maxsize=32)
def _index(phase: Phase, preserves: frozenset[str]) -> RuleIndex:
    return RuleIndex([rule for rule in phase.rules if rule.preserves in preserves])
