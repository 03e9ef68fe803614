"""Theano's scan: a step function over slices of sequences, its own earlier outputs, and whatever else it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.control.answers import Answer, answer_of
from bitale_graph.functions.control.build import Loop, slice_variable, step_variable
from bitale_graph.functions.control.capture import called, described, result_variable
from bitale_graph.functions.control.carries import Carry, Settled, adapted, settle
from bitale_graph.functions.control.lengths import checked_at_most, step_count
from bitale_graph.functions.control.loop import changing_scalar
from bitale_graph.functions.control.segments import segmented
from bitale_graph.functions.control.states import advance, advancing, carried, check_closed
from bitale_graph.functions.control.taps import OutputTaps, SequenceTaps, output_taps, sequence_taps
from bitale_graph.functions.control.truncation import truncated
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import equal, logical_not, logical_or
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_minimum, size_variable
from bitale_graph.variable import Variable

SHORTEN = "Give n_steps, or cut them to one length: x[:n]."


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: Any = False,
    allow_gc: Any = None,
    strict: bool = False,
    return_list: bool = False,
    *,
    checkpoint: Any = None,
) -> tuple[Any, dict[Variable, Variable]]:
    """A loop as in Theano: (outputs, updates), where output k has the values of all steps along axis 0.

    `fn` is called once, with variables: for each sequence its taps, for each output with a past its taps, then the
    non-sequences. It returns one output or a list of them; also (outputs, updates), with a dict or pairs of shared
    variables and new values; also, last, until(condition), which ends the loop after the step in which it holds.

    sequences: arrays, or dict(input=x, taps=[-1, 0]): at step t the elements x[t - 1], x[t]. The first step is the
    first for which all taps exist, the last likewise. outputs_info: for each output None, if `fn` does not read it; its
    first value, if it reads the step before; or dict(initial=rows, taps=[-1, -3]), rows being y[-3], y[-2], y[-1].
    non_sequences: what else is passed to `fn`. It may also use other variables, unless `strict`.
    n_steps: an integer or integer scalar variable, at most the number of steps that sequences allow; needed without
    sequences. go_backwards: sequences are read from their ends. truncate_gradient: derivatives go through that many
    last steps only; -1 for all. checkpoint: "sqrt", or after how many steps a gradient keeps what is carried; the
    steps between are computed again, which saves memory. return_list: a list of outputs also where there is one.
    `mode`, `profile` and `allow_gc` are there for Theano's programs; the loop is compiled with the function it is in.

    Shared variables that `fn` updates, and random numbers drawn in it, advance at every step; `updates` has their last
    values, for function(..., updates=updates). None as outputs stands for no output.

    Raises ArgumentError, ShapeError and DtypeError, which name `fn` and its line: for a wrong number of outputs, an
    output whose dtype or shape is not that of its past, taps that cannot be, lengths that differ or do not suffice
    (when the function runs, if they are not known before), a negative n_steps, variables used under `strict`.
    """
    where = f"scan: {described(fn)}"
    streams = [sequence_taps(where, k, each) for k, each in enumerate(_entries(sequences))]
    outputs = None if outputs_info is None else [output_taps(where, k, v) for k, v in enumerate(_entries(outputs_info))]
    others = [as_variable(v) for v in _entries(non_sequences)]
    step = _Step(where, fn, streams, outputs or [], others, strict, outputs is not None)
    steps = _steps(where, streams, n_steps)
    carries = [carry for output in step.outputs for carry in _carries(where, output)]
    settled, answer = settle(where, carries, step.trace)
    step.find_states(answer, settled)
    flag = [] if answer.condition is None else [logical_not(answer.condition)]
    collected = carried(where, settled, [*flag, *answer.outputs], answer.updates)
    loop = Loop(name or getattr(fn, "__name__", None), steps, step_variable(), settled)
    loop.sequences = [x for stream in streams for x in stream.slices(steps, go_backwards)]
    loop.slices = step.slices
    loop.going, loop.collected = (collected[0], collected[1:]) if flag else (None, collected)
    if truncate_gradient != -1 and checkpoint is not None:
        raise ArgumentError(f"{where}: give truncate_gradient or checkpoint, not both")
    node = loop.apply()
    results = segmented(where, node, checkpoint) if checkpoint else truncated(where, node, truncate_gradient)
    updates = dict(zip(answer.updates, results.last[len(carries) :], strict=True))
    advance({v: last for v, last in updates.items() if v.serial >= settled.since})
    return _returned(results.collected, return_list), updates


class _Step:
    """The step function, and the variables with which it is called."""

    def __init__(
        self, where: str, fn: Callable[..., Any], streams: Sequence[SequenceTaps], outputs: Sequence[OutputTaps],
        others: list[Variable], strict: bool, counted: bool,
    ) -> None:  # fmt: skip
        self.where, self.fn, self.outputs, self.others, self.strict = where, fn, list(outputs), others, strict
        self.counted = counted
        self.slices = [slice_variable(s.x, _tapped(s.x.name, tap)) for s in streams for tap in s.taps]

    def trace(self, inside: list[Variable]) -> tuple[list[Variable], Answer]:
        """Call the function: the new values of what is carried, and all that it returned, as variables."""
        remaining = iter(inside)
        pasts = [list(islice(remaining, output.depth)) for output in self.outputs]
        tapped = [past[-tap - 1] for output, past in zip(self.outputs, pasts) for tap in output.taps]
        answer = answer_of(self.where, called("scan", self.fn, [*self.slices, *tapped, *self.others]))
        self._check_count(answer)
        for k, y in enumerate(answer.outputs):
            fitting = adapted(y, pasts[k][0].dtype) if k < len(pasts) and pasts[k] else y
            answer.outputs[k] = result_variable(self.where, f"output {k}", fitting)
        if answer.condition is not None:
            answer.condition = changing_scalar(self.where, "the condition of until", answer.condition)
        return [v for past, y in zip(pasts, answer.outputs) if past for v in (y, *past[:-1])], answer

    def find_states(self, answer: Answer, carries: Settled) -> None:
        """Add the updates of what advances by itself, and see that nothing else is read under `strict`."""
        results = [*answer.outputs, *answer.updates.values(), answer.condition]
        read = [v for v in results if isinstance(v, Variable)]
        answer.updates |= advancing(read, carries.since, answer.updates)
        if self.strict:
            given = [*carries.inside, *self.slices, *self.others, *answer.updates]
            check_closed(self.where, read, carries.since, given)

    def _check_count(self, answer: Answer) -> None:
        if self.counted and len(answer.outputs) != len(self.outputs):
            raise ArgumentError(
                f"{self.where} returns {len(answer.outputs)} outputs; outputs_info has {len(self.outputs)} entries\n"
                "  Give one entry per output: its first value, or None where the function does not read it."
            )


def _carries(where: str, output: OutputTaps) -> list[Carry]:
    if not output.depth:
        return []
    name = output.initial.name if isinstance(output.initial, Variable) else None
    past = output.past(where)
    return [Carry(first, output.label, _tapped(name, -1 - k)) for k, first in enumerate(past)]


def _tapped(name: str | None, tap: int) -> str | None:
    return None if name is None else f"{name}[t{tap:+d}]" if tap else f"{name}[t]"


def _entries(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _steps(where: str, streams: Sequence[SequenceTaps], given: Any) -> Size:
    if given is not None:
        steps = step_count(where, "n_steps", given)
        for s in streams:
            message = f"{where}: n_steps is more than the sequence {s.label} allows"
            steps = checked_at_most(message, steps, s.steps, [s.x])
        return steps
    if not streams:
        raise ArgumentError(f"{where}: how many steps are wanted? Give n_steps, or sequences")
    first, *others = streams
    steps = first.steps
    for other in others:
        steps = _agreed(where, first, other, steps)
    return steps


def _agreed(where: str, first: SequenceTaps, other: SequenceTaps, steps: Size) -> Size:
    """The number of steps for both sequences, which must be equally long, or be so once taps are taken off."""
    lengths, counts = (shape_of(first.x)[0], shape_of(other.x)[0]), (first.steps, other.steps)
    fewest = size_minimum(steps, other.steps) if first.window != other.window else steps
    if same_size(*lengths) or same_size(*counts):
        return fewest
    message = f"{where}: the sequences {first.label} and {other.label} have different lengths"
    if all(isinstance(n, int) for n in lengths):
        raise ShapeError(explain(f"{message}: {lengths[0]} and {lengths[1]}", [first.x, other.x], SHORTEN))
    fitting = logical_or(equal(*lengths), equal(*counts))
    shown = map(size_variable, lengths)
    return Check(f"{message}: {{0}} and {{1}}\n  {SHORTEN}", ShapeError)(size_variable(fewest), fitting, *shown)


def _returned(outputs: list[Variable], as_list: bool) -> Any:
    if as_list or len(outputs) > 1:
        return outputs
    return outputs[0] if outputs else None
