"""A list of host statements as it is made, and the values that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from bitale_backend_cuda.host.statements import HostStatement, If, Read, Set
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import ZERO, add, integer, multiply
from bitale_rewrite.loops.ir import Buffer, Call, Load, Name, Value
from bitale_rewrite.loops.values import transform


class Block:
    """Statements in order. `numbers` name what is read."""

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        self.statements: list[HostStatement] = []
        self._numbers = count(1) if numbers is None else numbers

    def put(self, *statements: HostStatement) -> None:
        self.statements += statements

    def inner(self) -> Block:
        """A new block, for what stands inside."""
        return Block(self._numbers)

    def choose(self, condition: Value, then: Block, otherwise: Block | None = None) -> None:
        """Put `then` under a condition."""
        self.put(If(condition, tuple(then.statements), tuple(otherwise.statements) if otherwise else ()))

    def set(self, name: Name, value: Value) -> None:
        """Put name = value."""
        if isinstance(value, Load):
            self.put(Read(name, self._place(value)))
        else:
            self.put(Set(name, self.value(value)))

    def value(self, value: Value) -> Value:
        """`value` without elements of arrays: these are read first."""
        return transform(value, self._read, {})

    def values(self, *values: Value) -> tuple[Value, ...]:
        return tuple(map(self.value, values))

    def _read(self, value: Value) -> Value:
        if not isinstance(value, Load):
            return value
        name, place = Name(f"read_{next(self._numbers)}", value.dtype), self._place(value)
        self.put(Read(name, place))
        return name

    def _place(self, element: Load) -> Value:
        """The address of an element."""
        place: Value = ZERO
        for index, length in zip(self.values(*element.index), self.values(*element.buffer.shape), strict=True):
            place = add(multiply(place, length), index)
        return add(address(element.buffer), multiply(place, integer(itemsize(element.buffer))))


def address(buffer: Buffer) -> Name:
    """Where a buffer lies, as a number."""
    return Name(buffer.name)


def itemsize(buffer: Buffer) -> int:
    """The bytes of an element."""
    return np.dtype(buffer.dtype).itemsize


def call(function: str, *operands: Value, dtype: str = "int64") -> Value:
    """An elementwise function of numbers."""
    return Call(FUNCTIONS[function], operands, dtype)


def where(condition: Value, a: Value, b: Value) -> Value:
    """a where the condition holds, else b."""
    return call("where", condition, a, b)


def test(function: str, a: Value, b: Value) -> Value:
    """A comparison."""
    return call(function, a, b, dtype="bool")


def divides(number: Value, divisor: int) -> Value:
    """Whether a number is a multiple of `divisor`."""
    return test("equal", call("remainder", number, integer(divisor)), ZERO)


def every(conditions: list[Value]) -> Value:
    """Whether all of several conditions hold."""
    found = conditions[0]
    for condition in conditions[1:]:
        found = call("logical_and", found, condition, dtype="bool")
    return found
