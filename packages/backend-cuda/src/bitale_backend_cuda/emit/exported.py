"""A Program for C programs with a GPU: the header with its function. It has the form of backend-c's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bitale_backend_c.emit.arrays import static_array
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.exported import Export
from bitale_backend_cuda.emit.program import Emitted
from bitale_backend_cuda.host.names import all_statements
from bitale_backend_cuda.host.statements import Check, Guard, OnHost, Read
from bitale_rewrite.loops.ir import Buffer, Name

# Complex numbers have the types of CUDA's own headers, halves come as their bits.
PUBLIC_TYPES = C_TYPES | {"complex64": "cuFloatComplex", "complex128": "cuDoubleComplex", "float16": "uint16_t"}


@dataclass(frozen=True)
class DeviceExport(Export):
    """What is exported: arrays are on the device, numbers on the host, and states in memory that they hold."""

    emitted: Emitted

    @property
    def includes(self) -> list[str]:
        every = (*self.program.inputs, *self.program.outputs)
        has_complex = any(b.dtype in ("complex64", "complex128") for b in every)
        return ["stdint.h", *(["cuComplex.h"] if has_complex else []), "cuda_runtime_api.h"]

    def ctype(self, dtype: str) -> str:
        return PUBLIC_TYPES[dtype]

    def parameters(self) -> list[str]:
        return [*super().parameters(), "cudaStream_t stream"]

    @property
    def numbers(self) -> list[Buffer]:
        """Arguments that come as numbers."""
        return [b for b in self.arguments if not b.shape]

    @cached_property
    def arrays(self) -> list[str]:
        """The static arrays: constants, which are on the device, and what states start with."""
        lines: list[str] = []
        for b, value in zip(self.constants, self.program.constants, strict=True):
            lines += _array(f"{self.name}_{b.name}", value, "static __device__ const")
        for b, value in zip(self.states, self.values, strict=True):
            lines += _array(f"{self.name}_start_{b.name}", value, "static const")
        return lines

    def state_lines(self) -> Iterator[str]:
        if self.states:
            yield "/* What lives from call to call, on the device. */"
            yield f"typedef struct {self.name}_state {{"
            for b, value in zip(self.states, self.values, strict=True):
                yield f"    {self.ctype(b.dtype)} *{b.name}; /* {b.dtype}{list(value.shape)} */"
            yield f"}} {self.name}_state;"
            yield ""
            yield "/* Takes memory for a state, with the values that it had when it was exported; gives it back. */"
            yield f"int {self.name}_start({self.name}_state *state, cudaStream_t stream);"
            yield f"int {self.name}_end({self.name}_state *state, cudaStream_t stream);"
            yield ""

    @property
    def freed(self) -> str:
        return "cudaFreeAsync gives it back"

    @property
    def remarks(self) -> list[str]:
        waits = "when the work is done" if self.waits else "when the work is on the stream"
        return [
            "Arrays are row-major and on the current device; the memory of results is the caller's, overlaps nothing",
            "else, and may be used in the order of the stream. Temporary memory is taken on the stream and given back.",
            f"Returns, {waits}, 0 or a code for {self.name}_error. Any number of threads may call at once.",
        ]

    @property
    def waits(self) -> bool:
        """Whether the host reads what the device has computed."""
        numbers = {Name(b.name) for b in self.numbers}
        return any(
            isinstance(s, Check | Guard | OnHost) or (isinstance(s, Read) and s.address not in numbers)
            for s in all_statements(self.emitted.statements)
        )


def _array(name: str, value: np.ndarray, kind: str) -> list[str]:
    """The definition of an array; halves as their bits."""
    bits = value.view("uint16") if PUBLIC_TYPES[value.dtype.name] == "uint16_t" else value
    return [line.replace("static const", kind, 1) for line in static_array(name, bits)]
