"""From the parts of a loop to its node in the graph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from bitale_graph.functions.control.capture import captured
from bitale_graph.functions.control.carries import Settled
from bitale_graph.functions.control.results import Results
from bitale_graph.functions.control.segments import segmented
from bitale_graph.functions.control.states import advance, advancing, carried
from bitale_graph.ops.control import Scan
from bitale_graph.sizes import Size, size_variable
from bitale_graph.types import SCALAR_SIZE
from bitale_graph.variable import Apply, Variable


@dataclass
class Loop:
    """The parts of a loop: variables of the body, what they stand for outside, and what the body computes.

    `slices` are one element of each of `sequences`; `going` says whether to go on, None in a loop that always does.
    """

    name: str | None
    length: Size
    step: Variable
    carries: Settled
    sequences: list[Variable] = field(default_factory=list)
    slices: list[Variable] = field(default_factory=list)
    collected: list[Variable] = field(default_factory=list)
    going: Variable | None = None
    reverse: bool = False
    recompute: bool = False

    def run(self, where: str, checkpoint: Any = None) -> Results:
        """The loop in the graph, in which shared variables that advance by themselves do so at every step."""
        flag = [] if self.going is None else [self.going]
        updates = advancing([*self.carries.new, *flag, *self.collected], self.carries.since, {})
        count = len(self.carries.new)
        read = carried(where, self.carries, [*flag, *self.collected], updates)
        self.going, self.collected = (read[0], read[1:]) if flag else (None, read)
        results = segmented(where, self.apply(), checkpoint)
        advance(dict(zip(updates, results.last[count:], strict=True)))
        return replace(results, last=results.last[:count])

    def apply(self) -> Apply:
        """The loop in the graph."""
        carries = self.carries
        flag = [] if self.going is None else [self.going]
        inside = [self.step, *carries.inside, *self.slices]
        body, fixed = captured(inside, [*carries.new, *flag, *self.collected], self.name)
        op = Scan(body, len(carries.first), len(self.sequences), self.going is not None, self.reverse, self.recompute)
        return Apply(op, (size_variable(self.length), *carries.first, *self.sequences, *fixed))


def step_variable() -> Variable:
    """The number of the step, in a body."""
    return Variable(SCALAR_SIZE, name="step")


def slice_variable(sequence: Variable, name: str | None = None) -> Variable:
    """One element of a sequence, in a body."""
    return Variable(sequence.type.with_shape(sequence.type.shape[1:]), name=name)
