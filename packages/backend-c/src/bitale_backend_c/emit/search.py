"""Searching in C: the first index at which a condition holds.

Loops say it as a minimum of `where(condition, index, largest integer)`. Here a block of the loop finds the first place
within itself in 32-bit arithmetic, which vectorises twice as wide, and later blocks need not run.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_rewrite.loops.ir import Accumulate, Call, For, Let, Literal, Name, Value

BLOCK = 1024
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


def search_lines(search: Search, index: str, extent: str, condition: str, before: list[str]) -> list[str]:
    """The loop in C; `before` are the statements that `condition` needs."""
    name, first, block = search.target.name, f"{search.target.name}_in_block", f"{index}_block"
    return [
        f"for (int64_t {block} = 0; {block} < {extent} && {name} == INT64_MAX; {block} += {BLOCK}) {{",
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
