"""Searching in C: the first index at which a condition holds.

Loops say it as a minimum of `where(condition, index, largest integer)`. Here a block of the loop finds the first place
within itself in 32-bit arithmetic, which vectorises twice as wide, and later blocks need not run. Where the element
sought is the largest or smallest, the loop that found it has noted in which block that was first.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_c.emit.ctypes import C_TYPES, literal
from bitale_backend_c.emit.reduction import Gathering
from bitale_rewrite.loops.identities import identity_of
from bitale_rewrite.loops.ir import Accumulate, Call, For, Let, Literal, Name, Statement, Value

BLOCK = 256
BEYOND = 2**63 - 1


@dataclass(frozen=True)
class Search:
    """`target` becomes the first value of the loop's index for which `condition` holds, if there is one."""

    target: Name
    condition: Value


def search_of(loop: For) -> Search | None:
    """The search that a loop is, if it is nothing else."""
    *lets, last = loop.body
    if not isinstance(last, Accumulate) or not all(isinstance(s, Let) for s in lets):
        return None
    value = last.value
    if last.function.name != "minimum" or not isinstance(last.target, Name) or not isinstance(value, Call):
        return None
    if value.function.name != "where" or value.operands[1] != loop.index:
        return None
    beyond = value.operands[2]
    if not isinstance(beyond, Literal) or beyond.number != BEYOND:
        return None
    return Search(last.target, value.operands[0])


def sought(body: list[Statement]) -> dict[Name, Name]:
    """The targets of the searches among statements, with the extremum that each looks for the place of."""
    found: dict[Name, Name] = {}
    extrema: dict[tuple[Value, Value], Accumulate] = {}  # by what a search of the same length compares
    for loop in body:
        if not isinstance(loop, For):
            continue
        search, last = search_of(loop), loop.body[-1]
        if search is not None:
            equal = [v for v in _alternatives(search.condition) if isinstance(v, Call) and v.function.name == "equal"]
            wanted = [extrema[loop.extent, v.operands[0]] for v in equal if (loop.extent, v.operands[0]) in extrema]
            found.update((search.target, a.target) for a in wanted if a.target in equal[0].operands)  # type: ignore[misc]
        elif len(loop.body) == 1 and isinstance(last, Accumulate) and isinstance(last.target, Name):
            ordered = Gathering(last.target, last.function).symbol is not None  # not complex, nor of half precision
            if last.function.name in ("maximum", "minimum") and ordered:
                extrema[loop.extent, last.value] = last
    return found


def _alternatives(condition: Value) -> tuple[Value, ...]:
    either = isinstance(condition, Call) and condition.function.name == "logical_or"
    return condition.operands if either else (condition,)  # type: ignore[attr-defined]


def noted_lines(g: Gathering, index: str, extent: str, body: list[str]) -> list[str]:
    """A loop that gathers the extremum `g`, in blocks; `g`_at is where the block begins that has it first. `body` does
    that for one block."""
    first, last, at = f"{index}_block", f"{index}_end", f"{g.name}_at"
    nan = [f"    if ({g.name}_nan) {{", f"        {at} = {first};", "        break;", "    }"]
    return [
        f"int64_t {at} = 0;",
        f"for (int64_t {first} = 0; {first} < {extent}; {first} += {BLOCK}) {{",
        f"    const int64_t {last} = {first} + {BLOCK} < {extent} ? {first} + {BLOCK} : {extent};",
        f"    const {C_TYPES[g.dtype]} {g.name}_before = {g.name};",
        f"    {g.name} = {literal(identity_of(g.function, g.dtype).number, g.dtype)};",
        *(line if line.startswith("#") else f"    {line}" for line in body),
        *(nan if g.has_nan else []),
        f"    if ({g.name} {'>' if g.function.name == 'maximum' else '<'} {g.name}_before) {at} = {first};",
        f"    else {g.name} = {g.name}_before;",
        "}",
    ]


def search_lines(
    search: Search, index: str, extent: str, condition: str, before: list[str], start: str = "0"
) -> list[str]:
    """The loop in C, from the block at `start`; `before` are the statements that `condition` needs."""
    name, first, block = search.target.name, f"{search.target.name}_in_block", f"{index}_block"
    return [
        f"for (int64_t {block} = {start}; {block} < {extent} && {name} == INT64_MAX; {block} += {BLOCK}) {{",
        f"    const int32_t {index}_count = "
        f"{extent} - {index}_block < {BLOCK} ? (int32_t)({extent} - {index}_block) : {BLOCK};",
        f"    int32_t {first} = {BLOCK};",
        f"#pragma omp simd reduction(min:{first})",
        f"    for (int32_t {index}_in = 0; {index}_in < {index}_count; {index}_in++) {{",
        f"        const int64_t {index} = {index}_block + {index}_in;",
        *(f"        {line}" for line in before),
        f"        const int32_t {first}_next = {condition} ? {index}_in : {BLOCK};",
        f"        {first} = {first}_next < {first} ? {first}_next : {first};",
        "    }",
        f"    if ({first} < {BLOCK}) {name} = {index}_block + {first};",
        "}",
    ]
