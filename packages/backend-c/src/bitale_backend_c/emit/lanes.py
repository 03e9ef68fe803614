"""Sums and extrema in C with several steps under way at once.

An addition waits for the one before it. With an array of lanes that fills two vectors, which compilers hold in
registers, several run at a time, and in the end halves of the lanes are put together in vectors, too; what compilers
make of OpenMP's reductions ends in one scalar addition after the other. What does not fill all lanes comes first, under
a mask. Terms that do not lie side by side in memory are not loaded as vectors: such loops are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bitale_backend_c.emit import single
from bitale_backend_c.emit.ctypes import C_TYPES, literal
from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_c.emit.reduction import Gathering, combine
from bitale_rewrite.loops.costs import COSTS, cost_of
from bitale_rewrite.loops.identities import identity_of
from bitale_rewrite.loops.integers import ADD, SUBTRACT
from bitale_rewrite.loops.ir import Accumulate, Call, For, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in

VECTORS = 128  # bytes of the lanes of a sum: two of the widest vectors
WIDTH = {"float32": 4, "float64": 8}
CHEAP = 8  # operations of a term up to which the wait is longer
OWN = (*single.NAMES, "sigmoid", "softplus")  # functions of float32 that are inlined
LONG = 256  # terms from which lanes pay where the compiler cannot mask

SUPPORT = f"""\
#ifdef __AVX2__
#define BITALE_LONG 1
#else
#define BITALE_LONG {LONG}
#endif
"""


@dataclass(frozen=True)
class Lanes:
    """How many partial results a loop keeps, and the condition under which its elements lie side by side."""

    count: int
    condition: tuple[str, ...]


@dataclass(frozen=True)
class Partial:
    """What each lane keeps: a partial result, or whether it has seen a NaN."""

    name: str
    ctype: str
    start: str
    put: Callable[[str, str], str]  # the statement that puts a second place into a first one

    @property
    def lanes(self) -> str:
        return f"{self.name}_lanes"


def lanes_of(loop: For, found: list[Gathering]) -> Lanes | None:
    """The lanes of an innermost loop that gathers `found`; None where they gain nothing."""
    if not found or any(g.symbol not in ("+", "max", "min") or g.dtype not in WIDTH for g in found):
        return None
    values = [v for s in loop.body for v in values_of(s)]
    places = [Load(s.buffer, s.index) for s in loop.body if isinstance(s, Store)]
    condition = _side_by_side([*values, *places], loop.index)
    if condition is None:
        return None
    vectors = VECTORS if len(found) == 1 else VECTORS // 2
    if sum(map(cost_of, values)) > CHEAP * len(found):
        if not all(_is_inline(v) for v in everything_in(values)):
            return None
        vectors = VECTORS // 2
    return Lanes(vectors // max(WIDTH[g.dtype] for g in found), condition)


def _is_inline(value: Value) -> bool:
    """Whether compilers can mask a function: those of libraries have no form of vectors for a part of the lanes."""
    if not isinstance(value, Call):
        return True
    return value.function in COSTS or (value.dtype == "float32" and value.function.name in OWN)


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


def partials(found: list[Gathering]) -> list[Partial]:
    """What each lane keeps of each result."""
    result: list[Partial] = []
    for g in found:
        start = literal(identity_of(g.function, g.dtype).number, g.dtype)
        result.append(Partial(g.name, C_TYPES[g.dtype], start, putting(g)))
        if g.has_nan:
            result.append(Partial(f"{g.name}_nan", "int32_t", "0", lambda place, other: f"{place} |= {other};"))
    return result


def putting(g: Gathering) -> Callable[[str, str], str]:
    """How one partial result is put into another. NaN is noted elsewhere."""
    if g.has_nan:
        sign = ">" if g.function.name == "maximum" else "<"
        return lambda place, other: f"{place} = {other} {sign} {place} ? {other} : {place};"
    return lambda place, other: combine(g.function, g.dtype, place, other)


def in_lane(body: list[Statement], found: list[Gathering]) -> tuple[list[Statement], list[Gathering]]:
    """The statements of a loop with a lane's partial results in the place of the results."""
    new = {g.target: Name(f"{g.name}_lane", g.dtype) for g in found}
    changed = [
        replace(s, target=new[s.target]) if isinstance(s, Accumulate) and s.target in new else s  # type: ignore[index]
        for s in body
    ]
    return changed, [replace(g, target=new[g.target]) for g in found]


def lane_lines(lanes: Lanes, found: list[Gathering], index: str, span: tuple[str, str], body: list[str]) -> list[str]:
    """Gather a span of a loop, if its elements lie side by side; an `else` is to follow. `body` is one iteration."""
    (first, last), count, kept = span, lanes.count, partials(found)
    length, start = (last, "") if first == "0" else (f"{last} - {first}", f"{first} + ")
    left, group, each = f"{index}_left", f"{index}_group", "for (int32_t lane = 0; lane < {}; lane++) {{"

    def lane(name: str) -> str:
        return f"{name}_lane" if not name.endswith("_nan") else f"{name[:-4]}_lane_nan"

    lines = [
        f"if ({' && '.join([*lanes.condition, f'{length} >= BITALE_LONG'])}) {{",
        f"    const int32_t {left} = (int32_t)(({length} - 1) % {count}) + 1;",
        *(f"    {p.ctype} {p.lanes}[{count}];" for p in kept),
        "#pragma omp simd",
        f"    {each.format(count)}",
        f"        const int64_t {index} = {start}lane;",
        *(f"        {p.ctype} {lane(p.name)} = {p.start};" for p in kept),
        f"        if (lane < {left}) {{",
        *(f"            {line}" for line in body),
        "        }",
        *(f"        {p.lanes}[lane] = {lane(p.name)};" for p in kept),
        "    }",
        f"    for (int64_t {group} = {start}{left}; {group} < {last}; {group} += {count}) {{",
        "#pragma omp simd",
        f"        {each.format(count)}",
        f"            const int64_t {index} = {group} + lane;",
        *(f"            {p.ctype} {lane(p.name)} = {p.lanes}[lane];" for p in kept),
        *(f"            {line}" for line in body),
        *(f"            {p.lanes}[lane] = {lane(p.name)};" for p in kept),
        "        }",
        "    }",
    ]
    while count > 2:
        count //= 2
        lines += ["#pragma omp simd", f"    {each.format(count)}"]
        lines += [f"        {p.put(f'{p.lanes}[lane]', f'{p.lanes}[lane + {count}]')}" for p in kept]
        lines.append("    }")
    return [*lines, *(f"    {p.put(p.name, f'{p.lanes}[{k}]')}" for p in kept for k in range(2))]
