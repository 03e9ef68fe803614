"""A Program for C programs: a header with a typed function, and the function around the generated entry point."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bitale_backend_c.emit.arrays import static_array
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import text
from bitale_backend_c.emit.routines import needs_lapack
from bitale_backend_c.emit.source import emit
from bitale_rewrite.loops.blocks import is_early, late_names
from bitale_rewrite.loops.ir import Buffer, Literal, Name, Program

BFLOAT16 = ["A bfloat16 is the upper half of a float, kept in a uint16_t."]
INLINE_NUMBERS = 1000  # constants up to this many stand in the .c file


@dataclass(frozen=True)
class Export:
    """What is exported: a program whose last inputs before the constants are states, with their values.

    `updates[k] = c`: output k becomes the value of state c.
    """

    program: Program
    values: tuple[np.ndarray, ...]
    updates: dict[int, int]

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def macro(self) -> str:
        return self.name.upper()

    @cached_property
    def arguments(self) -> list[Buffer]:
        return self.program.inputs[: len(self.program.inputs) - len(self.values) - len(self.program.constants)]

    @cached_property
    def states(self) -> list[Buffer]:
        return self.program.inputs[len(self.arguments) :][: len(self.values)]

    @cached_property
    def constants(self) -> list[Buffer]:
        return self.program.inputs[len(self.arguments) + len(self.values) :]

    @cached_property
    def results(self) -> list[Buffer]:
        return [b for k, b in enumerate(self.program.outputs) if k not in self.updates]

    @cached_property
    def copied(self) -> dict[Buffer, Buffer]:
        """New values of states that are not written in place, each with its state."""
        outputs, donated = self.program.outputs, self.program.donated
        return {outputs[k]: self.states[c] for k, c in self.updates.items() if k not in donated}

    @cached_property
    def found(self) -> list[Buffer]:
        """Results whose lengths depend on values: the function allocates them."""
        late = late_names(self.program)
        return [b for b in self.results if not all(is_early(n, late) for n in b.shape)]

    @cached_property
    def open(self) -> list[Buffer]:
        """Results whose lengths depend on the lengths of arguments."""
        return [b for b in self.results if b not in self.found and not all(isinstance(n, Literal) for n in b.shape)]

    def lengths(self, buffers: Iterable[Buffer]) -> list[str]:
        """The names of the lengths that arguments come with."""
        return [n.name for b in buffers for n in self.program.lengths[b.slot] if isinstance(n, Name)]

    @property
    def known(self) -> dict[str, int]:
        """The lengths of states, which are fixed."""
        pairs = zip(self.states, self.values, strict=True)
        return {
            n.name: length
            for buffer, value in pairs
            for n, length in zip(self.program.lengths[buffer.slot], value.shape, strict=True)
            if isinstance(n, Name)
        }

    @cached_property
    def arrays(self) -> list[str]:
        """The static arrays: constants, and what states start with."""
        named = [(b.name, value) for b, value in zip(self.constants, self.program.constants, strict=True)]
        named += [(f"start_{b.name}", value) for b, value in zip(self.states, self.values, strict=True)]
        return [line for name, value in named for line in static_array(f"{self.name}_{name}", value)]

    @cached_property
    def data_is_apart(self) -> bool:
        """Whether the arrays get a file of their own."""
        return sum(a.size for a in (*self.values, *self.program.constants)) > INLINE_NUMBERS

    @cached_property
    def body(self) -> str:
        return emit(self.program, f"{self.name}_run", "static")

    @cached_property
    def routines(self) -> list[int]:
        """The numbers of the routines of CBLAS and LAPACK that the program calls."""
        return sorted({int(n) for n in re.findall(r"blas->routines\[(\d+)\]", self.body)})

    @property
    def needs_lapack(self) -> bool:
        """Whether there is no form without a library."""
        return needs_lapack(self.body)

    # ---- the header ------------------------------------------------------------------------------------------------

    @property
    def includes(self) -> list[str]:
        """The headers that the header needs."""
        return ["stdint.h"]

    def ctype(self, dtype: str) -> str:
        """The C type of elements."""
        return C_TYPES[dtype]

    def signature(self) -> str:
        return f"int {self.name}({', '.join(self.parameters()) or 'void'})"

    def parameters(self) -> list[str]:
        """What the function takes."""
        parameters = [f"{'' if self.updates else 'const '}{self.name}_state *state"] if self.states else []
        for b in self.arguments:
            ctype = self.ctype(b.dtype)
            parameters.append(f"const {ctype} *{b.name}" if b.shape else f"{ctype} {b.name}")
            parameters += [f"int64_t {n}" for n in self.lengths([b])]
        for b in self.results:
            ctype = self.ctype(b.dtype)
            if b in self.found:
                parameters += [f"{ctype} **{b.name}", f"int64_t {b.name}_shape[{len(b.shape)}]"]
            else:
                parameters.append(f"{ctype} *{b.name}")
        return parameters

    def lengths_signature(self) -> str:
        given = [f"int64_t {n}" for n in self.lengths(self.arguments)]
        asked = [f"int64_t {b.name}_shape[{len(b.shape)}]" for b in self.open]
        return f"void {self.name}_lengths({', '.join([*given, *asked])})"

    def header(self, build: Iterable[str]) -> list[str]:
        """The lines of name.h, which says in its first comment how to build."""
        return [
            f"/* {self.name}: generated by Bitale. Needs neither Python nor Bitale.", "",
            *(f"   {line}" for line in build), "*/",
            f"#ifndef {self.macro}_H", f"#define {self.macro}_H", *(f"#include <{file}>" for file in self.includes),
            "#ifdef __cplusplus", 'extern "C" {', "#endif", "",
            *self.state_lines(), *self._lengths_lines(), *self._function_lines(),
            "/* What an error code means. Lengths that disagree stand as `?`. */",
            f"const char *{self.name}_error(int code);", "",
            "#ifdef __cplusplus", "}", "#endif", "#endif",
        ]  # fmt: skip

    def state_lines(self) -> Iterator[str]:
        """The struct of states, and how it starts."""
        if self.states:
            yield "/* What lives from call to call. It holds no pointers: copy it, or write it to a file, as it is. */"
            yield f"typedef struct {self.name}_state {{"
            for b, value in zip(self.states, self.values, strict=True):
                yield f"    {self.ctype(b.dtype)} {b.name}[{max(value.size, 1)}]; /* {b.dtype}{list(value.shape)} */"
            yield f"}} {self.name}_state;"
            yield ""
            yield "/* The values that the state had when it was exported. */"
            yield f"void {self.name}_start({self.name}_state *state);"
            yield ""

    def _lengths_lines(self) -> Iterator[str]:
        if self.open:
            yield "/* How long each axis of the results will be. */"
            yield f"{self.lengths_signature()};"
            yield ""

    def _function_lines(self) -> Iterator[str]:
        yield "/* Arguments:"
        for b in (*self.arguments, *self.states):
            yield f"     {self._described(b, [text(n) for n in self.program.lengths[b.slot]])}"
        yield "   Results:"
        for b in self.results:
            whose = f" (allocated: {self.freed})" if b in self.found else ""
            shape = ["?"] * len(b.shape) if b in self.found else [text(n) for n in b.shape]
            yield f"     {self._described(b, shape)}{whose}"
        has_bfloat16 = any(b.dtype == "bfloat16" for b in (*self.arguments, *self.states, *self.results))
        *others, last = [*(BFLOAT16 if has_bfloat16 else []), *self.remarks]
        yield from (f"   {line}" for line in others)
        yield f"   {last} */"
        yield f"{self.signature()};"
        yield ""

    @property
    def freed(self) -> str:
        """How results that the function allocates are given back."""
        return "free it"

    @property
    def remarks(self) -> list[str]:
        """What callers have to know."""
        return [
            "Arrays are row-major; the memory of results is the caller's and overlaps nothing else.",
            f"Returns 0, or a code for {self.name}_error. Any number of threads may call at once.",
        ]

    def _described(self, b: Buffer, shape: list[str]) -> str:
        return f"{b.name}: {b.dtype}" + (f"[{', '.join(shape)}]" if shape else "")
