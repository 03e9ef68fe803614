"""Loops made smaller: less to carry, to read and to compute in each step, fewer loops."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.errors import MissingRule
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.control.branches import simplify_branches
from bitale_rewrite.control.form import Form
from bitale_rewrite.control.invariant import move_invariants
from bitale_rewrite.control.last import read_last_carries
from bitale_rewrite.control.merge import merge_loops
from bitale_rewrite.control.prune import prune
from bitale_rewrite.control.split import split
from bitale_rewrite.control.tail import keep_tails

ROUNDS = 6


def simplify_loops(graph: Graph) -> Graph:
    """`graph` with its loops merged, pruned and split, and those inside bodies, too."""
    if not any(isinstance(node.op, (Scan, Branch)) for node in graph.nodes):
        return graph
    graph = simplify_branches(graph).map(_with_simpler_bodies)
    for _ in range(ROUNDS):
        simpler = _simplify_each(keep_tails(read_last_carries(merge_loops(graph))))
        if simpler is graph:
            break
        graph = simpler
    return graph


def _with_simpler_bodies(node: Apply, inputs: tuple[Variable, ...]) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, (Scan, Branch)):
        op = op.with_bodies([simplify_loops(body) for body in op.bodies])
    if op is node.op and inputs == node.inputs:
        return node.outputs
    new = Apply(op, inputs, node.origin).outputs
    for fresh, old in zip(new, node.outputs, strict=True):
        fresh.name = old.name
    return new


def _simplify_each(graph: Graph) -> Graph:
    """Each loop on its own, the last first: what it does not need any more, others need not give it."""
    loops = [node for node in graph.nodes if isinstance(node.op, Scan)]
    while loops:
        node = loops.pop()
        form = Form(node, node.inputs)
        used = {*graph.uses, *graph.outputs}
        try:
            prune(form, used)
            move_invariants(form)
            found = split(form)
        except MissingRule:  # something in it cannot be done for all steps at once
            form = Form(node, node.inputs)
            prune(form, used)
            move_invariants(form)
            found = form.build()
        if form.changed:
            graph = Graph(graph.inputs, substitute(graph.outputs, found), graph.name)
    return graph
