"""Large graphs: every stage takes a chain of any length, and its work grows with the number of nodes."""

from __future__ import annotations

from collections import Counter

import pytest

import bitale.tensor as bt
from bitale_autodiff import grad
from bitale_backend_c.compile import ready
from bitale_backend_c.emit import emit
from bitale_backend_c.emit.names import reserved
from bitale_graph import Graph
from bitale_rewrite import optimise
from bitale_rewrite.loops.lower import lower


def chain(length: int) -> Graph:
    x = y = bt.vector("x")
    for _ in range(length // 2):
        y = bt.tanh(y) + x
    return Graph([x], [y])


def groups(count: int) -> Graph:
    """The log-density of small groups and its gradient."""
    q, y = bt.vector("q"), bt.matrix("y")
    total = bt.as_tensor(0.0)
    for k in range(count):
        total = total - ((y[k] - q[k]) ** 2 * bt.exp(-q[k + 1])).sum()
    return Graph([q, y], [total, grad(total, q)])


def applications(graph: Graph) -> Counter[str]:
    """How often each rule was applied."""
    found = Counter[str]()
    optimise(graph, notice=lambda phase: lambda rule, node, new: found.update([rule.name]))
    return found


def test_the_rules_applied_grow_with_the_graph():
    small, large = applications(groups(20)), applications(groups(80))
    assert small.total() > 100
    assert large.total() < 4.5 * small.total()


def test_the_source_grows_with_the_graph():
    small, large = (emit(lower(ready(groups(count)), reserved=reserved)) for count in (40, 160))
    assert len(large) < 4.5 * len(small)


@pytest.mark.slow
def test_a_hundred_thousand_nodes_become_c():
    graph = chain(100_000)
    source = emit(lower(ready(graph), reserved=reserved))
    assert len(graph.nodes) == 100_000
    assert source.count("tanh(") < 5_000, "a repeated kernel is one function"
