"""Random bits in runs: a loop that draws one word per iteration makes those of 64 neighbours together.

Neighbours share blocks (see `bitale_graph.ops.random`), so a run costs a quarter of what 64 single words cost, and its
words come out as vectors. They wait in a row of 64 words that stays in the nearest cache; there is no array of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.random import LANES, RUN, philox, random_bits32, random_bits64
from bitale_rewrite.loops.hoist import Changing
from bitale_rewrite.loops.integers import MAXIMUM, MINIMUM, SUBTRACT, ZERO, add, integer, multiply, size_call
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    Fail,
    For,
    If,
    Let,
    Literal,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.values import everything_in, transform

FLOOR_DIVIDE, AND = FUNCTIONS["floor_divide"], FUNCTIONS["bitwise_and"]
OR, SHIFT, UNSIGNED = FUNCTIONS["bitwise_or"], FUNCTIONS["left_shift"], FUNCTIONS["cast_uint64"]
SHORTEST = RUN // 4  # loops known to be shorter than this draw word by word
IN_RUN = Name("in_run")
Unique = Callable[[str], str]


def draw_in_runs(body: list[Statement], unique: Unique) -> tuple[list[Statement], list[Buffer]]:
    """`body` with the loops that draw cut into runs, and the rows of scratch that these need."""
    result: list[Statement] = []
    rows: list[Buffer] = []
    for statement in body:
        if isinstance(statement, For) and any(isinstance(s, (For, If)) for s in statement.body):
            inner, found = draw_in_runs(statement.body, unique)
            result.append(replace(statement, body=inner))
        elif isinstance(statement, For):
            cut, found = _cut(statement, unique)
            result += cut
        else:
            result.append(statement)
            found = []
        rows += found
    return result, rows


def _cut(loop: For, unique: Unique) -> tuple[list[Statement], list[Buffer]]:
    start, draws = _draws(loop)
    if not draws or start is None or (isinstance(loop.extent, Literal) and loop.extent.number < SHORTEST):
        return [loop], []
    before: list[Statement] = []

    def bound(name: str, value: Value) -> Value:
        """`value` by a name, unless it is short already."""
        if isinstance(value, (Literal, Name)):
            return value
        before.append(Let(Name(unique(name), value.dtype), value))
        return before[-1].name  # type: ignore[union-attr]

    first = bound("first", start)
    into = bound("into_run", Call(AND, (first, integer(RUN - 1)), "int64") if first != ZERO else ZERO)
    run, block = Name(unique("run")), Name(unique("block"))
    begin = size_call(SUBTRACT, (multiply(run, integer(RUN)), into), "int64")  # what the run's first element is to us
    number = bound("first_run", Call(FLOOR_DIVIDE, (first, integer(RUN)), "int64") if first != ZERO else ZERO)
    lower = Name(unique("from"))
    inside: list[Statement] = [Let(lower, begin if into == ZERO else Call(MAXIMUM, (begin, ZERO), "int64"))]
    upper = Call(MINIMUM, (add(begin, integer(RUN)), loop.extent), "int64")
    count = Name(unique("count"))
    inside.append(Let(count, Call(SUBTRACT, (upper, lower), "int64")))
    at = IN_RUN if into == ZERO else add(IN_RUN, size_call(SUBTRACT, (lower, begin), "int64"))
    rows: list[Buffer] = []
    words: dict[Value, Value] = {}
    for draw in draws:
        row = Buffer(unique("words"), draw.dtype, (integer(RUN),), "scratch")
        key, stream = (bound("key", operand) for operand in draw.operands[:2])
        inside.append(_fill(row, key, stream, add(number, run), block))
        words[draw] = Load(row, (at,))
        rows.append(row)
    changed: list[Statement] = [Let(loop.index, add(lower, IN_RUN))]
    changed += [_replaced(s, words) for s in loop.body]
    inside.append(For(IN_RUN, count, changed, loop.parallel, loop.gathers))
    runs = Call(FLOOR_DIVIDE, (add(add(into, loop.extent), integer(RUN - 1)), integer(RUN)), "int64")
    return [*before, For(run, runs, inside, loop.parallel, loop.gathers)], rows


def _fill(row: Buffer, key: Value, stream: Value, run: Value, lane: Name) -> For:
    """Every word of a run: a loop over its blocks."""
    lanes = LANES[row.dtype]
    block = Call(UNSIGNED, (add(multiply(run, integer(lanes)), lane),), "uint64")
    words = [Call(philox, (key, stream, block, Literal(word, "uint64")), "uint32") for word in range(4)]
    if row.dtype == "uint64":
        words = [_pair(*words[:2]), _pair(*words[2:])]
    stores: list[Statement] = [
        Store(row, (add(lane, integer(lanes * part)),), word) for part, word in enumerate(words)
    ]
    return For(lane, integer(lanes), stores, parallel=True)


def _pair(low: Value, high: Value) -> Call:
    high = Call(SHIFT, (Call(UNSIGNED, (high,), "uint64"), Literal(32, "uint64")), "uint64")
    return Call(OR, (Call(UNSIGNED, (low,), "uint64"), high), "uint64")


def _draws(loop: For) -> tuple[Value | None, list[Call]]:
    """The draws of neighbours in a loop, all of which start at one element; and that element."""
    lets = {s.name: s.value for s in loop.body if isinstance(s, Let) and not s.mutable}
    changing = Changing(loop.index, loop.body)
    start: Value | None = None
    found: list[Call] = []
    for value in everything_in([v for s in loop.body for v in _values(s)]):
        if not isinstance(value, Call) or value.function not in (random_bits32, random_bits64):
            continue
        if any(changing.touches(operand) for operand in value.operands[:2]):
            continue
        mine = _at_zero(value.operands[2], loop.index, lets)
        if mine is None or changing.touches(mine) or (start is not None and mine != start):
            continue
        start = mine
        found.append(value)
    return start, found


def _at_zero(value: Value, index: Name, lets: dict[Name, Value]) -> Value | None:
    """A number that grows by one with the index, at index 0; None for any other."""
    if value == index:
        return ZERO
    if isinstance(value, Name) and value in lets:
        return _at_zero(lets[value], index, lets)
    if not isinstance(value, Call):
        return None
    if value.function in (UNSIGNED, FUNCTIONS["cast_int64"]) and value.operands[0].dtype in ("int64", "uint64"):
        return _at_zero(value.operands[0], index, lets)
    if value.function is FUNCTIONS["add"]:
        a, b = value.operands
        for moving, fixed in ((a, b), (b, a)):
            start = _at_zero(moving, index, lets)
            if start is not None:
                return add(start, _signed(fixed))
    return None


def _signed(value: Value) -> Value:
    if isinstance(value, Literal):
        return integer(value.number)
    return value if value.dtype == "int64" else Call(FUNCTIONS["cast_int64"], (value,), "int64")


def _values(s: Statement) -> Iterator[Value]:
    if isinstance(s, (Let, Assign, Store, Accumulate)):
        yield s.value
    elif isinstance(s, Fail):
        yield s.condition
    if isinstance(s, Store):
        yield from s.index
    elif isinstance(s, Accumulate) and isinstance(s.target, Load):
        yield from s.target.index


def _replaced(s: Statement, words: dict[Value, Value]) -> Statement:
    """A statement in which draws are read from their rows."""
    def new(value: Value) -> Value:
        return transform(value, lambda v: v, dict(words))

    if isinstance(s, (Let, Assign)):
        return replace(s, value=new(s.value))
    if isinstance(s, Store):
        return Store(s.buffer, tuple(map(new, s.index)), new(s.value))
    if isinstance(s, Accumulate):
        target = Load(s.target.buffer, tuple(map(new, s.target.index))) if isinstance(s.target, Load) else s.target
        return Accumulate(target, s.function, new(s.value))
    return Fail(new(s.condition), s.code, tuple(map(new, s.values))) if isinstance(s, Fail) else s
