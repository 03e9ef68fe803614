"""Loops whose arrays have rows that never meet, such as a batch of sequences: each block of threads does its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bitale_backend_cuda.emit.kernel import LaunchEmitter
from bitale_backend_cuda.launch import Form, Launch
from bitale_rewrite.loops.integers import ONE, ZERO, product
from bitale_rewrite.loops.ir import Buffer, Fail, Gemm, Loop, Require, Run, Step, Store, Value
from bitale_rewrite.loops.touched import loads_of, statements

Access = tuple[Buffer, tuple[Value, ...]]


@dataclass(frozen=True)
class Rows:
    """How many independent rows there are, and arrays with rows of other lengths in memory that they share by turns:
    these need memory of their own, since a row of one lies over other rows of another."""

    count: Value
    overlapping: list[Buffer]


def independent_rows(
    step: Step, emitters: Sequence[LaunchEmitter], placement: Mapping[Buffer, int]
) -> Rows | None:
    """The rows of a loop, each of which reads, of what is written in the loop, only itself; None if they meet.
    `placement` are the blocks of the workspace that arrays lie in."""
    if not isinstance(step, Loop) or step.going is not None:
        return None
    if not all(isinstance(s, (Run, Gemm, Require)) for s in step.body) or not emitters[0].launch.spread:
        return None
    count = emitters[0].launch.spread[0][1]
    if any(c.current.kind != "moving" or c.current.shape[0] != count for c in step.carries):
        return None
    written = {b.root for each in emitters for b in each.parameters.written if b.kind != "scratch"}
    written |= {b for c in step.carries for b in (c.current, c.next)}
    written |= {row.of.root for row in step.rows if row in written and row.of is not None}
    lengths: dict[Buffer, Value] = {}
    for launch in (each.launch for each in emitters):
        if any(isinstance(s, Fail) for s in statements(launch.body)):
            return None  # other blocks would learn of it in the middle of a step
        if launch.atomic or launch.form is Form.TOTAL or not launch.spread or launch.spread[0][1] != count:
            return None
        for buffer, index in _accesses(launch):
            if buffer.root in written:
                length = _row_length(buffer, index, launch.spread[0])
                if length is None or lengths.setdefault(buffer.root, length) != length:
                    return None
    return Rows(count, _overlapping(lengths, placement))


def _overlapping(lengths: Mapping[Buffer, Value], placement: Mapping[Buffer, int]) -> list[Buffer]:
    sizes: dict[int, set[tuple[Value, int]]] = {}
    for buffer, length in lengths.items():
        if buffer in placement:
            sizes.setdefault(placement[buffer], set()).add((length, np.dtype(buffer.dtype).itemsize))
    return [b for b in lengths if b in placement and len(sizes[placement[b]]) > 1]


def _accesses(launch: Launch) -> Iterator[Access]:
    for s in statements([*launch.before, *launch.body]):
        if isinstance(s, Store):
            yield s.buffer, s.index
        yield from ((load.buffer, load.index) for load in loads_of(s))


def _row_length(buffer: Buffer, index: tuple[Value, ...], row: tuple[Value, Value]) -> Value | None:
    """The elements of a row, if an element of the row itself is read or written."""
    places = list(zip(index, buffer.shape, strict=True))
    while places and places[0] == (ZERO, ONE):
        places.pop(0)
    if not places or places[0] != row:
        return None
    return product(tuple(length for _, length in places[1:]))
