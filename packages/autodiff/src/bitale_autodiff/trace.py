"""The steps between variables: which applications lead from `wrt` to `outputs`, composites without a rule opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bitale_autodiff.rules.composite import rules_of
from bitale_graph.graph import substitute, toposort
from bitale_graph.ops.control import Check, Composite, StopGradient
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast, Dimension, Iota, Pad, Reshape, SetSlice, Slice
from bitale_graph.variable import Apply, Op, Variable

# How many inputs an op depends on; the others are sizes and indices. Ops not named depend on all.
CONNECTED: dict[type[Op], int] = {
    StopGradient: 0, Dimension: 0, Iota: 0,
    Broadcast: 1, Check: 1, Gather: 1, Reshape: 1, Slice: 1,
    Pad: 2, Scatter: 2, SetSlice: 2,
}  # fmt: skip


@dataclass(frozen=True)
class Renaming:
    """The outputs of a composite are these variables of its opened body."""

    outputs: tuple[Variable, ...]
    inner: tuple[Variable, ...]


Step = Apply | Renaming


def connected_inputs(node: Apply) -> tuple[Variable, ...]:
    """The inputs through which a derivative can flow, even if it is 0."""
    return node.inputs[: CONNECTED.get(type(node.op))]


def steps_between(
    wrt: Iterable[Variable], outputs: Sequence[Variable], constants: Iterable[Variable] = ()
) -> tuple[list[Step], set[Variable]]:
    """The steps that depend on `wrt`, in order, and the variables they connect; `constants` depend on nothing."""
    constants = set(constants)
    active = set(wrt)
    steps: list[Step] = []
    pending: list[Step] = list(reversed(toposort(outputs, stop=constants)))
    while pending:
        step = pending.pop()
        if isinstance(step, Renaming):
            pairs = zip(step.outputs, step.inner, strict=True)
            active.update(v for v, inner in pairs if inner in active and v not in constants)
            steps.append(step)
        elif any(v in active for v in connected_inputs(step)):
            if is_opened(step.op):
                inner = opened(step)
                pending.append(Renaming(step.outputs, tuple(inner)))
                pending.extend(reversed(toposort(inner, stop=step.inputs)))
            else:
                active.update(v for v in step.outputs if v not in constants)
                steps.append(step)
    return steps, active


def is_opened(op: Op) -> bool:
    """Whether an op is a composite that is differentiated through its body."""
    if not isinstance(op, Composite):
        return False
    rules = rules_of(op)
    return rules.pullback is None and rules.pushforward is None


def opened(node: Apply) -> list[Variable]:
    """The outputs of a composite as expressions of its inputs."""
    return substitute(node.op.body.outputs, dict(zip(node.op.body.inputs, node.inputs, strict=True)))
