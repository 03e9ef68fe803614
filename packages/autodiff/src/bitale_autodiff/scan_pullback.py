"""The pullback of a loop: a loop through the steps in the opposite order, which carries cotangents.

Its body is the pullback of the body. What that reads of the values of the forward loop is collected by a second loop
with the same inputs, which rewriting makes one with the first, or is computed again where that is cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bitale_autodiff.loop_parts import Pairs, Parts
from bitale_autodiff.reverse import defined, pull, reverse
from bitale_autodiff.rules.tables import Contribution, Contributions
from bitale_autodiff.saving import read_by, to_save
from bitale_autodiff.shaping import zeros_like
from bitale_graph.dtypes import is_differentiable
from bitale_graph.functions.control.build import Loop, slice_variable, step_variable
from bitale_graph.functions.control.carries import Settled
from bitale_graph.functions.control.pieces import counted
from bitale_graph.graph import Graph, leaves, substitute
from bitale_graph.ops.control import Scan
from bitale_graph.sized import fitted
from bitale_graph.sizes import size_value
from bitale_graph.variable import Apply, Variable


def pull_scan(node: Apply, *cotangents: Variable | None) -> Contributions:
    """The cotangents of the inputs of a loop, from those of its outputs."""
    op: Scan = node.op  # type: ignore[assignment]
    if not op.conditional:
        return _pull(node, cotangents)
    whole = counted(node)
    pulled = _pull(whole, [g for k, g in enumerate(cotangents) if k != op.carries])
    return [_spread(x, done, g) for x, done, g in zip(node.inputs, whole.inputs, pulled, strict=False)]


def _spread(x: Variable, done: Variable, g: Contribution) -> Contribution:
    """The cotangent of an input of which the steps that were taken read only the part `done`."""
    if done is x or not isinstance(g, Variable) or done.owner is None:
        return g
    return pull(done.owner, [g])[0]


def _pull(whole: Apply, cotangents: Sequence[Variable | None]) -> Contributions:
    """The cotangents of the inputs of a loop without a condition."""
    op: Scan = whole.op  # type: ignore[assignment]
    last, collected = cotangents[: op.carries], cotangents[op.carries :]
    parts, body = Parts.of(whole), whole.op.body
    new, elements = body.outputs[: op.carries], body.outputs[op.carries :]
    arriving = {g: slice_variable(g) for g in dict.fromkeys(collected) if g is not None}
    live = {c: slot for c, slot, g in zip(parts.carries, new, last, strict=True) if g is not None}
    while True:
        flowing = {c: Variable(c.type) for c in live}
        seeds = _seeds(
            [*((live[c], u) for c, u in flowing.items()),
             *((y, arriving[g]) for y, g in zip(elements, collected, strict=True) if g is not None)]
        )  # fmt: skip
        found = {v: defined(g) for v, g in reverse(seeds, parts.differentiable).items()}
        further = {c: slot for c, slot in zip(parts.carries, new, strict=True) if found.get(c) is not None} | live
        if len(further) == len(live):
            break
        live = further
    ends = dict(zip(parts.carries, last, strict=True))
    return _Reverse(whole, parts, flowing, arriving, found).contributions(ends)


def _seeds(pairs: Sequence[tuple[Variable, Variable]]) -> Pairs:
    seeds: Pairs = {}
    for v, g in pairs:
        if is_differentiable(v.dtype):
            seeds[v] = seeds[v] + g if v in seeds else g
    return seeds


@dataclass
class _Reverse:
    """The reverse loop: `flowing` are cotangents of carries, `arriving` those of what was collected, in its body;
    `found` are the cotangents there of the variables of the forward body."""

    node: Apply
    parts: Parts
    flowing: Pairs
    arriving: Pairs
    found: Mapping[Variable, Variable | None]

    def contributions(self, ends: Mapping[Variable, Variable | None]) -> Contributions:
        """One contribution per input of the loop; `ends` are the cotangents of the last carries."""
        parts = self.parts
        totals = {w: Variable(w.type) for w in parts.fixed if self.found.get(w) is not None}
        pulled = [x for x in parts.slices if self.found.get(x) is not None]
        new = [self._cotangent(c) for c in self.flowing]
        new += [total + self._cotangent(w) for w, total in totals.items()]
        first = [self._end(c, ends[c]) for c in self.flowing] + [zeros_like(parts.fixed[w]) for w in totals]
        carries = Settled(first, [*self.flowing.values(), *totals.values()], new, 0)
        node = self._loop(carries, [self._cotangent(x) for x in pulled])
        answers = dict(zip([*self.flowing, *totals, *pulled], node.outputs, strict=True))
        return [None, *(answers.get(v) for v in (*parts.carries, *parts.slices, *parts.fixed))]

    def _cotangent(self, v: Variable) -> Variable:
        g = self.found.get(v)
        return zeros_like(self.flowing[v]) if g is None else fitted(g, v.type)

    def _end(self, c: Variable, g: Variable | None) -> Variable:
        return zeros_like(self.parts.carries[c]) if g is None else fitted(g, c.type)

    def _loop(self, carries: Settled, collected: Sequence[Variable]) -> Apply:
        """The node of the reverse loop; its body reads elements of what the forward loop read and of what is saved."""
        parts, op = self.parts, self.node.op
        outputs = [*carries.new, *collected]
        sizes = parts.sizes(outputs)
        read = read_by(outputs, [*carries.inside, *self.arriving.values()])
        saved = to_save(read, [parts.step, *parts.slices, *parts.fixed, *sizes], parts.fixed, op.recompute)
        sequences = dict(zip(saved, _histories(self.node, saved), strict=True)) | parts.slices
        slices = {v: slice_variable(history, v.name) for v, history in sequences.items()}
        step = step_variable()
        results = substitute(outputs, {**slices, **parts.fixed, **sizes, parts.step: step})
        used = set(leaves(results))
        kept = [v for v, inside in slices.items() if inside in used]
        carries.new[:] = results[: len(carries.new)]
        loop = Loop(f"d {op.body.name}" if op.body.name else None, size_value(self.node.inputs[0]), step, carries)
        loop.sequences = [*self.arriving, *(sequences[v] for v in kept)]
        loop.slices = [*self.arriving.values(), *(slices[v] for v in kept)]
        loop.collected = results[len(carries.new) :]
        loop.reverse, loop.recompute = not op.reverse, op.recompute
        return loop.apply()


def _histories(node: Apply, values: Sequence[Variable]) -> Sequence[Variable]:
    """What values of the body of a loop are at every step, collected by a loop like it."""
    if not values:
        return []
    op: Scan = node.op  # type: ignore[assignment]
    body = Graph(op.body.inputs, [*op.body.outputs[: op.carries], *values], op.body.name)
    return Apply(replace(op, body=body), node.inputs).outputs[op.carries :]
