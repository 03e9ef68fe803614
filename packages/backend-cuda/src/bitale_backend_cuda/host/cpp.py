"""The host's function in C++, for programs without Python: it gets a `call` (see runtime.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import indent, wrap
from typing import Any

from bitale_backend_c.emit.ctypes import SUFFIXES, literal
from bitale_backend_c.export import ExportError
from bitale_backend_cuda.emit.types import in_cuda
from bitale_backend_cuda.host.block import itemsize
from bitale_backend_cuda.host.cpp_expressions import bare, computed, cpp, type_of
from bitale_backend_cuda.host.names import all_statements, read_by, set_by
from bitale_backend_cuda.host.statements import (
    Ask,
    Break,
    Check,
    Copy,
    Donated,
    ForRange,
    Grow,
    Guard,
    HostStatement,
    If,
    Input,
    Launch,
    Library,
    Memory,
    OnHost,
    Read,
    Result,
    Set,
    Solve,
    Status,
    Swap,
    Transforms,
    Workspace,
)
from bitale_graph.dtypes import SHORT, real_dtype
from bitale_rewrite.loops.columns import InColumns
from bitale_rewrite.loops.integers import integer, multiply, product
from bitale_rewrite.loops.ir import Buffer, Gemm, Literal, Name, Require, Value

INDENT = "    "
# Of products: what the elements are, and what they are added in.
PRODUCTS = {
    "float16": ("CUDA_R_16F", "CUBLAS_COMPUTE_32F"), "bfloat16": ("CUDA_R_16BF", "CUBLAS_COMPUTE_32F"),
    "float32": ("CUDA_R_32F", "CUBLAS_COMPUTE_32F"),
    "float64": ("CUDA_R_64F", "CUBLAS_COMPUTE_64F"), "complex64": ("CUDA_C_32F", "CUBLAS_COMPUTE_32F"),
    "complex128": ("CUDA_C_64F", "CUBLAS_COMPUTE_64F"),
}  # fmt: skip
# Of Fourier transforms: cuFFT's kinds.
TRANSFORMS = {
    ("fft", "float32"): "CUFFT_C2C", ("ifft", "float32"): "CUFFT_C2C", ("rfft", "float32"): "CUFFT_R2C",
    ("irfft", "float32"): "CUFFT_C2R", ("fft", "float64"): "CUFFT_Z2Z", ("ifft", "float64"): "CUFFT_Z2Z",
    ("rfft", "float64"): "CUFFT_D2Z", ("irfft", "float64"): "CUFFT_Z2D",
}  # fmt: skip


@dataclass
class CppPrinter:
    """Prints `name_run(call)`. `numbers` are the arguments that come as numbers, not in memory of the device."""

    name: str
    statements: Sequence[HostStatement]
    outputs: Sequence[Buffer]
    numbers: Collection[Buffer]

    @property
    def lines(self) -> list[str]:
        """The source."""
        declared = [
            line
            for ctype, names in sorted(self._declared().items())
            for line in wrap(f"{ctype} {', '.join(f'{name}{{}}' for name in names)};", 116)
        ]
        head = f"void {self.name}_run(bitale_call &call) {{"
        return [head, *(INDENT + line for line in declared), *self._block(self.statements).splitlines(), "}"]

    # ---- names -------------------------------------------------------------------------------------------------------

    @cached_property
    def _used(self) -> Counter[str]:
        """How often each name is read."""
        found: Counter[str] = Counter()
        for statement in all_statements(self.statements):
            if not (isinstance(statement, Read) and self._number(statement)):
                found.update(read_by(statement))
        return found

    @cached_property
    def _once(self) -> set[str]:
        """The names that are set once, outside of everything."""
        every = Counter(name.name for s in all_statements(self.statements) for name in set_by(s))
        return {name.name for s in self.statements for name in set_by(s) if every[name.name] == 1}

    def _declared(self) -> dict[str, list[str]]:
        """The other names, by their types."""
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for s in all_statements(self.statements) for name in set_by(s)):
            if name.name not in self._once and self._used[name.name]:
                found.setdefault(type_of(name.dtype), []).append(name.name)
        return found

    def _set(self, name: Name, text: str) -> str:
        """name = text, declared where that is the only place."""
        if not self._used[name.name]:
            return f"{text};"
        return f"{f'const {type_of(name.dtype)} ' if name.name in self._once else ''}{name} = {text};"

    def _number(self, read: Read) -> Buffer | None:
        """The argument that is read, if it is a number that is known here."""
        return next((b for b in self.numbers if read.address == Name(b.name)), None)

    # ---- statements --------------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[HostStatement]) -> str:
        lines = []
        for s in statements:
            printer = TEXTS.get(type(s))
            if printer is None:
                what = f"`{s.step.op.name}`" if isinstance(s, Library) else type(s).__name__
                raise ExportError(f"export: {self.name} needs {what}, which has no form in CUDA C++")
            lines.append(printer(self, s))
        return indent("\n".join(filter(None, lines)), INDENT)

    def _assign(self, s: Set) -> str:
        return self._set(s.name, bare(s.value)) if self._used[s.name.name] else ""

    def _ask(self, s: Ask) -> str:
        return self._set(s.name, f"call.{s.question}({_listed(s.operands)})")

    def _read(self, s: Read) -> str:
        number, half = self._number(s), s.name.dtype in SHORT
        ctype = "uint16_t" if half else type_of(s.name.dtype)
        found = f"call.read<{ctype}>({bare(s.address)})" if number is None else f"call.value<{ctype}>({number.slot})"
        return self._set(s.name, f"bitale_from_{s.name.dtype}({found})" if half else found)

    def _if(self, s: If) -> str:
        otherwise = f" else {{\n{self._block(s.otherwise)}\n}}" if s.otherwise else ""
        return f"if ({bare(s.condition)}) {{\n{self._block(s.then)}\n}}{otherwise}"

    def _for(self, s: ForRange) -> str:
        head = f"for (int64_t {s.index} = 0, bitale_end = {bare(s.extent)}; {s.index} < bitale_end; {s.index}++)"
        return f"{head} {{\n{self._block(s.body)}\n}}"

    def _require(self, s: Require) -> str:
        return f"if (!{_enclosed(s.condition)}) throw {s.code};"

    def _input(self, s: Input) -> str:
        slot, name = s.buffer.slot, Name(s.buffer.name)
        assert not s.strides, "arrays of exported functions are row-major"
        place = f"call.address({slot})"
        if s.buffer in self.numbers:
            place = f"call.put<{'uint16_t' if s.buffer.dtype in SHORT else type_of(s.buffer.dtype)}>({slot})"
        lines = [self._set(name, place)] if self._used[name.name] else []
        lines += [self._set(n, f"call.length({slot}, {axis})") for axis, n in s.lengths if self._used[n.name]]
        return "\n".join(lines)

    def _workspace(self, s: Workspace) -> str:
        sizes = [f"call.lines({bare(size)})" for size in s.sizes]
        lines = [self._set(s.names[0], f"call.temporary({' + '.join(sizes)})")]
        pairs = zip(s.names[1:], s.names[:-1], sizes[:-1], strict=True)
        return "\n".join([*lines, *(self._set(name, f"{before} + {size}") for name, before, size in pairs)])

    def _result(self, s: Result) -> str:
        buffer = self.outputs[s.slot]
        size = multiply(product(s.shape), integer(itemsize(buffer)))
        return self._set(s.name, f"call.allocate({s.slot}, {bare(size)}, {{{_listed(s.shape)}}})")

    def _launch(self, s: Launch) -> str:
        kernel = f"::{s.kernels[0]}"
        if s.condition is not None:
            kernel = f"{cpp(s.condition)} ? {kernel} : ::{s.kernels[1]}"
        return f"call.launch({', '.join([kernel, *map(bare, (s.grid, s.block, *s.arguments))])});"

    def _gemm(self, s: Gemm) -> str:
        kind, computed_in = PRODUCTS[s.out.dtype]
        if s.tf32 and s.out.dtype == "float32":
            computed_in = "CUBLAS_COMPUTE_32F_FAST_TF32"
        flags = [f"{{{', '.join(str(flag).lower() for flag in pair)}}}" for pair in (s.transposed, s.shared)]
        alpha, beta = (_number(v, s.out.dtype) for v in (s.alpha, s.beta))
        size = multiply(product((s.batch, s.m, s.n)), integer(itemsize(s.out)))
        shape, places = _listed((s.m, s.n, s.k, s.batch)), [alpha, s.left.name, s.right.name, beta, s.out.name]
        given = ", ".join([kind, computed_in, shape, *flags, *places, bare(size)])
        return f"call.gemm<{type_of(s.out.dtype)}>({given});"

    def _transforms(self, s: Transforms) -> str:
        op, (x,), (y,) = s.step.op, s.step.inputs, s.step.outputs
        kind, direction = TRANSFORMS[op.name, real_dtype(x.dtype)], 1 if op.name == "ifft" else -1
        return f"call.fft({kind}, {direction}, {_listed((s.n, s.rows))}, {x.name}, {y.name});"

    def _solve(self, s: Solve) -> str:
        op, places = s.step.op, [buffer.name for buffer in (*s.step.inputs, s.step.outputs[-1])]
        assert isinstance(op, InColumns)
        if op.routine == "gesvdj" and not op.flags[0]:
            places[-1:-1] = ["0", "0"]  # no vectors
        flags = [str(flag).lower() for flag in op.flags]
        given = ", ".join(["call", *flags, *map(bare, s.sizes), *places])
        return f"bitale_{op.routine}_{SUFFIXES[s.step.inputs[0].dtype]}({given});"

    def _on_host(self, s: OnHost) -> str:
        pairs = zip(s.step.parameters.buffers, s.arrays, strict=True)
        arrays = [f"{{{_listed(pair)}, {str(s.step.is_written(b)).lower()}}}" for b, pair in pairs]
        return f"call.on_host({self.name}_{s.step.name}, {{{', '.join(arrays)}}}, {{{_listed(s.lengths)}}});"


TEXTS: dict[type, Callable[[CppPrinter, Any], str]] = {
    Set: CppPrinter._assign,
    Swap: lambda p, s: f"std::swap({s.a}, {s.b});",
    Ask: CppPrinter._ask,
    Read: CppPrinter._read,
    If: CppPrinter._if,
    ForRange: CppPrinter._for,
    Break: lambda p, s: "break;",
    Check: lambda p, s: "call.check();",
    Guard: lambda p, s: "call.check();",
    Require: CppPrinter._require,
    Status: lambda p, s: p._set(s.name, "call.status()"),
    Input: CppPrinter._input,
    Workspace: CppPrinter._workspace,
    Memory: lambda p, s: p._set(s.name, f"call.temporary({bare(s.nbytes)})"),
    Grow: lambda p, s: f"call.grow({_listed((s.name, s.room, s.used, s.nbytes))});",
    Result: CppPrinter._result,
    Donated: lambda p, s: p._set(s.name, f"call.address({s.source})"),
    Copy: lambda p, s: f"call.copy({_listed((s.target, s.source, s.nbytes))});",
    Launch: CppPrinter._launch,
    Gemm: CppPrinter._gemm,
    OnHost: CppPrinter._on_host,
    Transforms: CppPrinter._transforms,
    Solve: CppPrinter._solve,
}


def _number(value: Value, dtype: str) -> str:
    """A factor of a product as the type in which the host has it."""
    if isinstance(value, Literal):
        return in_cuda(literal(value.number, computed(dtype)))
    return f"({type_of(dtype)}){cpp(value)}"


def _enclosed(value: Value) -> str:
    text = cpp(value)
    return text if text == f"({bare(value)})" else f"({text})"


def _listed(values: Iterable[Value]) -> str:
    return ", ".join(map(bare, values))
