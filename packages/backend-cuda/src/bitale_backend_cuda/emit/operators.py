"""Functions that gather, as C++ objects: what reductions of a group and atomic updates combine with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bitale_backend_c.emit.ctypes import SUFFIXES
from bitale_backend_c.emit.spellings import spell
from bitale_backend_cuda.emit.types import TYPES, in_cuda
from bitale_graph.ops.elementwise import FUNCTIONS, Function

NAME = re.compile(r"bitale_op_(\w+?)_(b|f16|bf16|f32|f64|c64|c128|[iu]\d+)\b")
DTYPES = {suffix: dtype for dtype, suffix in SUFFIXES.items()}


def operator_name(function: Function, dtype: str) -> str:
    """The type of the object that combines two values."""
    return f"bitale_op_{function.name}_{SUFFIXES[dtype]}"


def operators(lines: Iterable[str]) -> list[str]:
    """The definitions of those that occur in `lines`."""
    found = dict.fromkeys(m.groups() for line in lines for m in NAME.finditer(line))
    return [_definition(FUNCTIONS[name], DTYPES[suffix]) for name, suffix in sorted(found)]


def _definition(function: Function, dtype: str) -> str:
    ctype, value = TYPES[dtype], in_cuda(spell(function, [dtype, dtype], ["a", "b"]))
    name = operator_name(function, dtype)
    return f"struct {name} {{ __device__ {ctype} operator()({ctype} a, {ctype} b) const {{ return {value}; }} }};"
