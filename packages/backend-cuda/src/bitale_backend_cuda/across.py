"""Operands that lie across a launch, such as transposed ones: their neighbours are not those of neighbouring threads.

A block then takes a tile of 32 x 32 iterations. It reads such an operand along the operand's own rows into shared
memory, and from there along those of the result. Inputs whose strides are known only at run time get tiles, too, if
something lies across as it is written; they use them where they turn out to lie so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_cuda.launch import Form, Launch
from bitale_backend_cuda.packs import is_simple
from bitale_rewrite.loops.across import affine
from bitale_rewrite.loops.integers import ZERO
from bitale_rewrite.loops.ir import Buffer, Let, Literal, Load, Name, Store, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in

TILE = 32  # iterations of each loop
SHORTEST = 16  # loops from which tiles are worth it
ROOM = 40_000  # bytes of shared memory for the tiles of a block


@dataclass(eq=False)
class Across:
    """Tiles of the loops of `outer` and `inner`, the last; for each operand with a tile, its axes that these move."""

    launch: Launch
    outer: Name
    inner: Name
    tiles: dict[Load, tuple[int, int]]

    @property
    def extents(self) -> tuple[Value, Value]:
        """The lengths of the two loops."""
        found = dict(self.launch.spread)
        return found[self.outer], found[self.inner]


def across_of(launch: Launch, aliased: Collection[Buffer]) -> Across | None:
    """The tiles of a launch; None where nothing lies across, or it cannot be helped."""
    if launch.form is Form.GROUPS or len(launch.spread) < 2 or launch.atomic or launch.scratch:
        return None
    if not all(map(is_simple, launch.body)):
        return None
    inner, bound = launch.spread[-1][0], {s.name for s in launch.body if isinstance(s, Let)}
    stores = [s for s in launch.body if isinstance(s, Store)]
    if any(not s.index or inner not in everything_in([s.index[-1]]) for s in stores):
        return None
    written = {owner for s in stores for owner in s.buffer.around} | set(aliased)
    loads = [v for v in everything_in([v for s in launch.body for v in values_of(s)]) if isinstance(v, Load)]
    loads = [v for v in loads if written.isdisjoint(v.buffer.around) and bound.isdisjoint(everything_in(v.index))]
    votes = Counter(i for load in loads for i, _ in launch.spread[:-1] if _lies_across(load, _axes(load, i, inner)))
    if not votes:
        return None
    outer = votes.most_common(1)[0][0]
    if any(isinstance(n, Literal) and n.number < SHORTEST for i, n in launch.spread if i in (outer, inner)):
        return None
    found = {load: axes for load in loads if (axes := _axes(load, outer, inner)) is not None}
    always = {load: axes for load, axes in found.items() if _lies_across(load, axes)}
    perhaps = {load: axes for load, axes in found.items() if load not in always and is_strided(load.buffer)}
    for tiles in (always | perhaps, always):
        if sum(TILE * (TILE + 1) * np.dtype(load.dtype).itemsize for load in tiles) <= ROOM:
            return Across(launch, outer, inner, tiles)
    return None


def _axes(load: Load, outer: Name, inner: Name) -> tuple[int, int] | None:
    """The axes of an operand that two loops move, if each moves one, by as much in each iteration."""
    found = []
    for index in (outer, inner):
        moved = [axis for axis, i in enumerate(load.index) if index in everything_in([i])]
        steps = affine(load.index[moved[0]], index) if len(moved) == 1 else None
        if steps is None or steps[1] == ZERO or not isinstance(steps[1], Literal):
            return None
        found.append(moved[0])
    return (found[0], found[1]) if found[0] != found[1] else None


def _lies_across(load: Load, axes: tuple[int, int] | None) -> bool:
    """Whether an operand lies across as it is written."""
    return axes is not None and axes[0] == len(load.index) - 1
