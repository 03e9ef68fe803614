"""A loop taken apart: what it counts, carries, reads and collects, as lists that can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bitale_graph.graph import Graph, substitute, toposort
from bitale_graph.ops.control import Scan
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Variable

Told = Callable[[str, Apply, Sequence[Variable]], None]  # what was done, to which node, what replaces its outputs


@dataclass(eq=False)
class Carry:
    """The variable of the body, its first value, its new one, and the output that is its last one."""

    variable: Variable
    first: Variable
    new: Variable
    last: Variable | None


@dataclass(eq=False)
class Read:
    """A variable of the body, and the sequence of which it is a slice, or the value outside that it is."""

    variable: Variable
    outer: Variable


@dataclass(eq=False)
class Collected:
    """A value of the body, and the output that it is collected in (None: of a loop not built yet)."""

    value: Variable
    output: Variable | None


class Form:
    """A loop that is being changed. `results` are outputs whose values became known otherwise."""

    def __init__(self, node: Apply, inputs: Sequence[Variable]) -> None:
        op = node.op
        assert isinstance(op, Scan)
        self.node, self.op = node, op
        self.length, firsts, sequences, fixed = op.split(inputs)
        self.step, carried, slices, rest = op.split(op.body.inputs)
        new, after = op.body.outputs[: op.carries], op.carries + op.conditional
        self.carries = [Carry(*each) for each in zip(carried, firsts, new, node.outputs, strict=False)]
        self.sequences = [Read(*each) for each in zip(slices, sequences, strict=True)]
        self.fixed = [Read(*each) for each in zip(rest, fixed, strict=True)]
        self.going = op.body.outputs[op.carries] if op.conditional else None
        self.taken = node.outputs[op.carries] if op.conditional else None
        self.collected = [Collected(*each) for each in zip(op.body.outputs[after:], node.outputs[after:], strict=True)]
        self.results: dict[Variable, Variable] = {}
        self.changes: list[str] = []  # what was done, in the words of explain()

    def change(self, what: str) -> None:
        """Note that something was done."""
        if what not in self.changes:
            self.changes.append(what)

    def values(self) -> list[Variable]:
        """What the body computes."""
        going = [] if self.going is None else [self.going]
        return [*(c.new for c in self.carries), *going, *(c.value for c in self.collected)]

    def nodes(self, values: Iterable[Variable] | None = None) -> list[Apply]:
        """The applications in the body behind `values`, or behind all."""
        return toposort(self.values() if values is None else values)

    def replace(self, replacements: Mapping[Variable, Variable], why: str) -> None:
        """Put others in the place of variables of the body."""
        if not replacements:
            return
        self.change(why)
        new = iter(substitute(self.values(), replacements))
        for carry in self.carries:
            carry.new = next(new)
        if self.going is not None:
            self.going = next(new)
        for collected in self.collected:
            collected.value = next(new)

    def rename(self, step: Variable) -> None:
        """Give the body variables of its own, but for `step`."""
        named: list[Carry | Read] = [*self.carries, *self.sequences, *self.fixed]
        fresh = {each.variable: _like(each.variable) for each in named}
        self.replace({self.step: step, **fresh}, "renamed")
        self.step = step
        for each in named:
            each.variable = fresh[each.variable]

    def fix(self, outer: Variable, like: Variable) -> Variable:
        """A variable of the body for a value from outside."""
        made = _like(like)
        self.fixed.append(Read(made, outer))
        return made

    def outside(self, values: Sequence[Variable]) -> list[Variable]:
        """Values of the body that only fixed ones go into, as expressions outside."""
        return substitute(values, {read.variable: read.outer for read in self.fixed})

    def build(self) -> dict[Variable, Variable]:
        """What each output of the old loop is now. Outputs are filled in where they were not known."""
        reads = [*self.sequences, *self.fixed]
        body = Graph([self.step, *(c.variable for c in self.carries), *(r.variable for r in reads)], self.values(),
                     self.op.body.name)  # fmt: skip
        op = replace(self.op, body=body, carries=len(self.carries), sequences=len(self.sequences))
        inputs = [self.length, *(c.first for c in self.carries), *(r.outer for r in reads)]
        with made_at(self.node.origin):
            outputs = iter(Apply(op, inputs, self.node.origin).outputs)
        found: dict[Variable, Variable] = {}
        for carry, out in zip(self.carries, outputs, strict=False):
            if carry.last is not None:
                found[carry.last] = out
        if self.taken is not None:
            found[self.taken] = next(outputs)
        for collected, out in zip(self.collected, outputs, strict=True):
            if collected.output is not None:
                out.name = collected.output.name
                found[collected.output] = out
            collected.output = out
        return found | {old: found.get(new, new) for old, new in self.results.items()}


def _like(v: Variable) -> Variable:
    return Variable(v.type, name=v.name, origin=v.origin)
