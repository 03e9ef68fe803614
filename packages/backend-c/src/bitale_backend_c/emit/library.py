"""Calls of libraries' routines: `bitale_cholesky_f64(call, batch, n, x, result, failed)`, and the C functions behind.

A call hands over the lengths, the op's parameters, the arrays, where to say what failed, and memory to work in if the
routine has a `_room` function, which says how many bytes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

from bitale_backend_c.blas import LAPACK, ROUTINES
from bitale_backend_c.emit import linalg
from bitale_backend_c.emit.ctypes import C_TYPES, SUFFIXES
from bitale_backend_c.emit.expressions import text
from bitale_graph.dtypes import COMPLEX, real_dtype
from bitale_graph.errors import MissingRule
from bitale_rewrite.loops.ir import LibraryCall

FUNCTIONS: dict[str, str] = {**linalg.FUNCTIONS}  # by the op's name; see linalg.py for what stands for what
LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}


def library_function(step: LibraryCall) -> str:
    """The name of the C function of a step."""
    if step.op.name not in FUNCTIONS:
        raise MissingRule(f"no C routine for `{step.op}`")
    return f"bitale_{step.op.name}_{SUFFIXES[step.inputs[0].dtype]}"


def library_room(step: LibraryCall) -> str | None:
    """The bytes that a step works in, as C; None if it needs none."""
    if f"{step.op.name}_S_room" not in FUNCTIONS[step.op.name]:
        return None
    return f"{library_function(step)}_room({', '.join(_numbers(step))})"


def library_call(step: LibraryCall, room: str | None) -> str:
    """The call that runs a step; `room` is the memory it works in."""
    arrays = [b.name for b in (*step.inputs, *step.outputs, *([step.failed] if step.failed else []))]
    arguments = ["call", *_numbers(step), *arrays, *([room] if room else [])]
    return f"{library_function(step)}({', '.join(arguments)});"


def _numbers(step: LibraryCall) -> Iterator[str]:
    yield from map(text, step.sizes)
    yield from (str(int(getattr(step.op, field.name))) for field in fields(step.op))  # type: ignore[arg-type]


def library_functions(used: set[str]) -> list[str]:
    """The functions that a file uses."""
    lines: list[str] = []
    for name, template in FUNCTIONS.items():
        for dtype in C_TYPES:
            if f"bitale_{name}_{SUFFIXES[dtype]}" in used:
                lines += _of_dtype(template, dtype).splitlines()
    return lines


def _of_dtype(template: str, dtype: str) -> str:
    is_complex = dtype in COMPLEX
    template = re.sub(r"LAPACK\((\w+)\)", lambda found: _pointer(found[1], dtype), template)
    words = {
        "T": C_TYPES[dtype], "R": C_TYPES[real_dtype(dtype)], "S": SUFFIXES[dtype], "COMPLEX": str(int(is_complex)),
    }  # fmt: skip
    template = re.sub(r"bitale_(\w+?)_S\b", lambda found: f"bitale_{found[1]}_{words['S']}", template)
    template = re.sub(r"bitale_(\w+?)_S_room\b", lambda found: f"bitale_{found[1]}_{words['S']}_room", template)
    return re.sub(r"(?<!\")\b(T|R|COMPLEX)\b", lambda found: words[found[1]], template)


def _pointer(name: str, dtype: str) -> str:
    """A routine of LAPACK, with the type it has."""
    found = linalg.NAMES.get((name, dtype in COMPLEX), name)
    number = ROUTINES.index(f"{LETTERS[dtype]}{found}_")
    return f"((void (*)({linalg.PROTOTYPES[name]}))call->blas->routines[{number}])"


def needs_lapack(source: str) -> bool:
    """Whether a file calls LAPACK: unlike products, this has no other form."""
    return any(f"routines[{ROUTINES.index(name)}]" in source for name in LAPACK)
