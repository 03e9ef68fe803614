"""The C file of an exported function: what stands around the generated entry point."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bitale_backend_c.blas import ROUTINES
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.exported import Export
from bitale_backend_c.emit.expressions import text
from bitale_backend_c.emit.kernel import everything_in
from bitale_rewrite.loops.ir import Name

WITHOUT_OPENMP = (
    "#if defined(__GNUC__) && !defined(_OPENMP) /* pragmas, and the thread counts in them, are then idle */",
    '#pragma GCC diagnostic ignored "-Wunknown-pragmas"', '#pragma GCC diagnostic ignored "-Wunused-parameter"',
    "#endif", "",
)  # fmt: skip
FRAME = """\
typedef struct {name}_frame {{
    bitale_call call; /* first: the functions below get its address */
    void *results[{count}];
    int64_t *shapes[{count}];
    void *blocks;
}} {name}_frame;

static void *{name}_allocate(bitale_call *call, int32_t output, const int64_t *shape)
{{
    {name}_frame *frame = ({name}_frame *)call;
{cases}    return frame->results[output];
}}

static void *{name}_workspace(bitale_call *call, int64_t bytes)
{{
    {name}_frame *frame = ({name}_frame *)call;
    char *block = bytes < 0 ? 0 : {macro}_MALLOC((size_t)bytes + 128);
    if (!block) return 0;
    *(void **)block = frame->blocks;
    frame->blocks = block;
    return (void *)(((uintptr_t)block + sizeof(void *) + 63) / 64 * 64);
}}

static int {name}_finish({name}_frame *frame, int code)
{{
    while (frame->blocks) {{
        void *next = *(void **)frame->blocks;
        {macro}_FREE(frame->blocks);
        frame->blocks = next;
    }}
    return code;
}}
"""


class ExportedSource:
    """Prints name.c."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.name = export.name
        self.macro = export.macro

    def lines(self) -> list[str]:
        """The whole file."""
        apart = [f'#include "{self.name}_data.h"'] if self.export.data_is_apart else []
        return [
            f'#include "{self.name}.h"', "#include <stdlib.h>", "#include <string.h>", *apart, "",
            *WITHOUT_OPENMP, *self._choices(), *self._products(),
            *self.export.body.splitlines(), "", "/* ---- what C programs call ---- */", "",
            *([] if self.export.data_is_apart or not self.export.arrays else [*self.export.arrays, ""]),
            *self._frame(), *self._library(), *self._main(),
            *self._start(), *lengths_function(self.export), *error_function(self.export),
        ]  # fmt: skip

    def _products(self) -> list[str]:
        """Without BLAS the loops that compute matrix products are the fast path."""
        without = [f"#ifdef {self.macro}_NO_BLAS", "#define BITALE_RARE static", "#endif", ""]
        return without if self.export.routines else []

    def _choices(self) -> list[str]:
        allocating = (("MALLOC", "malloc"), ("FREE", "free"), ("THREADS", "1"))
        lines = [
            line
            for what, value in allocating
            for line in (f"#ifndef {self.macro}_{what}", f"#define {self.macro}_{what} {value}", "#endif")
        ]
        if "BITALE_MALLOC" in self.export.body:  # the plans of Fourier transforms, which are kept
            lines += [f"#define BITALE_{what} {self.macro}_{what}" for what in ("MALLOC", "FREE")]
        return [*lines, ""]

    def _frame(self) -> list[str]:
        """One call: where results go, and what must be freed."""
        count = max(len(self.export.program.outputs), 1)
        return FRAME.format(name=self.name, macro=self.macro, count=count, cases=self._cases()).splitlines()

    def _cases(self) -> str:
        if not self.export.found:
            return "    (void)shape;\n"
        lines = ["    switch (output) {"]
        for b in self.export.found:
            axes = [f"frame->shapes[{b.slot}][{a}] = shape[{a}]" for a in range(len(b.shape))]
            size = " * ".join([f"(size_t)shape[{a}]" for a in range(len(b.shape))] + [f"sizeof({C_TYPES[b.dtype]})"])
            lines += [f"    case {b.slot}:", *(f"        {axis};" for axis in axes)]
            lines.append(f"        frame->results[{b.slot}] = {self.macro}_MALLOC({size} + 1);")
            lines.append("        break;")
        return "\n".join([*lines, "    }", ""])

    def _library(self) -> list[str]:
        """The routines of CBLAS and LAPACK by name. Each is called through its real type."""
        name, routines = f"{self.macro}_LIBRARY", [(n, ROUTINES[n]) for n in self.export.routines]
        if not routines:
            return [f"#define {name} 0", ""]
        entries = ", ".join(f"[{number}] = {routine}" for number, routine in routines)
        return [
            f"#ifdef {self.macro}_NO_BLAS /* plain loops */", f"#define {name} 0", "#else",
            *(f"extern void {routine}(void);" for _, routine in routines),
            f"static const bitale_blas {self.name}_library = {{{{{entries}}}}};",
            f"#define {name} &{self.name}_library", "#endif", "",
        ]  # fmt: skip

    def _main(self) -> Iterator[str]:
        results = {b.slot: b.name for b in self.export.results if b not in self.export.found}
        yield from (self.export.signature(), "{")
        yield from (f"    {line}" for line in self._inputs())
        yield f"    {self.name}_frame bitale_frame = {{0}};"
        for field, value in (
            ("inputs", "bitale_inputs"), ("allocate", f"{self.name}_allocate"),
            ("workspace", f"{self.name}_workspace"), ("blas", f"{self.macro}_LIBRARY"),
            ("threads", f"{self.macro}_THREADS"),
        ):  # fmt: skip
            yield f"    bitale_frame.call.{field} = {value};"
        for slot, result in results.items():
            yield f"    bitale_frame.results[{slot}] = {result};"
        for b in self.export.found:
            yield f"    bitale_frame.shapes[{b.slot}] = {b.name}_shape;"
        for new, old in self.export.copied.items():
            size = f"sizeof state->{old.name}"
            yield f"    bitale_frame.results[{new.slot}] = {self.name}_workspace(&bitale_frame.call, {size});"
            yield f"    if (!bitale_frame.results[{new.slot}]) return {self.name}_finish(&bitale_frame, -1);"
        yield f"    const int bitale_code = {self.name}_run(&bitale_frame.call);"
        for b in self.export.found:
            yield f"    if (bitale_code) {self.macro}_FREE(bitale_frame.results[{b.slot}]);"
            yield f"    *{b.name} = bitale_code ? 0 : bitale_frame.results[{b.slot}];"
        for new, old in self.export.copied.items():
            copy = f"memcpy(state->{old.name}, bitale_frame.results[{new.slot}], sizeof state->{old.name});"
            yield f"    if (!bitale_code) {copy}"
        yield from (f"    return {self.name}_finish(&bitale_frame, bitale_code);", "}", "")

    def _inputs(self) -> Iterator[str]:
        """Lengths and strides of every input, then the inputs."""
        pointers = {b: b.name if b.shape else f"&{b.name}" for b in self.export.arguments}
        pointers |= {b: f"state->{b.name}" for b in self.export.states}
        pointers |= {b: f"{self.name}_{b.name}" for b in self.export.constants}
        lengths = {b: [text(n) for n in self.export.program.lengths[b.slot]] for b in pointers}
        lengths |= {b: [str(n) for n in v.shape] for b, v in zip(self.export.states, self.export.values, strict=True)}
        entries = []
        for b, pointer in pointers.items():
            shape = f"bitale_shape_{b.slot}" if b.shape else "0"
            if b.shape:
                yield f"const int64_t {shape}[] = {{{', '.join(lengths[b])}}};"
            entries.append(f"{{(void *){pointer}, {shape}, 0}}")
        yield f"const bitale_array bitale_inputs[] = {{{', '.join(entries) or '{0, 0, 0}'}}};"

    def _start(self) -> Iterator[str]:
        if self.export.states:
            yield from (f"void {self.name}_start({self.name}_state *state)", "{")
            for b in self.export.states:
                yield f"    memcpy(state->{b.name}, {self.name}_start_{b.name}, sizeof state->{b.name});"
            yield from ("}", "")


