"""Loops that run over the same steps and do not need each other become one."""

from __future__ import annotations

from bitale_graph.graph import Graph, ancestors, substitute
from bitale_graph.ops.control import Scan
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.control.form import Form, Told

MOST = 100  # merges in a row: each looks through the graph anew


def merge_loops(graph: Graph, told: Told) -> Graph:
    """`graph` with loops that fit made one; itself if there are none."""
    for _ in range(MOST):
        merged = _merge_two(graph, told)
        if merged is graph:
            break
        graph = merged
    return graph


def _merge_two(graph: Graph, told: Told) -> Graph:
    loops = [node for node in graph.nodes if isinstance(node.op, Scan) and not node.op.conditional]
    for position, later in enumerate(loops):
        behind: set[Variable] | None = None
        for earlier in loops[:position]:
            if _fit(earlier, later):
                behind = behind or set(ancestors(later.inputs))
                if behind.isdisjoint(earlier.outputs):
                    return _merged(graph, earlier, later, told)
    return graph


def _fit(a: Apply, b: Apply) -> bool:
    """Same steps in the same order, and at least one array that both read."""
    shared = {v for v in a.inputs[1:] if v.ndim and not isinstance(v, Constant)}
    alike = (a.op.reverse, a.op.recompute) == (b.op.reverse, b.op.recompute)
    return a.inputs[0] is b.inputs[0] and alike and not shared.isdisjoint(b.inputs[1:])


def _merged(graph: Graph, earlier: Apply, later: Apply, told: Told) -> Graph:
    form, other = Form(earlier, earlier.inputs), Form(later, later.inputs)
    other.rename(form.step)
    form.carries += other.carries
    form.sequences += other.sequences
    form.fixed += other.fixed
    form.collected += other.collected
    found = form.build()
    told("loops over the same steps are one", later, [found[v] for v in later.outputs])
    return Graph(graph.inputs, substitute(graph.outputs, found), graph.name)
