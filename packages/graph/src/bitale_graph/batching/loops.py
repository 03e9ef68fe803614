"""Batching of loops: one loop for the whole batch, in which elements whose own loop has ended keep their values."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Lanes, Operand, batched_type, filled, over, refusal
from bitale_graph.functions import moveaxis
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.control.build import Loop, slice_variable, step_variable
from bitale_graph.functions.control.carries import Settled
from bitale_graph.functions.creation import full
from bitale_graph.ops.control import Scan
from bitale_graph.ops.elementwise import CASTS, Elementwise, add, less, logical_and, logical_or, maximum, where
from bitale_graph.ops.reduction import Reduce
from bitale_graph.sized import fitted
from bitale_graph.sizes import size_value
from bitale_graph.variable import Apply, Variable


def batch_scan(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable] | list[Operand]:
    """The outputs of a loop for every element of the batch. Raises MissingRule where arrays of different lengths
    would be collected."""
    return _BatchedLoop(node, operands, lanes).outputs()


class _BatchedLoop:
    """A loop and its batched operands; `steps` are the lengths of the loops of all elements, if these differ."""

    def __init__(self, node: Apply, operands: Sequence[Operand], lanes: Lanes) -> None:
        op: Scan = node.op  # type: ignore[assignment]
        self.op, self.lanes, self.length = op, lanes, lanes.length
        self.given = operands[0].variable
        self.steps = self.given if operands[0].batched else None
        _, self.carries, self.sequences, self.fixed = op.split(operands)
        self.step = step_variable()
        self.going = Variable(batched_type(as_variable(True), self.length), name="going")
        self.doing = self.going if self.steps is None else logical_and(self.going, less(self.step, self.steps))
        if any(x.lengths is not None and (x.axis or self.steps is None) for x in self.sequences):
            raise refusal(op)
        self.slices = [Operand(slice_variable(_leading_steps(x)), x.batched) for x in self.sequences]

    def outputs(self) -> list[Variable] | list[Operand]:
        """The loop's outputs, all with the batch axis in front."""
        inside, results, masked = self._settled()
        if masked and self.op.collected and self.op.conditional and self.op.reverse:
            raise refusal(self.op)
        return self._masked(inside, results) if masked else self._plain(inside, results)

    def _settled(self) -> tuple[list[Operand], list[Operand], bool]:
        """The carries of the body, what it gives, and whether the elements of the batch take different steps."""
        op, count = self.op, self.op.carries
        stacked = [x.batched for x in self.carries]
        masked = self.steps is not None or (op.conditional and self.lanes.active is not None)
        while True:
            types = [batched_type(c, self.length) if b else c.type for c, b in zip(op.body.inputs[1:], stacked)]
            inside = [Operand(Variable(t), b) for t, b in zip(types, stacked, strict=True)]
            results = self._body(inside, masked)
            differs = masked or (op.conditional and results[count].batched)
            wanted = [differs or b or r.batched for b, r in zip(stacked, results, strict=False)]
            if wanted == stacked and differs == masked:
                return inside, results, masked
            stacked, masked = wanted, differs

    def _body(self, carries: Sequence[Operand], masked: bool) -> list[Operand]:
        from bitale_graph.batching import batch_operands

        lanes = Lanes(self.length, self.doing) if masked else self.lanes
        given = [Operand(self.step, False), *carries, *self.slices, *self.fixed]
        found = dict(zip(self.op.body.inputs, given, strict=True))
        return batch_operands(self.op.body.outputs, found, lanes)

    def _loop(self, steps: Variable, carries: Settled) -> Loop:
        loop = Loop(self.op.body.name, size_value(steps), self.step, carries)
        loop.reverse, loop.recompute = self.op.reverse, self.op.recompute
        loop.sequences = [_leading_steps(x) for x in self.sequences]
        loop.slices = [x.variable for x in self.slices]
        return loop

    def _plain(self, inside: Sequence[Operand], results: Sequence[Operand]) -> list[Variable]:
        op, count = self.op, self.op.carries
        first, new = ([self._like(x, c) for x, c in zip(values, inside)] for values in (self.carries, results))
        loop = self._loop(self.given, Settled(first, [c.variable for c in inside], new, 0))
        loop.going = results[count].variable if op.conditional else None
        elements = results[count + op.conditional :]
        loop.collected = [y.variable for y in elements]
        found = loop.apply().outputs
        given = [Operand(v, c.batched) for v, c in zip(found, inside, strict=False)]
        given += [Operand(v, False) for v in found[count : count + op.conditional]]
        given += [
            Operand(moveaxis(v, 1, 0) if y.batched else v, y.batched)
            for v, y in zip(found[count + op.conditional :], elements, strict=True)
        ]
        return [filled(x, self.length) for x in given]

    def _masked(self, inside: Sequence[Operand], results: Sequence[Operand]) -> list[Operand]:
        """Two carries more: which elements still go on, and how many steps each has taken. What is collected has as
        many elements as the longest takes."""
        op, count = self.op, self.op.carries
        going, doing = self.going, self.doing
        taken = Variable(batched_type(self.step, self.length), name="taken")
        values = [self._like(x, c) for x, c in zip(results, inside)]
        new = [where(over(doing, v), v, c.variable) for v, c in zip(values, inside, strict=True)]
        further = going
        if op.conditional:  # a loop from its last step on begins late where there are fewer steps
            further = logical_and(doing, filled(results[count], self.length))
            further = where(doing, further, going) if op.reverse else further
        counts = add(taken, Elementwise(CASTS["int64"])(doing))
        first = [filled(x, self.length) for x in self.carries]
        active = full((self.length,), True) if self.lanes.active is None else self.lanes.active
        first += [active, full((self.length,), 0, "int64")]
        steps = self.given if self.steps is None else Reduce(maximum, (0,))(self.steps)
        carries = Settled(first, [*(c.variable for c in inside), going, taken], [*new, further, counts], 0)
        loop = self._loop(steps, carries)
        loop.going = Reduce(logical_or, (0,))(further) if op.conditional else None
        loop.collected = [filled(y, self.length) for y in results[count + op.conditional :]]
        found = loop.apply().outputs
        counted = found[count + 1]
        ends = [Operand(v, True) for v in (*found[:count], *([counted] if op.conditional else []))]
        elements = found[count + 2 + op.conditional :]
        return [*ends, *(Operand(moveaxis(v, 1, 0), True, counted) for v in elements)]

    def _like(self, x: Operand, c: Operand) -> Variable:
        """A value of the carry c, with the batch axis if that has it."""
        return fitted(filled(x, self.length) if c.batched else x.variable, c.variable.type)


def _leading_steps(x: Operand) -> Variable:
    """A sequence with the axis of steps in front, the batch axis behind it."""
    return moveaxis(x.variable, 1, 0) if x.batched else x.variable
