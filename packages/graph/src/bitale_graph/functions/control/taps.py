"""Theano's taps: which neighbours of an element a step reads, of sequences and of its own earlier outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bitale_graph.dtypes import is_weak
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.control.lengths import checked_at_most
from bitale_graph.functions.movement import squeeze
from bitale_graph.functions.slicing import basic_slice
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_subtract
from bitale_graph.variable import Variable


@dataclass(frozen=True)
class SequenceTaps:
    """A sequence x, of which the step t reads the elements x[t + tap]."""

    x: Variable
    taps: tuple[int, ...]
    label: str
    where: str

    @property
    def before(self) -> int:
        """How many elements come before the first that has tap 0."""
        return -min(*self.taps, 0)

    @property
    def window(self) -> int:
        """How many elements fewer than x has there are steps."""
        return self.before + max(*self.taps, 0)

    @property
    def steps(self) -> Size:
        """The number of steps that fit."""
        length = shape_of(self.x)[0]
        if isinstance(length, int) and length < self.window:
            needs = f"has {length} elements; its taps {list(self.taps)} need {self.window}"
            raise ShapeError(explain(f"{self.where}: the sequence {self.label} {needs}", [self.x]))
        return size_subtract(length, self.window) if self.window else length

    def slices(self, steps: Size, backwards: bool) -> list[Variable]:
        """One sequence of `steps` elements for each tap; `backwards` the last step comes first."""
        starts = [tap + self.before for tap in self.taps]
        if backwards:  # all that fit are reversed, then cut
            return [strip(self.x, size_add(self.steps, start - 1), steps, -1) for start in starts]
        return [strip(self.x, start, steps) for start in starts]


@dataclass(frozen=True)
class OutputTaps:
    """An output y, of which the step t reads y[t + tap]; those before y[0] are the rows of `initial`.

    With the only tap -1 `initial` is that one element itself. An output that is not read has no taps.
    """

    initial: Any
    taps: tuple[int, ...]
    label: str

    @property
    def depth(self) -> int:
        """How many elements of the past are kept."""
        return max((-tap for tap in self.taps), default=0)

    def past(self, where: str) -> list[Any]:
        """The first values of what is kept: y[-1], y[-2], ... Raises ShapeError where `initial` has too few rows."""
        if self.taps == (-1,):
            return [self.initial if is_weak(self.initial) else as_variable(self.initial)]
        initial = as_variable(self.initial)
        message = f"{where}: {self.label} has taps {list(self.taps)} and needs {self.depth} initial rows"
        if not initial.ndim:
            raise ShapeError(explain(f"{message}, not a scalar", [initial]))
        rows = shape_of(initial)[0]
        message = f"{message}; the initial value has fewer"
        end = checked_at_most(message, self.depth, rows, [initial])
        return [squeeze(strip(initial, size_add(end, -1 - k), 1), 0) for k in range(self.depth)]


def strip(x: Variable, start: Size, count: Size, step: int = 1) -> Variable:
    """The elements start, start + step, ... of the first axis, `count` of them, which are there."""
    return basic_slice(x, [(start, count, step), *((0, n, 1) for n in shape_of(x)[1:])])


def sequence_taps(where: str, number: int, given: Any) -> SequenceTaps:
    """One entry of scan's `sequences`: an array, or a dict with `input` and `taps`."""
    entry = given if isinstance(given, Mapping) else {"input": given}
    _check_keys(f"{where}: sequence {number}", entry, ("input", "taps"))
    if "input" not in entry:
        raise ArgumentError(f"{where}: the dict of sequence {number} has no 'input'")
    x = as_variable(entry["input"])
    label = f"`{x.name}`" if x.name else str(number)
    if not x.ndim:
        raise ShapeError(explain(f"{where}: the sequence {label} is a scalar; loops run over the first axis", [x]))
    taps = _taps(f"{where}: the sequence {label}", entry.get("taps"), (0,))
    return SequenceTaps(x, taps or (0,), label, where)


def output_taps(where: str, number: int, given: Any) -> OutputTaps:
    """One entry of scan's `outputs_info`: None, the initial value, or a dict with `initial` and `taps`."""
    label = f"output {number}"
    if given is None:
        return OutputTaps(None, (), label)
    entry = given if isinstance(given, Mapping) else {"initial": given}
    _check_keys(f"{where}: {label}", entry, ("initial", "taps", "inplace", "return_steps"))
    initial = entry.get("initial")
    if initial is None:
        if entry.get("taps") is not None:
            raise ArgumentError(f"{where}: {label} has taps {entry['taps']} but no 'initial' value to start from")
        return OutputTaps(None, (), label)
    if "taps" in entry and entry["taps"] is None:
        return OutputTaps(None, (), label)
    taps = _taps(f"{where}: {label}", entry.get("taps"), (-1,))
    if any(tap >= 0 for tap in taps):
        problem = f"{where}: {label} has taps {list(taps)}"
        raise ArgumentError(f"{problem}; a step can read only earlier outputs: -1, -2, ...")
    return OutputTaps(initial, taps, label)


def _taps(where: str, taps: Any, default: tuple[int, ...]) -> tuple[int, ...]:
    if taps is None:
        return default
    found = tuple(taps) if isinstance(taps, Sequence) else (taps,)
    if not all(isinstance(tap, int) for tap in found):
        raise ArgumentError(f"{where}: taps are Python integers, not {taps!r}")
    if len(set(found)) != len(found):
        raise ArgumentError(f"{where}: a tap stands twice in {list(found)}")
    return found


def _check_keys(where: str, entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = [key for key in entry if key not in known]
    if unknown:
        raise ArgumentError(f"{where}: the dict has the key {unknown[0]!r}; known are {', '.join(known[:2])}")
