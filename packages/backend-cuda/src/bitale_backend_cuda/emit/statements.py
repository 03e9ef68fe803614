"""Statements of the loop IR for one thread."""

from __future__ import annotations

from bitale_backend_c.emit.expressions import offset, text
from bitale_backend_c.emit.reduction import combine
from bitale_backend_c.emit.statements import unwrap
from bitale_backend_cuda.emit.operators import operator_name
from bitale_backend_cuda.emit.types import TYPES
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Fail,
    For,
    If,
    Let,
    Name,
    Statement,
    Store,
    Value,
)

INDENT = "    "


class ThreadEmitter:
    """Prints what a single thread does. With `atomic`, others accumulate into the same elements."""

    def __init__(self, atomic: bool = False) -> None:
        self.lines: list[str] = []
        self.atomic = atomic
        self._texts: dict[Value, str] = {}

    def body(self, body: list[Statement], depth: int) -> None:
        """Statements that stand side by side."""
        for statement in body:
            self.statement(statement, depth)

    def line(self, depth: int, line: str) -> None:
        self.lines.append(INDENT * depth + line)

    def text(self, value: Value) -> str:
        """A scalar expression."""
        return unwrap(text(value, self._texts))

    def place(self, buffer: Buffer, index: tuple[Value, ...]) -> str:
        """An element of an array."""
        return f"{buffer.name}[{offset(buffer, index, [text(i, self._texts) for i in index])}]"

    def statement(self, s: Statement, depth: int) -> None:
        if isinstance(s, For):
            self.loop(s, depth)
        elif isinstance(s, Let):
            constant = "" if s.mutable else "const "
            self.line(depth, f"{constant}{TYPES[s.name.dtype]} {s.name.name} = {self.text(s.value)};")
        elif isinstance(s, Assign):
            self.line(depth, f"{s.target.name} = {self.text(s.value)};")
        elif isinstance(s, Store):
            self.store(s, depth)
        elif isinstance(s, Accumulate):
            self.accumulate(s, depth)
        elif isinstance(s, If):
            self.line(depth, f"if ({self.text(s.condition)}) {{")
            self.body(s.body, depth + 1)
            if s.orelse:
                self.line(depth, "} else {")
                self.body(s.orelse, depth + 1)
            self.line(depth, "}")
        else:
            self.fail(s, depth)

    def loop(self, s: For, depth: int) -> None:
        i = s.index.name
        self.line(depth, f"for (int64_t {i} = 0; {i} < {self.text(s.extent)}; {i}++) {{")
        self.body(s.body, depth + 1)
        self.line(depth, "}")

    def store(self, s: Store, depth: int) -> None:
        self.line(depth, f"{self.place(s.buffer, s.index)} = {self.text(s.value)};")

    def accumulate(self, s: Accumulate, depth: int) -> None:
        if isinstance(s.target, Name):
            self.line(depth, combine(s.function, s.value.dtype, s.target.name, self.text(s.value)))
            return
        place, value = self.place(s.target.buffer, s.target.index), self.text(s.value)
        if self.atomic:
            self.line(depth, f"bitale_atomic(&{place}, {value}, {operator_name(s.function, s.value.dtype)}());")
        else:
            self.line(depth, combine(s.function, s.value.dtype, place, value))

    def fail(self, s: Fail, depth: int) -> None:
        values = "".join(f", (int64_t)({self.text(v)})" for v in s.values)
        self.line(depth, f"if ({self.text(s.condition)}) {{ bitale_fail(status, {s.code}{values}); return; }}")
