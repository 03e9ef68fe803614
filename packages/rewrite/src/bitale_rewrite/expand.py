"""expand(graph): composites and functions that a target has no form for become what they are made of."""

from __future__ import annotations

from collections.abc import Container, Iterator

from bitale_graph.composite import inline
from bitale_graph.functions import composites
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Composite, StopGradient
from bitale_graph.ops.elementwise import Function
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.driver import RuleIndex, rewrite
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.expansions import EXPANSIONS
from bitale_rewrite.samples import array


def expand(graph: Graph, claimed: Container[str] = (), spelled: Container[Function] | None = None) -> Graph:
    """`graph` without composites, except those whose label the target has `claimed`, and without StopGradient.

    Of the functions in EXPANSIONS those that are not `spelled` become expressions (None: all are spelled). Expand what
    has been differentiated: the barriers to derivatives are gone.
    """
    rules = [_opening(claimed), transparent]
    if spelled is not None:
        rules += [rule for function, rule in EXPANSIONS.items() if function not in spelled]
    return rewrite(graph, RuleIndex(rules))


def _opened() -> Iterator[Variable]:
    yield composites.softmax(array(2, 3))


def _opening(claimed: Container[str]) -> Rule:
    @rewrites(Composite, name="open a composite", samples=_opened)
    def open_composite(node: Apply) -> Replacement:
        return None if node.op.label in claimed else inline(node)

    return open_composite


def _stopped() -> Iterator[Variable]:
    yield StopGradient()(array(2, 3))


@rewrites(StopGradient, name="stop_gradient has no value of its own", samples=_stopped)
def transparent(node: Apply) -> Replacement:
    """stop_gradient(x) -> x."""
    return node.inputs[0]


EXPANDING: tuple[Rule, ...] = (_opening(()), transparent, *EXPANSIONS.values())
