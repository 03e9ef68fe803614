"""Patterns: the left sides of rules, written with the operators and functions they match.

A pattern does not mention dtypes or ranks. A Python number in it matches any constant of that value, filled arrays and
broadcast scalars included; on the right side of a rule it adapts to the dtype of what it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bitale_graph.dtypes import BOOL, DTYPES, FLOATS, INEXACT, INTEGERS
from bitale_graph.operators import Operators
from bitale_graph.ops.elementwise import Elementwise, Function
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.constants import is_value, same, uniform

Bindings = Mapping[str, Variable]
INFIX = {"add": "+", "subtract": "-", "multiply": "*", "true_divide": "/", "power": "**", "less": "<", "greater": ">"}
CONSTANT = "constant"  # the head of a constant, see `head`


class Pattern(Operators):
    """What a variable may look like."""

    __slots__ = ()

    def __bitale_apply__(self, function: Function, operands: Sequence[Any]) -> Call:
        return Call(function, tuple(as_pattern(operand) for operand in operands))

    @property
    def head(self) -> object:
        """What the matched variable's `head` must be; None if anything."""
        return None

    def match(self, x: Variable, found: Bindings) -> Iterator[Bindings]:
        """Every extension of the bindings `found` under which the pattern is `x`."""
        raise NotImplementedError

    def build(self, found: Bindings) -> Any:
        """The expression with its wildcards replaced."""
        raise NotImplementedError

    def names(self) -> set[str]:
        """The names of its wildcards."""
        return set()


class Wild(Pattern):
    """Matches any variable of one of `dtypes` for which `allows` holds; met twice, it must be the same variable."""

    __slots__ = ("name", "dtypes", "allows")

    def __init__(
        self, name: str, dtypes: tuple[str, ...] = DTYPES, allows: Callable[[Variable], bool] | None = None
    ) -> None:
        self.name = name
        self.dtypes = dtypes
        self.allows = allows

    def __str__(self) -> str:
        return self.name

    def match(self, x: Variable, found: Bindings) -> Iterator[Bindings]:
        if self.name in found:
            if same(found[self.name], x):
                yield found
        elif x.dtype in self.dtypes and (self.allows is None or self.allows(x)):
            yield {**found, self.name: x}

    def build(self, found: Bindings) -> Variable:
        return found[self.name]

    def names(self) -> set[str]:
        return {self.name}


class WildConstant(Wild):
    """Matches what has one constant value everywhere, and binds that value as a scalar constant."""

    __slots__ = ()

    @property
    def head(self) -> object:
        return CONSTANT

    def match(self, x: Variable, found: Bindings) -> Iterator[Bindings]:
        value = uniform(x)
        return iter(()) if value is None else super().match(value, found)


class Literal(Pattern):
    """Matches a constant of one value."""

    __slots__ = ("value",)

    def __init__(self, value: bool | int | float | complex) -> None:
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)

    @property
    def head(self) -> object:
        return CONSTANT

    def match(self, x: Variable, found: Bindings) -> Iterator[Bindings]:
        value = uniform(x)
        if value is not None and is_value(value, self.value):
            yield found

    def build(self, found: Bindings) -> bool | int | float | complex:
        return self.value


class Call(Pattern):
    """Matches a function applied to what its operands match; commutative functions in either order."""

    __slots__ = ("function", "operands")

    def __init__(self, function: Function, operands: tuple[Pattern, ...]) -> None:
        self.function = function
        self.operands = operands

    def __str__(self) -> str:
        if self.function.name in INFIX:
            return f"({self.operands[0]} {INFIX[self.function.name]} {self.operands[1]})"
        if self.function.name == "negative":
            return f"-{self.operands[0]}"
        return f"{self.function.name}({', '.join(map(str, self.operands))})"

    @property
    def head(self) -> object:
        return self.function

    def match(self, x: Variable, found: Bindings) -> Iterator[Bindings]:
        if head(x) is self.function:
            yield from self.match_inputs(x.owner.inputs, found)  # type: ignore[union-attr]

    def match_inputs(self, inputs: tuple[Variable, ...], found: Bindings) -> Iterator[Bindings]:
        """Every extension of `found` under which the operands are `inputs`."""
        yield from _match_all(self.operands, inputs, found)
        if self.function.commutative and inputs[0] is not inputs[-1]:
            yield from _match_all(self.operands, inputs[::-1], found)

    def may_match(self, heads: tuple[object, ...]) -> bool:
        """Whether inputs with these heads are worth a try."""
        wanted = [operand.head for operand in self.operands]
        fits = all(w is None or w is h for w, h in zip(wanted, heads, strict=True))
        return fits or (
            self.function.commutative and all(w is None or w is h for w, h in zip(wanted, heads[::-1], strict=True))
        )

    def build(self, found: Bindings) -> Variable:
        return self.function(*[operand.build(found) for operand in self.operands])

    def names(self) -> set[str]:
        return set().union(*[operand.names() for operand in self.operands])


def _match_all(patterns: tuple[Pattern, ...], inputs: tuple[Variable, ...], found: Bindings) -> Iterator[Bindings]:
    if not patterns:
        yield found
        return
    for extended in patterns[0].match(inputs[0], found):
        yield from _match_all(patterns[1:], inputs[1:], extended)


def head(x: Variable) -> object:
    """What a variable is at its root: a function, the class of another op, CONSTANT, or None for an input."""
    if x.owner is None:
        return CONSTANT if isinstance(x, Constant) and uniform(x) is not None else None
    if type(x.owner.op) is Elementwise:
        return x.owner.op.function
    return CONSTANT if uniform(x) is not None else type(x.owner.op)


def as_pattern(value: Any) -> Pattern:
    """`value` itself if it is a pattern, else the literal."""
    return value if isinstance(value, Pattern) else Literal(value)


def wild(name: str, allows: Callable[[Variable], bool] | None = None) -> Wild:
    """A wildcard for any variable (for which `allows` holds)."""
    return Wild(name, DTYPES, allows)


def real(name: str, allows: Callable[[Variable], bool] | None = None) -> Wild:
    """A wildcard for floating point numbers, not complex ones."""
    return Wild(name, FLOATS, allows)


def inexact(name: str) -> Wild:
    """A wildcard for floating point and complex numbers."""
    return Wild(name, INEXACT)


def integer(name: str) -> Wild:
    """A wildcard for integers."""
    return Wild(name, INTEGERS)


def boolean(name: str) -> Wild:
    """A wildcard for booleans."""
    return Wild(name, BOOL)


def ordered(name: str) -> Wild:
    """A wildcard for anything but complex numbers."""
    return Wild(name, BOOL + INTEGERS + FLOATS)


def constant(
    name: str, dtypes: tuple[str, ...] = DTYPES, allows: Callable[[Variable], bool] | None = None
) -> WildConstant:
    """A wildcard for a value that is known and the same in every element."""
    return WildConstant(name, dtypes, allows)
