"""Forward mode: tangents flow from the inputs on; an op without a pushforward uses two pullbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitale_autodiff.reverse import probes, pull, transpose
from bitale_autodiff.rules import PUSHFORWARDS
from bitale_autodiff.rules.composite import rules_of
from bitale_autodiff.rules.tables import Tangents
from bitale_autodiff.trace import Renaming, steps_between
from bitale_graph.dtypes import is_differentiable
from bitale_graph.ops.control import Composite
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Variable


def forward(outputs: Sequence[Variable], seeds: Mapping[Variable, Variable]) -> dict[Variable, Variable | None]:
    """The tangents of `outputs`, and of all between, where those of the keys of `seeds` are given.

    The absence of a key says that the variable does not depend on any; None is a tangent of 0.
    Raises MissingRule where neither a pushforward nor a pullback is known.
    """
    steps, _ = steps_between(seeds, outputs)
    found: dict[Variable, Variable | None] = dict(seeds)
    for step in steps:
        if isinstance(step, Renaming):
            tangents: Tangents = [found.get(v) for v in step.inner]
        else:
            with made_at(step.origin):
                tangents = _push(step, [found.get(v) for v in step.inputs])
        for variable, t in zip(step.outputs, tangents, strict=True):
            if variable not in seeds:
                found[variable] = t if is_differentiable(variable.dtype) else None
    return found


def _push(node: Apply, tangents: list[Variable | None]) -> Tangents:
    nothing: Tangents = [None] * len(node.outputs)
    if all(t is None for t in tangents) or not any(is_differentiable(v.dtype) for v in node.outputs):
        return nothing
    rule = rules_of(node.op).pushforward if isinstance(node.op, Composite) else PUSHFORWARDS.find(node.op)
    found = None if rule is None else rule(node, tangents)
    return two_pullbacks(node, tangents) if found is None else found


def two_pullbacks(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    """The pullback is linear in the cotangents u, so its own pullback, at u = 0, is the pushforward."""
    cotangents = probes(node.outputs)
    contributions = pull(node, cotangents)
    pulled = [c() if callable(c) and t is not None else c for c, t in zip(contributions, tangents, strict=False)]
    return transpose(pulled, cotangents, tangents)  # type: ignore[arg-type]
