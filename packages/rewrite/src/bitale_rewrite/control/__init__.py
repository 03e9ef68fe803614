"""Loops made smaller: less to carry, to read and to compute in each step, fewer loops."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from contextlib import suppress

from bitale_graph.errors import MissingRule
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import NESTED, Scan
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.control.branches import simplify_branches
from bitale_rewrite.control.form import Form, Told
from bitale_rewrite.control.invariant import move_invariants
from bitale_rewrite.control.last import read_last_carries
from bitale_rewrite.control.merge import merge_loops
from bitale_rewrite.control.prune import prune
from bitale_rewrite.control.split import split
from bitale_rewrite.control.tail import keep_tails
from bitale_rewrite.rule import Rule, RuleError

ROUNDS = 6
Notice = Callable[[Rule, Apply, Sequence[Variable]], None]


def simplify_loops(graph: Graph, reals: bool = True, notice: Notice | None = None) -> Graph:
    """`graph` with its loops merged, pruned and split, and those inside bodies, too.

    Loops are split only where results need be equal as `reals`, not to the bit. `notice` is told of each change.
    """

    def told(what: str, node: Apply, new: Sequence[Variable]) -> None:
        if notice is not None:
            notice(Rule(what, (), lambda node: None, "reals"), node, new)

    return _simplified(graph, reals, told)


def _simplified(graph: Graph, reals: bool, told: Told) -> Graph:
    if not any(isinstance(node.op, NESTED) for node in graph.nodes):
        return graph
    graph = simplify_branches(graph, told).map(lambda node, inputs: _with_simpler_bodies(node, inputs, reals, told))
    for _ in range(ROUNDS):
        merged = read_last_carries(merge_loops(graph, told), told)
        simpler = _simplify_each(keep_tails(merged, told), reals, told)
        if simpler is graph:
            break
        graph = simpler
    return graph


def _with_simpler_bodies(
    node: Apply, inputs: tuple[Variable, ...], reals: bool, told: Told
) -> Sequence[Variable]:
    op = node.op
    if isinstance(op, NESTED):
        op = op.with_bodies([_simplified(body, reals, told) for body in op.bodies])
    if op is node.op and inputs == node.inputs:
        return node.outputs
    new = Apply(op, inputs, node.origin).outputs
    for fresh, old in zip(new, node.outputs, strict=True):
        fresh.name = old.name
    return new


def _simplify_each(graph: Graph, reals: bool, told: Told) -> Graph:
    """Each loop on its own, the last first: what it does not need any more, others need not give it."""
    loops = [node for node in graph.nodes if isinstance(node.op, Scan)]
    while loops:
        node = loops.pop()
        used = {*graph.uses, *graph.outputs}
        form, found = _simpler(node, used, reals)
        if form.changes:
            graph = Graph(graph.inputs, substitute(graph.outputs, found), graph.name)
            for what in form.changes:
                told(what, node, [found[v] for v in node.outputs if v in found and v in used])
    return graph


def _simpler(node: Apply, used: Container[Variable], reals: bool) -> tuple[Form, dict[Variable, Variable]]:
    """The form of a loop, and what its outputs are after all that can be done."""
    for divide in (split, Form.build) if reals else (Form.build,):
        form = Form(node, node.inputs)
        prune(form, used)
        move_invariants(form)
        with suppress(MissingRule):  # where something in it cannot be done for all steps at once
            return form, divide(form)
    raise RuleError(f"{node.op} cannot be built again")
