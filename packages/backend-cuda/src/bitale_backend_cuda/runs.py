"""Random bits that several elements share: a block of the cipher has words for four of them, or two.

Of 64 neighbours, those that are 16 apart have words of one block (32 apart, where words have 64 bits; see
`bitale_graph.ops.random`). A thread takes these together, where elements are numbered as they lie.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_cuda.launch import Form, Launch
from bitale_backend_cuda.packs import is_simple
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.random import LANES, RUN, random_bits32, random_bits64
from bitale_rewrite.loops.integers import ADD, MULTIPLY, ONE, add, multiply
from bitale_rewrite.loops.ir import Call, Let, Literal, Name, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in

Polynomial = dict[tuple[str, ...], int]  # what products of names are multiplied by
DEEPEST = 16  # sums and products in one another
SAME = (FUNCTIONS["cast_uint64"], FUNCTIONS["cast_int64"])  # of whole numbers that are not negative


@dataclass(eq=False)
class Runs:
    """`draws` of one dtype; a run of 64 elements takes `blocks`."""

    launch: Launch
    draws: list[Call]
    blocks: int

    @property
    def parts(self) -> int:
        """How many elements share a block."""
        return RUN // self.blocks


def runs_of(launch: Launch) -> Runs | None:
    """How the threads of a launch share random bits; None where they cannot."""
    if launch.form is Form.GROUPS or not launch.spread or launch.atomic or launch.scratch or launch.count == ONE:
        return None
    if not all(map(is_simple, launch.body)):
        return None
    lets = {s.name: s.value for s in launch.body if isinstance(s, Let)}
    changing = {index for index, _ in launch.spread} | set(lets)
    values = everything_in([v for s in launch.body for v in values_of(s)])
    found = [v for v in values if isinstance(v, Call) and v.function in (random_bits32, random_bits64)]
    place: Value = launch.spread[0][0]
    for index, extent in launch.spread[1:]:
        place = add(multiply(place, extent), index)
    expected = polynomial(place, {})
    draws = [
        draw for draw in dict.fromkeys(found)
        if changing.isdisjoint(everything_in(draw.operands[:2])) and polynomial(draw.operands[2], lets) == expected
    ]
    if not draws or len({draw.dtype for draw in draws}) > 1:
        return None
    return Runs(launch, draws, LANES[draws[0].dtype])


def polynomial(value: Value, lets: dict[Name, Value], depth: int = 0) -> Polynomial | None:
    """A value as a polynomial of names; None where it is not made of a few sums and products."""
    if isinstance(value, Literal):
        return {(): int(value.number)} if value.number else {}
    if isinstance(value, Name) and value not in lets:
        return {(value.name,): 1}
    if depth == DEEPEST:
        return None
    if isinstance(value, Name):
        return polynomial(lets[value], lets, depth + 1)
    if not isinstance(value, Call) or value.function not in (ADD, MULTIPLY, *SAME):
        return None
    operands = [polynomial(operand, lets, depth + 1) for operand in value.operands]
    first, *others = operands
    if value.function in SAME:
        return first if value.operands[0].dtype in ("int64", "uint64") else None
    if first is None or others[0] is None:
        return None
    result: Polynomial = dict(first) if value.function is ADD else {}
    for names, number in others[0].items():
        if value.function is ADD:
            result[names] = result.get(names, 0) + number
            continue
        for more, times in first.items():
            together = tuple(sorted((*names, *more)))
            result[together] = result.get(together, 0) + number * times
    return {names: number for names, number in result.items() if number}