def lengths_function(export: Export) -> Iterator[str]:
    """The function that says how long results will be, where that depends on the lengths of arguments."""
    if not export.open:
        return
    shapes = [n for b in export.open for n in b.shape]
    lines = [f"{b.name}_shape[{a}] = {text(n)};" for b in export.open for a, n in enumerate(b.shape)]
    needed = {n.name for n in everything_in(shapes) if isinstance(n, Name)}
    steps: list[str] = []
    for size in reversed(export.program.sizes):
        if size.name.name in needed:
            steps.insert(0, f"const int64_t {size.name.name} = {text(size.value)};")
            needed |= {n.name for n in everything_in([size.value]) if isinstance(n, Name)}
    known = [f"const int64_t {name} = {length};" for name, length in export.known.items() if name in needed]
    unused = [f"(void){n};" for n in export.lengths(export.arguments) if n not in needed]
    yield from (export.lengths_signature(), "{")
    yield from (f"    {line}" for line in (*known, *steps, *unused, *lines))
    yield from ("}", "")


def error_function(export: Export, *others: str) -> Iterator[str]:
    """The function that says what a code means; `others` are further lines before the unknown ones."""
    yield from (f"const char *{export.name}_error(int code)", "{", *others, "    switch (code) {")
    yield '    case 0: return "no error";'
    yield '    case -1: return "there is not enough memory";'
    for code, failure in enumerate(export.program.failures, 1):
        message = re.sub(r"\{\d+\}", "?", failure.message).replace("{{", "{").replace("}}", "}")
        yield f"    case {code}: return {_quoted(message)};"
    yield from ('    default: return "an unknown error code";', "    }", "}")


def _quoted(message: str) -> str:
    """A string literal of C, in ASCII."""
    plain = message.encode("ascii", "replace").decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'.replace("\n", "\\n").replace("??", "?\\?")
