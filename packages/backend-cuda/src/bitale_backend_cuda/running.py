"""Loops that carry a running total, such as cumulative sums and the places of what is kept, for many threads.

The lanes of a group take neighbouring elements, and combine what these add in a fixed order. A long loop is cut into
chunks: one launch finds the total of each, and another starts each chunk from the totals of those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bitale_backend_cuda.chunks import CHUNK, CHUNKS, EACH, IDENTITIES
from bitale_backend_cuda.launch import Form, Launch, indices
from bitale_graph.ops.elementwise import FUNCTIONS, Function
from bitale_rewrite.loops.identities import start_of
from bitale_rewrite.loops.integers import MAXIMUM, MINIMUM, ONE, SUBTRACT, add, integer, multiply, product, size_call
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    For,
    If,
    Let,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import loads_of
from bitale_rewrite.loops.values import everything_in

LEAST, MOST = 4096, 1024  # iterations of a chunk, and chunks


@dataclass(frozen=True)
class Running:
    """total = function(total, value) in each iteration, once `lets` are bound; then the `stores`.

    With a `condition`, only iterations in which it holds count: they store first, and then add one.
    """

    total: Name
    function: Function
    value: Value
    lets: list[Statement]
    stores: list[Statement]
    condition: Value | None = None


def running(loop: For) -> Running | None:
    """How the iterations of a loop depend on one another, if they do so by a running total."""
    lets: list[Statement] = [s for s in loop.body if isinstance(s, Let) and not s.mutable]
    rest = [s for s in loop.body if s not in lets]
    condition = None
    if len(rest) == 1 and isinstance(rest[0], If) and not rest[0].orelse:
        condition, rest = rest[0].condition, rest[0].body
    assigned = [s for s in rest if isinstance(s, Assign)]
    stores: list[Statement] = [s for s in rest if isinstance(s, Store)]
    if len(assigned) != 1 or len(stores) + 1 != len(rest) or rest[-1 if condition else 0] is not assigned[0]:
        return None
    total, value = assigned[0].target, assigned[0].value
    if not isinstance(value, Call) or value.function.name not in IDENTITIES or value.operands[0] != total:
        return None
    step = value.operands[1]
    if condition is not None:
        if value.function.name != "add" or step != ONE:
            return None
        step = Call(FUNCTIONS["where"], (condition, ONE, integer(0)), "int64")
    if total in everything_in([step, *(s.value for s in lets if isinstance(s, Let))]):
        return None
    written = {s.buffer.root for s in stores if isinstance(s, Store)}
    if any(load.buffer.root in written for s in loop.body for load in loads_of(s)):
        return None
    return Running(total, value.function, step, lets, stores, condition)


def in_parallel(before: list[Statement], loop: For) -> list[Launch]:
    """Launches for a kernel that is one such loop, or several around each other; none where it is not."""
    spread, inner = _nested(loop)
    how, starts, fixed = running(inner), *_starts(before)
    if how is None or [s.name for s in starts] != [how.total]:
        return []
    place, count, size = Name("i_in"), product(tuple(n for _, n in spread)), Name("i_count")
    lets = indices(spread, add(Name("i_first"), place))
    whole = Launch("", Form.GROUPS, [], [], fixed)
    launches = _cut(whole, how, starts, For(place, count, [*lets, *inner.body]), size)
    launches[0].sizes = [
        (size, Call(MAXIMUM, (integer(LEAST), _ratio(count, integer(MOST))), "int64")),
        (CHUNKS, Call(MAXIMUM, (ONE, _ratio(count, size)), "int64")),
    ]
    return launches


def rows_in_chunks(launch: Launch) -> list[Launch]:
    """Launches for rows, or columns, that each have such a loop; none where there is anything else."""
    *before, loop = launch.body
    starts = [s for s in before if isinstance(s, Let) and s.mutable]
    if not isinstance(loop, For) or loop.parallel or loop.gathers or launch.scratch or not launch.spread:
        return []
    how = running(loop)
    if how is None or [s.name for s in starts] != [how.total] or len(starts) < len(before):
        return []
    if any(isinstance(v, Load) or v in dict(launch.spread) for v in everything_in([loop.extent])):
        return []
    size, place = Name(f"{loop.index}_count"), Name(f"{loop.index}_in")
    let = Let(loop.index, add(Name(f"{loop.index}_first"), place))
    launches = _cut(launch, how, starts, replace(loop, index=place, body=[let, *loop.body]), size)
    launches[0].sizes = [(size, _ratio(loop.extent, CHUNKS))]
    return launches


def _cut(launch: Launch, how: Running, starts: Sequence[Statement], loop: For, size: Name) -> list[Launch]:
    """The launch that finds the totals of chunks of `size`, and the one that starts each from those before it."""
    rows, extents = tuple(i for i, _ in launch.spread), tuple(n for _, n in launch.spread)
    index = loop.index.name.removesuffix("_in")
    first, left = Name(f"{index}_first"), Name(f"{index}_left")
    rest = size_call(SUBTRACT, (loop.extent, first), "int64")
    cut: list[Statement] = [Let(first, multiply(CHUNK, size)), Let(left, Call(MINIMUM, (size, rest), "int64"))]
    parts = Buffer(f"{how.total.name}_parts", how.total.dtype, (CHUNKS, *extents), "partial")
    fresh = Let(how.total, start_of(how.function, how.total.dtype, running=True), mutable=True)
    lets = [s for s in loop.body if isinstance(s, Let) and s not in how.lets]
    gathering = [*lets, *how.lets, Accumulate(how.total, how.function, how.value)]
    earlier: list[Statement] = [Accumulate(how.total, how.function, Load(parts, (EACH, *rows)))]
    spread = [(CHUNK, CHUNKS), *launch.spread]
    totals = replace(launch, spread=spread, width=size, note=[], makes=[parts], body=[
        fresh, *cut, For(loop.index, left, gathering, gathers=True), Store(parts, (CHUNK, *rows), how.total),
    ])
    results = replace(launch, spread=spread, width=size, body=[
        *starts, For(EACH, CHUNK, earlier, gathers=True), *cut, replace(loop, extent=left),
    ])
    return [totals, results]


def in_one_block(before: list[Statement], loop: For) -> list[Launch]:
    """The same as one launch of one block."""
    spread, inner = _nested(loop)
    how, starts, fixed = running(inner), *_starts(before)
    if how is None or [s.name for s in starts] != [how.total]:
        return []
    element, count = Name("element"), product(tuple(n for _, n in spread))
    body = inner.body if len(spread) == 1 else [*indices(spread, element), *inner.body]
    whole = For(loop.index if len(spread) == 1 else element, count, body)
    return [Launch("", Form.GROUPS, [], [*starts, whole], fixed)]


def _nested(loop: For) -> tuple[list[tuple[Name, Value]], For]:
    """Loops around each other, and the innermost."""
    spread, inner = [(loop.index, loop.extent)], loop
    while len(inner.body) == 1 and isinstance(inner.body[0], For):
        inner = inner.body[0]
        spread.append((inner.index, inner.extent))
    return spread, inner


def _starts(before: list[Statement]) -> tuple[list[Let], list[Statement]]:
    """What changes, with its first values, and what does not."""
    starts = [s for s in before if isinstance(s, Let) and s.mutable]
    return starts, [s for s in before if s not in starts]


def _ratio(a: Value, b: Value) -> Value:
    """a / b, rounded up."""
    return Call(FUNCTIONS["floor_divide"], (add(a, size_call(SUBTRACT, (b, ONE), "int64")), b), "int64")
