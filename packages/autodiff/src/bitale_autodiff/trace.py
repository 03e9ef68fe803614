"""The steps between variables: which applications lead from `wrt` to `outputs`, composites without a rule opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bitale_autodiff.rules.composite import rules_of
from bitale_graph.composite import Renaming, Step, inline
from bitale_graph.functions.logarithm import Logarithms, logarithm, logarithm_of_multiple
from bitale_graph.functions.quotients import sigmoid_quotient
from bitale_graph.graph import toposort
from bitale_graph.last import last_carry
from bitale_graph.laziness import Readers, sink
from bitale_graph.ops.control import Branch, Check, Composite, StopGradient
from bitale_graph.ops.elementwise import Elementwise, log, log1p, true_divide
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast, Dimension, Iota, Pad, Reshape, SetSlice, Slice, Squeeze
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Op, Variable

# How many inputs an op depends on; the others are sizes and indices. Ops not named depend on all.
CONNECTED: dict[type[Op], int] = {
    StopGradient: 0, Dimension: 0, Iota: 0,
    Broadcast: 1, Check: 1, Gather: 1, Reshape: 1, Slice: 1,
    Pad: 2, Scatter: 2, SetSlice: 2,
}  # fmt: skip


def connected_inputs(node: Apply) -> tuple[Variable, ...]:
    """The inputs through which a derivative can flow, even if it is 0."""
    return node.inputs[: CONNECTED.get(type(node.op))]


def steps_between(
    wrt: Iterable[Variable], outputs: Sequence[Variable], constants: Iterable[Variable] = ()
) -> tuple[list[Step], set[Variable]]:
    """The steps that depend on `wrt`, in order, and the variables they connect; `constants` depend on nothing."""
    constants, active = set(constants), set(wrt)
    kept = active | constants | set(outputs)
    readers: Readers | None = None
    steps: list[Step] = []
    pending: list[Step] = list(reversed(toposort(outputs, stop=constants)))
    while pending:
        step = pending.pop()
        if isinstance(step, Renaming):
            pairs = zip(step.outputs, step.inner, strict=True)
            active.update(v for v, inner in pairs if inner in active and v not in constants)
            steps.append(step)
        elif any(v in active for v in connected_inputs(step)):
            if isinstance(step.op, Branch) and readers is None:
                readers = Readers(outputs, kept)
            opened = _equivalent(step, kept, readers)
            if opened is None:
                active.update(v for v in step.outputs if v not in constants)
                steps.append(step)
            else:
                inner, inputs = opened
                pending.append(Renaming(step.outputs, inner))
                pending.extend(reversed(toposort(inner, stop=inputs)))
    return steps, active


Variables = tuple[Variable, ...]


def _equivalent(node: Apply, kept: set[Variable], readers: Readers | None) -> tuple[Variables, Variables] | None:
    """What is differentiated in the node's place, and the variables it is made of; None for the node itself.

    A composite without a rule is its body. What only some bodies of a branch need is differentiated inside them, so
    that nothing flows through the others. log(sigmoid(x)) is -softplus(-x), and log(softmax(x)) log_softmax(x): their
    derivatives do not divide by probabilities that may be 0. 1 / (1 + exp(-x)) is sigmoid(x). The last element that a
    loop collects is its last carry. Not where these are among the `kept` variables, whose derivatives are asked for.
    """
    if isinstance(node.op, Composite):
        rules = rules_of(node.op)
        return (inline(node), node.inputs) if rules.pullback is None and rules.pushforward is None else None
    if isinstance(node.op, Branch) and readers is not None and node in readers.nodes:
        with made_at(node.origin):
            lazy = sink(node, readers)
        return None if lazy is node else (lazy.outputs, lazy.inputs)
    if isinstance(node.op, Squeeze):
        with made_at(node.origin):
            last = last_carry(node)
        if last is None or not kept.isdisjoint((*node.inputs, *node.inputs[0].owner.inputs)):  # type: ignore[union-attr]
            return None
        return (last,), _known_before(last)
    if isinstance(node.op, Elementwise) and node.op.function in (log, log1p):
        find = Logarithms(kept=kept, poles=True)
        with made_at(node.origin):
            stable = logarithm(node, find)
            if stable is None and node.op.function is log:
                stable = logarithm_of_multiple(node, find)
        return None if stable is None else ((stable,), tuple(find.leaves))
    if isinstance(node.op, Elementwise) and node.op.function is true_divide:
        with made_at(node.origin):
            found = sigmoid_quotient(node, kept)
        return None if found is None else ((found[0],), found[1])
    return None


def _known_before(last: Variable) -> Variables:
    """The outputs of the loop whose last carry this is, and what a check around it reads."""
    node = last.owner
    assert node is not None
    return (last,) if not isinstance(node.op, Check) else node.inputs
