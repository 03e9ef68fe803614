"""Calls of libraries' routines: `bitale_cholesky_f64(call, batch, n, x, result, failed)`, and the C functions behind.

A call hands over the lengths, the op's parameters, the arrays, where to say what failed, and memory to work in if the
routine has a `_room` function, which says how many bytes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

from bitale_backend_c.blas import LAPACK, ROUTINES
from bitale_backend_c.emit import linalg, spectral
from bitale_backend_c.emit.ctypes import C_TYPES, SUFFIXES
from bitale_backend_c.emit.expressions import text
from bitale_graph.dtypes import COMPLEX, real_dtype
from bitale_graph.errors import MissingRule
from bitale_rewrite.loops.ir import LibraryCall

FUNCTIONS: dict[str, str] = {**linalg.FUNCTIONS}  # by the op's name; see linalg.py for what stands for what
WITH: dict[str, str] = {**spectral.WITH}
LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}


def library_function(step: LibraryCall) -> str:
    """The name of the C function of a step."""
    _template(step)
    return f"bitale_{step.op.name}_{SUFFIXES[step.inputs[0].dtype]}"


def library_room(step: LibraryCall) -> str | None:
    """The bytes that a step works in, as C; None if it needs none."""
    if f"{step.op.name}_S_room" not in _template(step):
        return None
    return f"{library_function(step)}_room({', '.join(_numbers(step))})"


def library_call(step: LibraryCall, room: str | None) -> str:
    """The call that runs a step; `room` is the memory it works in."""
    arrays = [b.name for b in (*step.inputs, *step.outputs, *([step.failed] if step.failed else []))]
    arguments = ["call", *_numbers(step), *arrays, *([room] if room else [])]
    return f"{library_function(step)}({', '.join(arguments)});"


def _template(step: LibraryCall) -> str:
    name = WITH.get(step.op.name, step.op.name)
    if name not in FUNCTIONS:
        raise MissingRule(f"no C routine for `{step.op}`")
    return FUNCTIONS[name]


def _numbers(step: LibraryCall) -> Iterator[str]:
    yield from map(text, step.sizes)
    yield from (str(int(getattr(step.op, field.name))) for field in fields(step.op))  # type: ignore[arg-type]


def library_functions(used: set[str]) -> list[str]:
    """The functions that a file uses."""
    lines: list[str] = []
    for dtype, suffix in SUFFIXES.items():
        names = [name for name in (*FUNCTIONS, *WITH) if f"bitale_{name}_{suffix}" in used]
        if names and dtype in LETTERS:
            lines += _of_dtype(linalg.TURNED, dtype)
        for name in dict.fromkeys(WITH.get(name, name) for name in names):
            lines += _of_dtype(FUNCTIONS[name], dtype)
    return [*linalg.PARTS.splitlines(), *lines] if lines else []


def _of_dtype(template: str, dtype: str) -> list[str]:
    words = {"T": C_TYPES[dtype], "R": C_TYPES[real_dtype(dtype)]}
    template = re.sub(r"LAPACK\((\w+)\)", lambda found: _pointer(found[1], dtype), template)
    template = re.sub(r"\[\[([^|]*)\|([^|]*?)\]\]", r"\1" if dtype in COMPLEX else r"\2", template)
    template = re.sub(r"(bitale_\w+?)_S(_\w+)?\b", rf"\1_{SUFFIXES[dtype]}\2", template)
    return re.sub(r"(?<!\")\b(T|R)\b", lambda found: words[found[1]], template).splitlines()


def _pointer(name: str, dtype: str) -> str:
    """A routine of LAPACK, with the type it has."""
    found = linalg.NAMES.get((name, dtype in COMPLEX), name)
    number = ROUTINES.index(f"{LETTERS[dtype]}{found}_")
    return f"((void (*)({linalg.PROTOTYPES[name]}))call->blas->routines[{number}])"


def needs_lapack(source: str) -> bool:
    """Whether a file calls LAPACK: unlike products, this has no other form."""
    return any(f"routines[{ROUTINES.index(name)}]" in source for name in LAPACK)
