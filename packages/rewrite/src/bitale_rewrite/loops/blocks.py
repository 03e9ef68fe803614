"""The blocks of a workspace: memory that arrays take one after another."""

from __future__ import annotations

from collections.abc import Iterable, Set

import numpy as np

from bitale_graph.ops.elementwise import maximum
from bitale_rewrite.loops.integers import ONE, integer, multiply, product
from bitale_rewrite.loops.ir import Buffer, Call, Define, Literal, Load, Loop, Name, Program, Step, Value
from bitale_rewrite.loops.touched import all_steps, inside, written_by
from bitale_rewrite.loops.values import everything_in


def nbytes(buffer: Buffer) -> Value:
    """The bytes a buffer takes, rounded up to whole cache lines by whoever allocates."""
    return multiply(product(buffer.shape), integer(np.dtype(buffer.dtype).itemsize))


def late_names(program: Program) -> set[Name]:
    """The sizes that are known only while the function runs."""
    return names_found(program.steps)


def names_found(steps: list[Step]) -> set[Name]:
    """The numbers that steps find: lengths, in which iteration loops are, and how many they took."""
    every = list(all_steps(steps))
    loops = {name for step in every if isinstance(step, Loop) for name in (step.index, step.count) if name is not None}
    return loops | {step.name for step in every if isinstance(step, Define)}


def sized_inside(step: Step, buffers: Iterable[Buffer]) -> list[Buffer]:
    """Those of `buffers` whose sizes are found by the steps inside a loop or a choice."""
    if not inside(step):
        return []
    names, written = names_found([step]), written_by(step)

    def is_found(value: Value) -> bool:
        return value in names or (isinstance(value, Load) and value.buffer.root in written)

    return [b for b in buffers if any(map(is_found, everything_in([nbytes(b)])))]


def is_early(n: Value, late: Set[Name]) -> bool:
    """Whether a size depends on lengths of inputs only."""
    return not any(isinstance(v, Load) or v in late for v in everything_in([n]))


class Blocks:
    """Blocks and their sizes. An array takes a free block of exactly its size where there is one.

    Matrices and larger arrays whose lengths are not known also take a block of another size, which becomes the larger
    one of both: never more than a block of its own would add. `late` are the lengths found only while the function
    runs, when the other blocks have their memory.
    """

    def __init__(self, late: Set[Name]) -> None:
        self.sizes: list[Value] = []
        self._late = late
        self._fits: list[list[Value]] = []  # the sizes of the arrays that a block has held
        self._ranks: list[int] = []  # the rank of arrays that the block may grow for, or 0
        self._free: dict[int, None] = {}
        self._by_size: dict[Value, list[int]] = {}  # blocks that were free once, the latest last

    def take(self, buffer: Buffer) -> int:
        """The number of the block for a buffer."""
        size, rank = nbytes(buffer), self._growing(buffer)
        candidates = self._by_size.get(size, [])
        while candidates:
            block = candidates.pop()
            if block in self._free:
                del self._free[block]
                return block
        other = next((block for block in reversed(self._free) if rank and self._ranks[block] == rank), None)
        if other is None:
            self.sizes.append(size)
            self._fits.append([size])
            self._ranks.append(rank)
            return len(self.sizes) - 1
        del self._free[other]
        if size not in self._fits[other]:
            self.sizes[other] = Call(maximum, (self.sizes[other], size), "int64")
            self._fits[other].append(size)
        return other

    def give(self, block: int) -> None:
        """The block is free again."""
        self._free[block] = None
        for size in self._fits[block]:
            self._by_size.setdefault(size, []).append(block)

    def _growing(self, buffer: Buffer) -> int:
        """The rank of a buffer that may share a block with buffers of other sizes, else 0."""
        size, rank = nbytes(buffer), sum(n != ONE for n in buffer.shape)
        return rank if rank > 1 and not isinstance(size, Literal) and is_early(size, self._late) else 0
