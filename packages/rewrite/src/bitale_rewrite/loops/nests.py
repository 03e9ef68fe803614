"""Nests: each stored variable as a loop nest that computes it, before any loops are shared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from bitale_graph.ops.elementwise import Function
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.integers import ONE, ZERO, loop_index
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Step, Value
from bitale_rewrite.loops.touched import may_fail

Index = tuple[Value, ...]


@dataclass(eq=False)
class Loop:
    """One loop of a nest. A `serial` loop combines or orders its iterations; the others are independent."""

    extent: Value
    serial: bool = False


@dataclass(eq=False)
class Nest:
    """loops: buffer[index] = value, or buffer[index] = function(buffer[index], value) when there is a function.

    The index of the loop at depth d is `loop_index(d)` in every nest. A `running` nest also stores each partial
    result: its innermost loop, the only serial one, is a cumulate. `start` is a nest that gives the buffer the values
    to accumulate on, before the first serial loop; its outer loops are those of this nest.
    """

    loops: list[Loop]
    buffer: Buffer
    index: Index
    value: Value
    function: Function | None = None
    running: bool = False
    note: str = ""
    start: Nest | None = None
    reads: dict[Buffer, list[Index | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        collect_loads((self.value, *self.index, *(loop.extent for loop in self.loops)), self.reads)
        for buffer in sized_by([self.buffer]):  # must be there before there is memory
            self.reads.setdefault(buffer, []).append(None)
        if self.start is not None:
            for buffer, indices in self.start.reads.items():
                # The start reads at indices of its own: nothing it reads may be made in the same loops.
                self.reads.setdefault(buffer, []).extend(None for _ in indices)

    @cached_property
    def cost(self) -> int:
        """The operations of one iteration."""
        return cost_of(self.value)

    @property
    def first_serial(self) -> int:
        """The depth of the outermost serial loop (the number of loops if there is none)."""
        return next((depth for depth, loop in enumerate(self.loops) if loop.serial), len(self.loops))

    @property
    def in_register(self) -> bool:
        """Whether the result can gather in a scalar: all loops from the first serial one on are serial."""
        if self.running:
            return True
        own = {loop_index(depth) for depth in range(self.first_serial)}
        fixed = all(i in own or isinstance(i, Literal) for i in self.index)
        return self.function is not None and fixed and all(loop.serial for loop in self.loops[self.first_serial :])


@dataclass(eq=False)
class Fixed:
    """Steps that stand alone: a library call, a check, a search of unknown length. Nothing fuses with them;
    a `barrier` also keeps everything after it after it."""

    steps: list[Step]
    reads: set[Buffer]
    writes: set[Buffer]
    barrier: bool = False


    def __post_init__(self) -> None:
        self.reads = self.reads | sized_by([*self.reads, *self.writes])


Item = Nest | Fixed


def is_check(item: Item) -> bool:
    """Whether an item may stop the function with an error."""
    return isinstance(item, Fixed) and may_fail(item.steps)


def accesses(item: Item) -> tuple[set[Buffer], set[Buffer]]:
    """The buffers that an item reads, and those that it writes."""
    if isinstance(item, Fixed):
        return {b.root for b in item.reads}, {b.root for b in item.writes}
    return set(item.reads), {item.buffer.root}


def sized_by(buffers: Iterable[Buffer]) -> set[Buffer]:
    """What the lengths of `buffers` are read from."""
    found: dict[Buffer, list[Index | None]] = {}
    for buffer in buffers:
        collect_loads((*buffer.shape, *buffer.root.shape), found)
    return set(found)


def collect_loads(values: tuple[Value, ...], into: dict[Buffer, list[Index | None]]) -> None:
    """Add the loads of `values` to `into`: root buffer -> indices; None where a view hides the index."""
    stack, seen = list(values), set()
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, Load):
            buffer = value.buffer
            into.setdefault(buffer.root, []).append(value.index if buffer.base is None else None)
            stack.extend(value.index)
        elif isinstance(value, Call):
            stack.extend(value.operands)


def domain(lengths: tuple[Value, ...]) -> tuple[list[Loop], Index]:
    """Loops over an array of these lengths, and the index of its element; axes of length 1 need no loop."""
    loops: list[Loop] = []
    index: list[Value] = []
    for n in lengths:
        if n == ONE:
            index.append(ZERO)
        else:
            index.append(loop_index(len(loops)))
            loops.append(Loop(n))
    return loops, tuple(index)


