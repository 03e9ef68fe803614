"""The pushforward of a loop: one loop that carries values and their tangents, with memory for one step."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.forward import forward
from bitale_autodiff.loop_parts import Pairs, Parts
from bitale_autodiff.rules.tables import Tangents
from bitale_autodiff.shaping import zeros_like
from bitale_graph.functions.control.build import Loop, slice_variable, step_variable
from bitale_graph.functions.control.carries import Settled
from bitale_graph.graph import substitute
from bitale_graph.ops.control import Scan
from bitale_graph.sized import fitted
from bitale_graph.sizes import size_value
from bitale_graph.variable import Apply, Variable


def push_scan(node: Apply, tangents: Sequence[Variable | None]) -> Tangents:
    """The tangents of the outputs of a loop, from those of its inputs."""
    op: Scan = node.op  # type: ignore[assignment]
    parts, outputs = Parts.of(node), op.body.outputs
    given = {v: t for v, t in zip(parts.all, tangents[1:], strict=True) if t is not None}
    moving = {x: slice_variable(given[x]) for x in parts.slices if x in given}
    steady = {w: given[w] for w in parts.fixed if w in given}
    new = dict(zip(parts.carries, outputs, strict=False))
    live = {c: Variable(c.type) for c in parts.carries if c in given}
    while True:
        found = forward(outputs, {**live, **moving, **steady})
        further = {c: Variable(c.type) for c, v in new.items() if found.get(v) is not None and c not in live}
        if not further:
            break
        live |= further
    elements = [found.get(y) for y in outputs[op.carries + op.conditional :]]
    pushed = [fitted(t, c.type) if (t := found.get(new[c])) is not None else zeros_like(live[c]) for c in live]
    first = [zeros_like(parts.carries[c]) if c not in given else fitted(given[c], c.type) for c in live]
    loop = _loop(node, parts, Settled(first, list(live.values()), pushed, 0), moving, given)
    loop.collected = [t for t in elements if t is not None]
    results = iter(_run(loop, parts))
    last = {c: next(results) for c in live}
    stacked = [None if t is None else next(results) for t in elements]
    return [*(last.get(c) for c in parts.carries), *([None] if op.conditional else []), *stacked]


def _loop(node: Apply, parts: Parts, tangents: Settled, moving: Pairs, given: Pairs) -> Loop:
    """A loop like `node` that carries the tangents after the values."""
    op: Scan = node.op  # type: ignore[assignment]
    values = op.body.outputs[: op.carries]
    carries = Settled(
        [*parts.carries.values(), *tangents.first], [*parts.carries, *tangents.inside], [*values, *tangents.new], 0
    )
    loop = Loop(f"d {op.body.name}" if op.body.name else None, size_value(node.inputs[0]), parts.step, carries)
    loop.going = op.body.outputs[op.carries] if op.conditional else None
    loop.sequences = [*parts.slices.values(), *(given[x] for x in moving)]
    loop.slices = [*parts.slices, *moving.values()]
    loop.reverse, loop.recompute = op.reverse, op.recompute
    return loop


def _run(loop: Loop, parts: Parts) -> Sequence[Variable]:
    """The tangents that the loop gives, with new variables in place of those of the old loop's body."""
    fresh = {v: Variable(v.type, name=v.name) for v in (*parts.carries, *parts.slices)}
    flag = [] if loop.going is None else [loop.going]
    outputs = [*loop.carries.new, *flag, *loop.collected]
    step = step_variable()
    results = substitute(outputs, {**fresh, **parts.fixed, parts.step: step})
    count = len(loop.carries.new)
    loop.step = step
    loop.carries.inside[:] = [fresh.get(v, v) for v in loop.carries.inside]
    loop.carries.new[:] = results[:count]
    loop.slices = [fresh.get(v, v) for v in loop.slices]
    loop.going, loop.collected = (results[count], results[count + 1 :]) if flag else (None, results[count:])
    found = loop.apply().outputs
    return [*found[len(parts.carries) : count], *found[count + len(flag) :]]
