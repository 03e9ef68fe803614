"""A Program as one C file: the programs that it invokes, each a function of its own, then itself."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import text
from bitale_backend_c.emit.preamble import preamble
from bitale_backend_c.emit.program import ProgramEmitter
from bitale_rewrite.loops.ir import Buffer, Invoke, Name, Program
from bitale_rewrite.loops.touched import programs_of

ENTRY = "bitale_run"


def emit(program: Program, entry: str = ENTRY, linkage: str = "") -> str:
    """The C source of `program`: plain C99, all kernels static, one entry point named `entry`, which may be static."""
    *procedures, _ = programs_of(program)
    printed: dict[Program, ProcedureEmitter] = {}
    for procedure in procedures:
        printed[procedure] = ProcedureEmitter(procedure, printed)
    whole = ProgramEmitter(program, printed, entry, linkage)
    source = [line for each in (*printed.values(), whole) for line in each.lines]
    return "\n".join([*preamble(program.name, source), *source]) + "\n"


class ProcedureEmitter(ProgramEmitter):
    """Prints a program that others invoke. It takes pointers to arrays, which are all row-major, and their lengths."""

    once = False

    def __init__(self, program: Program, procedures: Mapping[Program, ProcedureEmitter]) -> None:
        self.taken: list[str] = []  # the names of its parameters
        super().__init__(program, procedures, program.name, "BITALE_APART")

    def _declarations(self) -> Iterator[tuple[str, str]]:
        yield "threads", "const int32_t threads = call->threads;"

    def _parameters(self, used: Container[str]) -> Iterator[str]:
        for ctype, name in self._offered():
            if name in used:
                self.taken.append(name)
                yield f"{ctype}{name}"

    def _offered(self) -> Iterator[tuple[str, str]]:
        """What it may take: types and names."""
        for buffer, names in zip(self.program.inputs, self.program.lengths, strict=True):
            yield f"const {C_TYPES[buffer.dtype]} *", buffer.name
            yield from (("int64_t ", n.name) for n in names if isinstance(n, Name))
        yield from ((f"{C_TYPES[b.dtype]} *", b.name) for b in self.program.outputs)
        yield "char *", "workspace"

    def arguments(self, step: Invoke) -> list[str]:
        """What stands for the parameters in a call."""
        given = {inner.name: outer.name for inner, outer in zip(self.program.outputs, step.outputs, strict=True)}
        for buffer, names, outer in zip(self.program.inputs, self.program.lengths, step.inputs, strict=True):
            given[buffer.name] = outer.name
            lengths = zip(names, outer.shape, strict=True)
            given.update((n.name, text(m)) for n, m in lengths if isinstance(n, Name))
        if step.memory is not None:
            given["workspace"] = f"(char *){step.memory.name}"
        return [given[name] for name in self.taken]

    def _block(self, total: str) -> None:
        """The memory is the caller's."""

    def _output(self, buffer: Buffer, depth: int) -> None:
        """The memory is the caller's."""
