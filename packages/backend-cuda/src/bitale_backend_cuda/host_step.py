"""Kernels that run on the host, in C: those with a function that CUDA has no spelling of."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from bitale_backend_c.build import build
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_c.emit.kernel import KernelEmitter, Parameters, base_name
from bitale_backend_c.emit.preamble import preamble
from bitale_backend_c.loaded import load
from bitale_graph.dtypes import COMPLEX
from bitale_rewrite.loops.ir import Buffer, Call, Kernel
from bitale_rewrite.loops.touched import statements, values_of
from bitale_rewrite.loops.values import everything_in

# What CUDA can do with complex numbers; the rest of complex.h is exact at every infinity and NaN, and the host has it.
OF_COMPLEX = frozenset(
    (
        *("add", "subtract", "multiply", "true_divide", "negative", "absolute", "sign", "reciprocal", "square"),
        *("maximum", "minimum", "fmax", "fmin", "clip", "less", "less_equal", "greater", "greater_equal", "equal"),
        *("not_equal", "logical_and", "logical_or", "logical_xor", "logical_not", "where", "isnan", "isinf"),
        *("isfinite", "real", "imag", "angle", "identity", "conjugate", "rint", "make_complex"),
    )
)
ENTRY = "bitale_host"


def missing(kernel: Kernel) -> list[str]:
    """The functions in a kernel that CUDA has no spelling of."""
    values = everything_in(v for s in statements(kernel.body) for v in values_of(s))
    calls = (v for v in values if isinstance(v, Call))
    return list(dict.fromkeys(call.function.name for call in calls if not _is_spelled(call)))


def _is_spelled(call: Call) -> bool:
    name = call.function.name
    return name in OF_COMPLEX or name.startswith("cast_") or all(v.dtype not in COMPLEX for v in call.operands)


class HostStep:
    """A kernel in C, which takes addresses, then lengths."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.missing = missing(kernel)
        self._emitter = KernelEmitter(kernel, {})
        self._emitter.shared = None  # it is a small part: one thread does it

    @property
    def name(self) -> str:
        return self.kernel.name

    @property
    def parameters(self) -> Parameters:
        """What the kernel takes."""
        return self._emitter.parameters

    def is_written(self, buffer: Buffer) -> bool:
        return buffer in self.parameters.written

    def lines(self, entry: str = ENTRY) -> list[str]:
        """The C text: the kernel, and an entry that hands it what it takes."""
        arguments = []
        for number, buffer in enumerate(self.parameters.buffers):
            arguments.append(f"({C_TYPES[buffer.dtype]} *)arrays[{number}]")
            assert not is_strided(buffer), f"{base_name(buffer)} comes to the host in row-major order"
        arguments += [f"lengths[{number}]" for number in range(len(self.parameters.names))]
        head = f"void {entry}(void *const *arrays, const int64_t *lengths) {{"
        call = f"    {self.name}({', '.join(arguments)});"
        return [*self._emitter.notes(), f"static {self._emitter.text()}", "", head, call, "}"]

    @cached_property
    def address(self) -> int:
        """The compiled entry. Raises NoCompiler where there is no C compiler."""
        lines = self.lines()
        return load(build("\n".join([*preamble(self.name, lines), *lines]) + "\n"), ENTRY)

    def run(self, arrays: Sequence[np.ndarray], lengths: Sequence[int]) -> None:
        """Run the kernel on arrays of the host."""
        places = (ctypes.c_void_p * max(len(arrays), 1))(*(array.ctypes.data for array in arrays))
        numbers = (ctypes.c_int64 * max(len(lengths), 1))(*lengths)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(self.address)(places, numbers)
