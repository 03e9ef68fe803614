"""Branches: what is known to run stands alone, and what only some bodies need is computed only in them."""

from __future__ import annotations

from bitale_graph.graph import Graph, substitute
from bitale_graph.laziness import Readers, sink
from bitale_graph.ops.control import Branch
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.control.form import Told


def simplify_branches(graph: Graph, told: Told) -> Graph:
    """`graph` without branches whose body is known, and with work moved into the bodies that alone need it."""
    branches = [node for node in graph.nodes if isinstance(node.op, Branch)]
    readers: Readers | None = None
    while branches:  # the last first: what is moved into it may be a branch itself
        node = branches.pop()
        known = _known_body(node)
        if known is None:
            readers = readers or Readers(graph.outputs)
            lazy = sink(node, readers)
            if lazy is node:
                continue
            known = lazy.outputs
            told("what not all bodies of a branch need is computed in those that do", node, known)
        else:
            told("a branch whose body is known is that body", node, known)
        graph = Graph(graph.inputs, substitute(graph.outputs, _renamed(node, known)), graph.name)
        left = set(graph.nodes)
        branches = [node for node in branches if node in left]
        readers = None
    return graph


def _known_body(node: Apply) -> tuple[Variable, ...] | None:
    """The outputs, if one body runs for sure, or all are the same."""
    number, *operands = node.inputs
    bodies = node.op.bodies
    results = [substitute(body.outputs, dict(zip(body.inputs, operands, strict=True))) for body in bodies]
    if isinstance(number, Constant):
        found = results[min(max(int(number.data), 0), len(bodies) - 1)]
    elif all(body.structure == bodies[0].structure for body in bodies) or all(r == results[0] for r in results):
        found = results[0]
    else:
        return None
    same = all(v.type == old.type for v, old in zip(found, node.outputs, strict=True))
    return tuple(found) if same else None


def _renamed(node: Apply, new: tuple[Variable, ...]) -> dict[Variable, Variable]:
    for old, fresh in zip(node.outputs, new, strict=True):
        if fresh.name is None and fresh.owner is not None:
            fresh.name = old.name
    return dict(zip(node.outputs, new, strict=True))
