"""Scalar expressions of the loop IR, and the buffers that they are loaded from. See ir.py for the whole grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bitale_graph.ops.elementwise import Function


class Value:
    """A scalar expression. Values are immutable, equal by content, and remember their hash."""

    __slots__ = ("dtype", "_hash")
    dtype: str
    _hash: int

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return str(self)


class Literal(Value):
    """A number of a dtype."""

    __slots__ = ("number",)

    def __init__(self, number: Any, dtype: str) -> None:
        self.number = number
        self.dtype = dtype
        self._hash = hash((repr(number), dtype))

    def __eq__(self, other: object) -> bool:
        # By text, so that NaN equals itself and -0.0 differs from 0.0.
        return type(other) is Literal and other.dtype == self.dtype and repr(other.number) == repr(self.number)

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return str(self.number)


class Name(Value):
    """A loop index, a size, or a scalar bound by Let."""

    __slots__ = ("name",)

    def __init__(self, name: str, dtype: str = "int64") -> None:
        self.name = name
        self.dtype = dtype
        self._hash = hash(name)

    def __eq__(self, other: object) -> bool:
        return type(other) is Name and other.name == self.name

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return self.name


class Load(Value):
    """The element of a buffer at an index (one int64 value per axis)."""

    __slots__ = ("buffer", "index")

    def __init__(self, buffer: Buffer, index: tuple[Value, ...]) -> None:
        self.buffer = buffer
        self.index = index
        self.dtype = buffer.dtype
        self._hash = hash((id(buffer), index))

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Load and _same(self, other))

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return f"{self.buffer.name}[{', '.join(map(str, self.index))}]"


class Call(Value):
    """An elementwise function of the graph, applied to scalars."""

    __slots__ = ("function", "operands")

    def __init__(self, function: Function, operands: tuple[Value, ...], dtype: str) -> None:
        self.function = function
        self.operands = operands
        self.dtype = dtype
        self._hash = hash((function, operands))

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Call and _same(self, other))

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return f"{self.function.name}({', '.join(map(str, self.operands))})"


def _same(a: Value, b: Value) -> bool:
    """Whether two values are equal all the way down. Iterative: they may be any depth."""
    stack, seen = [(a, b)], set[tuple[int, int]]()
    while stack:
        a, b = stack.pop()
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if type(a) is not type(b) or a._hash != b._hash:
            return False
        if isinstance(a, Call) and isinstance(b, Call):
            if a.function is not b.function or len(a.operands) != len(b.operands):
                return False
            stack.extend(zip(a.operands, b.operands, strict=True))
        elif isinstance(a, Load) and isinstance(b, Load):
            if a.buffer is not b.buffer:
                return False
            stack.extend(zip(a.index, b.index, strict=True))
        elif a != b:
            return False
    return True


@dataclass(eq=False)
class Buffer:
    """An array in memory. `shape` holds values over sizes.

    kind: `input` (given by the caller, of any strides if `strided`), `output` (allocated for the caller, or donated),
    `temporary` (in the workspace; local if it has one element), `scratch` (one per thread, inside one kernel), `row`
    (element `at` of the array `of`, found anew in each iteration of a loop), `moving` (between the memory `of` one
    buffer, where a loop starts, and that of another, its `spare`), `growing` (a loop makes room for more elements as it
    goes on). What is not `strided` is row-major.
    `slot` numbers inputs and outputs. `base` is the buffer whose memory a view shares, in row-major order.
    `note` says what it holds: the user's expression and line.
    """

    name: str
    dtype: str
    shape: tuple[Value, ...]
    kind: str
    slot: int = -1
    base: Buffer | None = None
    note: str = ""
    strided: bool = False
    of: Buffer | None = None
    at: Value | None = None
    spare: Buffer | None = None

    @property
    def root(self) -> Buffer:
        """The buffer that owns the memory."""
        buffer = self
        while buffer.base is not None:
            buffer = buffer.base
        return buffer

    @property
    def around(self) -> set[Buffer]:
        """The buffers in which this one may lie: its root, the array of which that is a row, and so on."""
        pending, found = [self.root], set[Buffer]()
        while pending:
            buffer = pending.pop()
            if buffer not in found:
                found.add(buffer)
                pending += [b.root for b in (buffer.of, buffer.spare) if b is not None]
        return found

    @property
    def owners(self) -> set[Buffer]:
        """The buffers with memory of their own in which this one may lie."""
        return {b for b in self.around if b.of is None}

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.shape))}]"
