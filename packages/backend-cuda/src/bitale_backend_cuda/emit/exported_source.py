"""The files of an exported function: kernels and host in one .cu, and steps that only C has in a .c beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from bitale_backend_c.emit.exported_source import WITHOUT_OPENMP, error_function, lengths_function
from bitale_backend_c.emit.preamble import preamble as c_preamble
from bitale_backend_cuda.emit.exported import DeviceExport
from bitale_backend_cuda.emit.preamble import preamble
from bitale_backend_cuda.host.cpp import CppPrinter
from bitale_backend_cuda.host.cpp_expressions import functions
from bitale_backend_cuda.host.cpp_solver import USED, solver_functions
from bitale_backend_cuda.host.libraries import LIBRARIES, Library
from bitale_backend_cuda.host.runtime import runtime
from bitale_rewrite.loops.ir import Buffer

CALLED = re.compile(r"\bcall\.(\w+)")
STANDARD = ("algorithm", "array", "initializer_list", "map", "utility", "vector", "math.h", "stdint.h", "string.h")
# Of templates and operators, a kernel may need a part; 186 is about a < 0 where a is unsigned.
QUIET = ("#ifdef __NVCC__", "#pragma nv_diagnostic push", "#pragma nv_diag_suppress 177, 186", "#endif")
LOUD = ("#ifdef __NVCC__", "#pragma nv_diagnostic pop", "#endif", "")
CODES = """\
    if (code <= -100) return cudaGetErrorString((cudaError_t)(-100 - code));"""


class ExportedSource:
    """Prints name.cu."""

    def __init__(self, export: DeviceExport) -> None:
        self.export = export
        self.name = export.name
        self.macro = export.macro

    def lines(self) -> list[str]:
        """The whole file."""
        apart = [f'#include "{self.name}_data.h"'] if self.export.data_is_apart else []
        start, *before = preamble(self.name, self.export.emitted.lines, self._host)
        kernels = [line.replace('extern "C" __global__', "__global__") for line in self.export.emitted.lines]
        return [
            start.replace("; needs no headers", ""),
            f'#include "{self.name}.h"', "#include <cuda_runtime.h>",
            *(f"#include <{library.header}>" for library in self.libraries),
            *(f"#include <{header}>" for header in STANDARD), "",
            f"#ifndef {self.macro}_MALLOC",
            f"#define {self.macro}_MALLOC(place, bytes, stream) cudaMallocAsync(place, bytes, stream)",
            f"#define {self.macro}_FREE(memory, stream) cudaFreeAsync(memory, stream)", "#endif", "",
            *self._host_steps(),
            "namespace {  // other files may have kernels of the same names", "",
            *QUIET, *before, *kernels, *LOUD,
            *apart, *([] if self.export.data_is_apart else self.export.arrays), "",
            "// ---- the host ----", "", "namespace host {", "",
            *functions(self._host), *self._host, "}  // namespace host", "}  // namespace", "",
            "// ---- what programs call ----", "",
            *self._main(), *self._state(), *self._lengths(), *self._errors(),
        ]  # fmt: skip

    @cached_property
    def printed(self) -> list[str]:
        """The host's function."""
        emitted, numbers = self.export.emitted, self.export.numbers
        return CppPrinter(self.name, emitted.statements, self.export.program.outputs, numbers).lines

    @cached_property
    def _called(self) -> set[str]:
        """The methods of the runtime that it calls."""
        text = "\n".join(self.printed)
        routines = {routine for routine, _ in USED.findall(text)}
        return {*CALLED.findall(text), *(["solve"] if routines else []), *(["gemm"] if "trsm" in routines else [])}

    @cached_property
    def _host(self) -> list[str]:
        """What stands in the namespace of the host."""
        further = ({"copy"} if self.export.copied else set()) | ({"symbol"} if self.export.constants else set())
        lengths = [line.replace("void ", "inline void ", 1) for line in lengths_function(self.export)]
        further |= {"temporary", "memory"} if "solve" in self._called else set()
        solver = solver_functions(self.printed)
        return [*runtime(self.name, self._called | further), *solver, "", *self.printed, "", *lengths]

    @property
    def libraries(self) -> list[Library]:
        """What the file is to be linked with."""
        return [library for method, library in LIBRARIES.items() if method in self._called]

    # ---- steps in C --------------------------------------------------------------------------------------------------

    def _host_steps(self) -> list[str]:
        steps = self.export.emitted.host_steps
        return [f'extern "C" void {self.name}_{step}(void *const *arrays, const int64_t *lengths);' for step in steps]

    def in_c(self) -> list[str]:
        """The lines of name_host.c, if there are steps that only C has."""
        steps = self.export.emitted.host_steps.values()
        lines = [line for step in steps for line in (*step.lines(f"{self.name}_{step.name}"), "")]
        return [*WITHOUT_OPENMP, *c_preamble(self.name, lines), *lines] if lines else []

    # ---- functions ---------------------------------------------------------------------------------------------------

    def _main(self) -> Iterator[str]:
        export = self.export
        count = len(export.program.outputs)
        results = {b.slot: f"(void *){b.name}" for b in export.results if b not in export.found}
        shapes = {b.slot: f"{b.name}_shape" for b in export.found}
        yield from (export.signature(), "{")
        for kind, name, known in (("void", "results", results), ("int64_t", "shapes", shapes)):
            each = ", ".join(known.get(slot, "nullptr") for slot in range(count))
            yield f"    {kind} *bitale_{name}[] = {{{each or 'nullptr'}}};"
        yield "    int bitale_code = 0;"
        yield "    try {"
        yield from (f"        {line}" for line in self._calling())
        yield "    } catch (int code) {"
        yield "        bitale_code = code;"
        yield "    } catch (...) {"
        yield "        bitale_code = -1;"
        yield "    }"
        for b in export.found:
            place = f"bitale_results[{b.slot}]"
            yield f"    if (bitale_code && {place}) {self.macro}_FREE({place}, stream);"
            yield f"    *{b.name} = bitale_code ? nullptr : ({export.ctype(b.dtype)} *){place};"
        yield from ("    return bitale_code;", "}", "")

    def _calling(self) -> Iterator[str]:
        """What may fail."""
        export = self.export
        places = {b: b.name if b.shape else f"&{b.name}" for b in export.arguments}
        places |= {b: f"state->{b.name}" for b in export.states}
        places |= {b: f"host::bitale_symbol({self.name}_{b.name})" for b in export.constants}
        lengths = {b: [str(n) for n in export.program.lengths[b.slot]] for b in places}
        lengths |= {b: [str(n) for n in v.shape] for b, v in zip(export.states, export.values, strict=True)}
        for b in places:
            if b.shape:
                yield f"const int64_t bitale_shape_{b.slot}[] = {{{', '.join(lengths[b])}}};"
        entries = [f"{{{place}, {self._shape(b)}}}" for b, place in places.items()]
        yield f"const host::bitale_input bitale_inputs[] = {{{', '.join(entries) or '{nullptr, nullptr}'}}};"
        yield "host::bitale_call bitale_call(stream, bitale_inputs, bitale_results, bitale_shapes);"
        sizes = {new: self._bytes(old) for new, old in export.copied.items()}
        for new, size in sizes.items():
            yield f"bitale_results[{new.slot}] = (void *)bitale_call.temporary({size});"
        yield f"host::{self.name}_run(bitale_call);"
        for new, old in export.copied.items():
            target, source = f"(int64_t)state->{old.name}", f"(int64_t)bitale_results[{new.slot}]"
            yield f"bitale_call.copy({target}, {source}, {sizes[new]});"

    def _shape(self, b: Buffer) -> str:
        return f"bitale_shape_{b.slot}" if b.shape else "nullptr"

    def _bytes(self, state: Buffer) -> int:
        return self.export.values[self.export.states.index(state)].nbytes

    def _state(self) -> Iterator[str]:
        """Memory for the state."""
        if not self.export.states:
            return
        state, names = f"{self.name}_state *state", [b.name for b in self.export.states]
        yield from (f"int {self.name}_start({state}, cudaStream_t stream)", "{", f"    *state = {self.name}_state();")
        yield "    try {"
        for b in self.export.states:
            place, size = f"state->{b.name}", self._bytes(b)
            yield f"        host::bitale_check({self.macro}_MALLOC((void **)&{place}, {max(size, 1)}, stream));"
            copy = f"cudaMemcpyAsync({place}, {self.name}_start_{b.name}, {size}, cudaMemcpyHostToDevice, stream)"
            yield f"        host::bitale_check({copy});"
        yield "    } catch (int code) {"
        yield f"        {self.name}_end(state, stream);"
        yield from ("        return code;", "    }", "    return 0;", "}", "")
        yield from (f"int {self.name}_end({state}, cudaStream_t stream)", "{", "    int code = 0;")
        for name in names:
            free = f"{self.macro}_FREE(state->{name}, stream)"
            yield f"    if (state->{name} && {free} != cudaSuccess) code = -100 - (int)cudaGetLastError();"
        yield from (f"    *state = {self.name}_state();", "    return code;", "}", "")

    def _lengths(self) -> Iterator[str]:
        if self.export.open:
            given = [*self.export.lengths(self.export.arguments), *(f"{b.name}_shape" for b in self.export.open)]
            yield from (self.export.lengths_signature(), "{")
            yield from (f"    host::{self.name}_lengths({', '.join(given)});", "}", "")

    def _errors(self) -> Iterator[str]:
        yield from error_function(self.export, CODES, *(library.codes for library in self.libraries))
