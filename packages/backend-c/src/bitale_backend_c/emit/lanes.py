"""Sums in C with several additions under way at once.

An addition waits for the one before it. Compilers keep one vector of partial sums for a loop; with an array of lanes
that fills four vectors, which they hold in registers, four additions run at a time. Dear terms take longer than the
wait, and terms that do not lie side by side in memory are not loaded as vectors: such loops are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_c.emit.reduction import Gathering
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.integers import ADD, SUBTRACT
from bitale_rewrite.loops.ir import Call, For, Literal, Load, Name, Store, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in

VECTORS = 256  # bytes of the lanes of a sum: four of the widest vectors
WIDTH = {"float32": 4, "float64": 8}
CHEAP = 8  # operations of a term up to which the wait is longer
FEWEST = 4  # groups that fill all lanes from which they pay: in the end the lanes are to be added, too


@dataclass(frozen=True)
class Lanes:
    """How many partial sums a loop keeps, and the condition under which its elements lie side by side."""

    count: int
    condition: tuple[str, ...]


def lanes_of(loop: For, found: list[Gathering], sums: list[Gathering]) -> Lanes | None:
    """The lanes of an innermost loop that gathers `found`; None where they gain nothing."""
    if not sums or len(sums) < len(found):
        return None
    values = [v for s in loop.body for v in values_of(s)]
    places = [Load(s.buffer, s.index) for s in loop.body if isinstance(s, Store)]
    condition = _side_by_side([*values, *places], loop.index)
    if condition is None or sum(map(cost_of, values)) > CHEAP * len(sums):
        return None
    count = VECTORS // max(WIDTH[g.dtype] for g in sums) // (1 if len(sums) == 1 else 2)
    few = isinstance(loop.extent, Literal) and loop.extent.number < FEWEST * count
    return None if few else Lanes(count, condition)


def _side_by_side(values: list[Value], index: Name) -> tuple[str, ...] | None:
    """What must hold for neighbouring iterations to touch neighbouring elements; None if they do not."""
    needed: dict[str, None] = {}
    for load in (v for v in everything_in(values) if isinstance(v, Load)):
        moving = [axis for axis, i in enumerate(load.index) if index in everything_in([i])]
        if not moving:
            continue
        axis = moving[0]
        if len(moving) > 1 or not _steps_by_one(load.index[axis], index):
            return None
        if is_strided(load.buffer):
            needed[f"{load.buffer.name}_s{axis} == 1"] = None
        elif axis < len(load.index) - 1:
            return None
    return tuple(needed)


def _steps_by_one(value: Value, index: Name) -> bool:
    """Whether a value that contains the index grows by one with it: `index`, `index + a`, or `index - a`."""
    while isinstance(value, Call) and value.function in (ADD, SUBTRACT):
        first, second = value.operands
        if value.function is ADD and index in everything_in([second]):
            first, second = second, first
        if index in everything_in([second]):
            return False
        value = first
    return value == index


def lane_lines(lanes: Lanes, sums: list[Gathering], index: str, span: tuple[str, str], body: list[str]) -> list[str]:
    """Add up what fills all lanes; the rest of the span begins at `index`_rest. `body` adds one term to its lane."""
    first, last = span
    rest, group = f"{index}_rest", f"{index}_group"
    each = f"for (int32_t lane = 0; lane < {lanes.count}; lane++)"
    total = [(f"#pragma omp simd reduction(+:{g.name})", f"{each} {g.name} += {lane_of(g)};") for g in sums]
    return [
        f"int64_t {rest} = {first};",
        f"if ({' && '.join([*lanes.condition, f'{last} - {first} >= {FEWEST * lanes.count}'])}) {{",
        f"    {rest} = {last} - ({last} - {first}) % {lanes.count};",
        *(f"    {C_TYPES[g.dtype]} {g.name}_lanes[{lanes.count}] = {{0}};" for g in sums),
        f"    for (int64_t {group} = {first}; {group} < {rest}; {group} += {lanes.count}) {{",
        "#pragma omp simd",
        f"        {each} {{",
        f"            const int64_t {index} = {group} + lane;",
        *(f"            {line}" for line in body),
        "        }",
        "    }",
        *(line for pragma, loop in total for line in (pragma, f"    {loop}")),
        "}",
    ]


def lane_of(g: Gathering) -> str:
    """The partial sum of the lane at hand."""
    return f"{g.name}_lanes[lane]"
