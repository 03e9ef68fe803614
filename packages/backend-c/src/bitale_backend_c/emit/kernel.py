"""One kernel as a static C function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import brings_strides, is_strided
from bitale_backend_c.emit.names import comment
from bitale_backend_c.emit.statements import StatementEmitter
from bitale_backend_c.emit.threads import sharing
from bitale_rewrite.loops.ir import (
    Accumulate,
    Buffer,
    Fail,
    For,
    Kernel,
    Let,
    Load,
    Name,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import statements, values_of
from bitale_rewrite.loops.values import everything_in


@dataclass
class Parameters:
    """What a kernel takes: buffers it reads and writes, and sizes."""

    buffers: list[Buffer]
    written: set[Buffer]
    names: list[Name]


def parameters(kernel: Kernel) -> Parameters:
    """The free buffers and names of a kernel, in order of appearance."""
    bound: set[Name] = set()
    buffers: dict[Buffer, None] = {}
    values: list[Value] = []
    written: set[Buffer] = set()
    for s in statements(kernel.body):
        values.extend(values_of(s))
        if isinstance(s, Store):
            buffers.setdefault(s.buffer)
            written.add(s.buffer)
        elif isinstance(s, Accumulate) and isinstance(s.target, Load):
            written.add(s.target.buffer)
        elif isinstance(s, Let):
            bound.add(s.name)
        elif isinstance(s, For):
            bound.add(s.index)
    seen = list(everything_in(values))
    buffers |= dict.fromkeys(v.buffer for v in seen if isinstance(v, Load))
    lengths = [n for b in buffers if not is_strided(b) for n in b.shape[b.kind != "scratch" :]]
    seen += everything_in(lengths)
    buffers |= dict.fromkeys(v.buffer for v in seen if isinstance(v, Load))  # a length may be a result, too
    names = dict.fromkeys(v for v in seen if isinstance(v, Name) and v not in bound)
    return Parameters(list(buffers), written, list(names))


class KernelEmitter:
    """Prints the statements of one kernel."""

    def __init__(self, kernel: Kernel, aliased: dict[Buffer, Buffer]) -> None:
        self.kernel = kernel
        self.aliased = aliased  # results that live in an input's memory
        self.parameters = parameters(kernel)
        self.shared = sharing(kernel)

    def text(self) -> str:
        """The function, but for its linkage."""
        statement = StatementEmitter(self.kernel.scratch, self.shared)
        statement.body(self.kernel.body, 1, top=True)
        head = f"{'int32_t' if self.fails else 'void'} {self.kernel.name}({self._signature()}) {{"
        return "\n".join([head, *statement.lines, *(["    return 0;"] if self.fails else []), "}"])

    def notes(self) -> list[str]:
        """Comments that say what the kernel computes."""
        return [comment(line) for line in self.kernel.note]

    @cached_property
    def fails(self) -> bool:
        return any(isinstance(s, Fail) for s in statements(self.kernel.body))

    def _signature(self) -> str:
        found: list[str] = ["bitale_call *call"] if self.fails else []
        shared = set(self.aliased) | set(self.aliased.values())
        for buffer in self.parameters.buffers:
            constant = "" if buffer in self.parameters.written else "const "
            restrict = "" if buffer in shared else "restrict "
            found.append(f"{constant}{C_TYPES[buffer.dtype]} *{restrict}{base_name(buffer)}")
            if brings_strides(buffer):
                found.extend(f"int64_t {buffer.name}_s{axis}" for axis in range(len(buffer.shape)))
        found.extend(f"int64_t {name.name}" for name in self.parameters.names)
        if self.shared and self.shared.sums:
            found.append("long double *totals")
        return ", ".join(found) or "void"


def base_name(buffer: Buffer) -> str:
    """Rows of scratch are named within the loop; the block of all threads' rows has another name."""
    return f"{buffer.name}_all" if buffer.kind == "scratch" else buffer.name
