"""How many lanes share a row: by its length, and by how many rows there are."""

from __future__ import annotations

from bitale_backend_cuda.chunks import CHUNKS
from bitale_backend_cuda.launch import Launch, shared
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import LESS_EQUAL, integer, multiply, product
from bitale_rewrite.loops.ir import Call, For, Literal, Value

FEW, WARP, BLOCK = 4, 32, 256
NAMES = {FEW: "few", WARP: "warp", BLOCK: "block"}
SHORT, LONG, LONGEST = 16, 256, 1024  # rows for few lanes, for a warp, and for a warp where there are many rows
MANY = 2048  # rows that fill a device with warps
AND, OR, WHERE = (FUNCTIONS[name] for name in ("logical_and", "logical_or", "where"))


def cut_length(launch: Launch) -> Value:
    """The iterations of the first loop that lanes share, as far as they are known before the launch."""
    return launch.width or next(s.extent for s in launch.body if isinstance(s, For))


def length(launch: Launch) -> Value:
    """The iterations that lanes share, with those of the loops inside."""
    loops, _ = shared(next(s for s in launch.body if isinstance(s, For)))
    return multiply(cut_length(launch), product(tuple(n for _, n in loops[1:])))


def choices(launch: Launch) -> list[int]:
    """The numbers of lanes for which there are kernels. Chunks are long, and few are combined."""
    if launch.width is not None:
        return [WARP] if launch.width == CHUNKS else [BLOCK]
    n = length(launch)
    if not isinstance(n, Literal):
        return [FEW, WARP, BLOCK]
    if n.number > LONGEST:
        return [BLOCK]
    if n.number > LONG:
        return [WARP, BLOCK]
    return [FEW if n.number <= SHORT else WARP]


def choice(launch: Launch, possible: list[int]) -> Value:
    """The number of lanes for the lengths of a call."""
    if len(possible) == 1:
        return integer(possible[0])
    n = length(launch)
    several = Call(AND, (_at_most(n, LONGEST), Call(LESS_EQUAL, (integer(MANY), launch.count), "bool")), "bool")
    conditions = {FEW: _at_most(n, SHORT), WARP: Call(OR, (_at_most(n, LONG), several), "bool")}
    *smaller, chosen = map(integer, possible)
    result: Value = chosen
    for lanes in reversed(smaller):
        result = Call(WHERE, (conditions[lanes.number], lanes, result), "int64")
    return result


def _at_most(n: Value, most: int) -> Value:
    return Call(LESS_EQUAL, (n, integer(most)), "bool")
