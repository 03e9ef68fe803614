"""How many steps a loop takes: agreed between sequences and what the user says, checked when the function runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.arguments import as_integer
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import equal as equals
from bitale_graph.ops.elementwise import greater_equal, less_equal
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_variable
from bitale_graph.variable import Variable

Named = tuple[str, Variable]  # what errors call a sequence, and the sequence


def step_count(where: str, what: str, value: Any) -> Size:
    """A number of steps that the user gives. Raises ArgumentError for a negative one: now or when the function runs."""
    count = as_integer(f"{where}: {what}", value)
    if isinstance(count, int):
        if count < 0:
            raise ArgumentError(f"{where}: {what} is {count}; a loop cannot take a negative number of steps")
        return count
    message = f"{where}: {what} is negative: {{0}}"
    return Check(message)(count, greater_equal(count, 0), count)


def joint_length(
    where: str, sequences: Sequence[Named], given: Size | None = None, noun: str = "the sequence"
) -> Size:
    """The length of the leading axis that all sequences have, which is `given` where that is not None.

    Raises ShapeError where two lengths differ, naming both: now where they are known, else when the function runs.
    """
    for label, v in sequences:
        if not v.ndim:
            raise ShapeError(explain(f"{where}: {noun} {label} is a scalar; loops run over the first axis", [v]))
    lengths = [(f"{noun} {label}", shape_of(v)[0]) for label, v in sequences]
    if given is not None:
        lengths.insert(0, ("the length given", given))
    (first, length), *others = lengths
    for name, other in others:
        length = checked_equal(f"{where}: {first} and {name} have different lengths", length, other,
                               [v for _, v in sequences])  # fmt: skip
    return length


def checked_equal(message: str, a: Size, b: Size, shown: Sequence[Variable] = ()) -> Size:
    """a, which must be equal to b. Raises ShapeError with the message where lengths differ."""
    if same_size(a, b):
        return a
    if isinstance(a, int) and isinstance(b, int):
        raise ShapeError(explain(f"{message}: {a} and {b}", shown))
    return _checked(f"{message}: {{0}} and {{1}}", equals(a, b), a, b)


def checked_at_most(message: str, a: Size, b: Size, shown: Sequence[Variable] = ()) -> Size:
    """a, which must not be larger than b. Raises ShapeError with the message where it is."""
    if same_size(a, b):
        return a
    if isinstance(a, int) and isinstance(b, int):
        if a > b:
            raise ShapeError(explain(f"{message}: {a} of {b}", shown))
        return a
    return _checked(f"{message}: {{0}} of {{1}}", less_equal(a, b), a, b)


def _checked(message: str, holds: Variable, a: Size, b: Size) -> Variable:
    """a, if the condition holds when the function runs."""
    return Check(message, ShapeError)(size_variable(a), holds, size_variable(a), size_variable(b))
