"""Rows that one loop writes for later ones, such as the exponentials of a softmax, computed again instead.

A few operations cost a GPU less than a trip to memory, and what they read was just read: it is in the nearest cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bitale_backend_cuda.launch import Launch
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    Fail,
    For,
    If,
    Let,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import loads_of, statements
from bitale_rewrite.loops.values import everything_in, transform

MOST = 12  # operations that are done again


def without_rows(launch: Launch, aliased: Mapping[Buffer, Buffer]) -> Launch:
    """The launch with fewer rows of scratch. `aliased` are results that take the memory of an input."""
    for row in launch.scratch:
        made = _made(launch, row, aliased)
        if made is not None:
            body = [_replaced(s, made) for s in launch.body]
            launch = replace(launch, body=body, scratch=[each for each in launch.scratch if each is not row])
    return launch


def _made(launch: Launch, row: Buffer, aliased: Mapping[Buffer, Buffer]) -> Store | None:
    """The statement that writes a row, if its value can be found again wherever it is read."""
    loops = [s for s in launch.body if isinstance(s, For)]
    inside = [s for loop in loops for s in loop.body]
    if any(isinstance(s, (For, If, Fail)) for s in inside) or any(isinstance(s, If) for s in launch.body):
        return None
    writers = [(k, s) for k, loop in enumerate(loops) for s in loop.body if isinstance(s, Store) and s.buffer is row]
    if len(writers) != 1 or any(isinstance(s, Store) and s.buffer is row for s in launch.body):
        return None
    [(number, store)] = writers
    index = loops[number].index
    if store.index != (index,) or any(loop.index != index and _reads(loop, row) for loop in loops):
        return None
    if any(load.index != (index,) for s in statements(launch.body) for load in loads_of(s) if load.buffer is row):
        return None
    value = list(everything_in([store.value]))
    if sum(isinstance(v, Call) for v in value) > MOST or not _stays(loops[number:], value):
        return None
    return store if _is_still_there(launch, value, aliased) else None


def _reads(loop: For, row: Buffer) -> bool:
    return any(load.buffer is row for s in loop.body for load in loads_of(s))


def _stays(loops: list[For], value: list[Value]) -> bool:
    """Whether no name in a value is bound or changed in `loops`."""
    inside = [s for loop in loops for s in loop.body]
    changed: set[Value] = {s.name for s in inside if isinstance(s, Let)}
    changed |= {s.target for s in inside if isinstance(s, (Accumulate, Assign))}
    return changed.isdisjoint(v for v in value if isinstance(v, Name))


def _is_still_there(launch: Launch, value: list[Value], aliased: Mapping[Buffer, Buffer]) -> bool:
    """Whether what a value reads is not overwritten before it is read again."""
    written = {s.buffer.root for s in statements(launch.body) if isinstance(s, Store)}
    written |= {aliased[buffer] for buffer in written if buffer in aliased}
    return written.isdisjoint(v.buffer.root for v in value if isinstance(v, Load))


def _replaced(s: Statement, made: Store) -> Statement:
    """A statement with the value of a row for the row; the loop that writes it loses that statement."""
    if isinstance(s, For):
        return replace(s, body=[_replaced(each, made) for each in s.body if each is not made])

    def new(value: Value) -> Value:
        return transform(value, lambda v: made.value if isinstance(v, Load) and v.buffer is made.buffer else v, {})

    if isinstance(s, Store):
        return Store(s.buffer, tuple(map(new, s.index)), new(s.value))
    return replace(s, value=new(s.value)) if isinstance(s, (Let, Assign, Accumulate)) else s
