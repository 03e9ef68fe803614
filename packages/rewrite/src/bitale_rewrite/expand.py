"""expand(graph): composites become their bodies, for targets that have no form of their own for them."""

from __future__ import annotations

from collections.abc import Container

from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Composite
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Variable


def expand(graph: Graph, claimed: Container[str] = ()) -> Graph:
    """`graph` without composites, except those whose label is `claimed` by the target."""
    while any(_is_open(node, claimed) for node in graph.nodes):
        graph = graph.map(lambda node, inputs: _opened(node, inputs, claimed))
    return graph


def _is_open(node: Apply, claimed: Container[str]) -> bool:
    return isinstance(node.op, Composite) and node.op.label not in claimed


def _opened(node: Apply, inputs: tuple[Variable, ...], claimed: Container[str]) -> tuple[Variable, ...]:
    if _is_open(node, claimed):
        assert isinstance(node.op, Composite)
        with made_at(node.origin):
            body = node.op.body
            outputs = substitute(body.outputs, dict(zip(body.inputs, inputs, strict=True)))
        return tuple(outputs)
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node.outputs
    outputs = list(Apply(node.op, inputs, node.origin).outputs)
    for old, new in zip(node.outputs, outputs, strict=True):
        new.name = old.name
    return tuple(outputs)
