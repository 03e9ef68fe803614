"""Loops that store at places found in arrays, where the last of equal places counts, for many threads.

Iterations first leave their numbers, of which the largest stays at each place; then each stores if that is its own.
"""

from __future__ import annotations

from bitale_backend_cuda.launch import Form, Launch
from bitale_rewrite.loops.integers import EQUAL, MAXIMUM, add, integer, loop_index, multiply
from bitale_rewrite.loops.ir import Accumulate, Buffer, Call, If, Let, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import loads_of


def last_wins(before: list[Statement], spread: list[tuple[Name, Value]], body: list[Statement]) -> list[Launch]:
    """The launches of a scatter; none where the iterations depend on one another in another way."""
    *lets, store = body
    if not isinstance(store, Store) or not all(isinstance(s, Let) and not s.mutable for s in [*before, *lets]):
        return []
    if any(load.buffer.root is store.buffer.root for s in body for load in loads_of(s)):
        return []
    last = Buffer(f"{store.buffer.name}_last", "int64", store.buffer.shape, "partial")
    axes = [(loop_index(axis), n) for axis, n in enumerate(last.shape)]
    number: Value = integer(0)
    for index, extent in spread:
        number = add(multiply(number, extent), index) if number != integer(0) else index
    mark = Accumulate(Load(last, store.index), MAXIMUM, number)
    wins = If(Call(EQUAL, (Load(last, store.index), number), "bool"), [store])
    none = Store(last, tuple(index for index, _ in axes), integer(-1))
    return [
        Launch("", Form.THREADS, axes, [none], makes=[last]),
        Launch("", Form.THREADS, spread, [*lets, mark], before, atomic=True),
        Launch("", Form.THREADS, spread, [*lets, wins], before),
    ]
