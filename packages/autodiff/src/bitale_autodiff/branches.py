"""Derivatives of branches: a branch between the derivatives of its bodies, so that nothing flows through the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitale_autodiff.forward import forward
from bitale_autodiff.reverse import defined, reverse
from bitale_autodiff.rules.tables import Contributions, Tangents
from bitale_autodiff.shaping import zeros_like
from bitale_graph.dtypes import is_differentiable
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Branch
from bitale_graph.sized import fitted
from bitale_graph.variable import Apply, Variable

Found = Mapping[Variable, Variable | None]


def pull_branch(node: Apply, *cotangents: Variable | None) -> Contributions:
    """The cotangents of the operands, from those of the outputs."""
    given = [g for g in cotangents if g is not None]
    places = [k for k, g in enumerate(cotangents) if g is not None]
    parts: list[tuple[Graph, list[Variable], Found]] = []
    for body in node.op.bodies:
        arriving = [Variable(node.outputs[k].type) for k in places]
        seeds: dict[Variable, Variable] = {}
        for k, u in zip(places, arriving, strict=True):
            y = body.outputs[k]
            seeds[y] = seeds[y] + fitted(u, y.type) if y in seeds else fitted(u, y.type)
        floating = [v for v in body.inputs if is_differentiable(v.dtype)]
        found = {v: defined(g) for v, g in reverse(seeds, floating).items()}
        parts.append((body, arriving, found))
    count = len(node.inputs) - 1
    wanted = [k for k in range(count) if any(found.get(body.inputs[k]) is not None for body, _, found in parts)]
    bodies = [_body(b, u, [(found.get(v), v) for v in (b.inputs[k] for k in wanted)]) for b, u, found in parts]
    pulled = dict(zip(wanted, _applied(node, bodies, given), strict=True))
    return [None, *map(pulled.get, range(count))]


def push_branch(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    """The tangents of the outputs, from those of the operands."""
    given = [t for t in tangents[1:] if t is not None]
    places = [k for k, t in enumerate(tangents[1:]) if t is not None]
    parts: list[tuple[Graph, list[Variable], Found]] = []
    for body in node.op.bodies:
        arriving = [Variable(t.type) for t in given]
        seeds = {body.inputs[k]: fitted(u, body.inputs[k].type) for k, u in zip(places, arriving, strict=True)}
        parts.append((body, arriving, forward(body.outputs, seeds)))
    count = len(node.outputs)
    moving = [k for k in range(count) if any(found.get(body.outputs[k]) is not None for body, _, found in parts)]
    bodies = [_body(b, u, [(found.get(y), y) for y in (b.outputs[k] for k in moving)]) for b, u, found in parts]
    pushed = dict(zip(moving, _applied(node, bodies, given), strict=True))
    return [pushed.get(k) for k in range(count)]


def _body(body: Graph, arriving: Sequence[Variable], answers: Sequence[tuple[Variable | None, Variable]]) -> Graph:
    """A body that takes also what arrives, and gives derivatives of the shapes of variables: zeros for None."""
    outputs = [zeros_like(v) if d is None else fitted(d, v.type) for d, v in answers]
    fresh = {v: Variable(v.type, name=v.name) for v in body.inputs}
    return Graph([*fresh.values(), *arriving], substitute(outputs, fresh), body.name)


def _applied(node: Apply, bodies: Sequence[Graph], given: Sequence[Variable]) -> Sequence[Variable]:
    return Apply(Branch(tuple(bodies)), (*node.inputs, *given)).outputs if bodies[0].outputs else ()
