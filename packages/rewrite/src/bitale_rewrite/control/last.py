"""The last element that a loop collects is read where the loop carries it."""

from __future__ import annotations

from bitale_graph.graph import Graph, substitute
from bitale_graph.last import last_carry
from bitale_graph.variable import Variable
from bitale_rewrite.control.form import Told


def read_last_carries(graph: Graph, told: Told) -> Graph:
    """`graph` in which collected[-1] of a new carry is the last carry."""
    found: dict[Variable, Variable] = {}
    for node in graph.nodes:
        last = last_carry(node)
        if last is not None:
            found[node.outputs[0]] = last
            told("the last element collected is the last carry", node, [last])
    return Graph(graph.inputs, substitute(graph.outputs, found), graph.name) if found else graph
