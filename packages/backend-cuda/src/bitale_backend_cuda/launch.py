"""A launch: the iterations of a kernel, or of a part of it, spread over the threads of a GPU in one of three forms:

    THREADS   every iteration has a thread: elementwise work, columns, scatters
    GROUPS    every iteration has a warp or a block, whose lanes share the loops inside: reductions over rows
    TOTAL     all iterations gather into a few numbers: each block makes a partial result, a launch of one block
              combines these in a fixed order
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.hoist import WORTHWHILE
from bitale_rewrite.loops.integers import ONE, product
from bitale_rewrite.loops.ir import Accumulate, Assign, Buffer, Call, For, Kernel, Let, Load, Name, Statement, Value
from bitale_rewrite.loops.touched import statements, values_of
from bitale_rewrite.loops.values import everything_in

BLOCKS = Name("blocks")  # how many blocks left partial results


class Form(Enum):
    """How a launch spreads its iterations."""

    THREADS = "threads"
    GROUPS = "groups"
    TOTAL = "total"


@dataclass(eq=False)
class Launch:
    """`body` runs for each combination of the indices in `spread`; what `before` binds is known in all of them.

    `gathered` are the totals of the form TOTAL, and the buffers of their partial results. With `atomic` the body adds
    to elements that other iterations add to, too. `sizes` are what the host computes for the launch, `makes` are
    buffers that it needs memory for. `width` is how many iterations the lanes of a group share; as the first loop
    unless given. The host chooses the launches `instead` where there is `many` to do.
    """

    name: str
    form: Form
    spread: list[tuple[Name, Value]]
    body: list[Statement]
    before: list[Statement] = field(default_factory=list)
    note: list[str] = field(default_factory=list)
    scratch: list[Buffer] = field(default_factory=list)
    gathered: list[tuple[Accumulate, Buffer]] = field(default_factory=list)
    atomic: bool = False
    sizes: list[tuple[Name, Value]] = field(default_factory=list)
    makes: list[Buffer] = field(default_factory=list)
    width: Value | None = None
    instead: list[Launch] = field(default_factory=list)
    many: Value | None = None

    @property
    def count(self) -> Value:
        """How many iterations there are."""
        return product(tuple(extent for _, extent in self.spread))

    def as_kernel(self) -> Kernel:
        """The launch as a kernel of the loop IR, to ask what it reads and writes."""
        body = self.body
        for index, extent in reversed(self.spread):
            body = [For(index, extent, body)]
        return Kernel(self.name, [*self.before, *body], self.note, self.scratch)


def needed(launch: Launch) -> list[Statement]:
    """What is bound before, and used."""
    used = {v for s in statements(launch.body) for v in everything_in(values_of(s))}
    used |= {s.target for s in statements(launch.body) if isinstance(s, (Accumulate, Assign))}
    used |= set(everything_in([extent for _, extent in launch.spread]))
    kept: list[Statement] = []
    for s in reversed(launch.before):
        if not isinstance(s, Let) or s.name in used:
            kept.insert(0, s)
            used.update(everything_in(values_of(s)))
    return kept


def is_single(launch: Launch) -> bool:
    """Whether one thread does it all."""
    return launch.form is Form.THREADS and launch.count == ONE


def indices(spread: list[tuple[Name, Value]], number: Value) -> list[Statement]:
    """The indices that a number of an iteration stands for, bound."""
    bound: list[Statement] = []
    for k, (index, extent) in enumerate(spread):
        below = product(tuple(n for _, n in spread[k + 1 :]))
        value = number if below == ONE else Call(FUNCTIONS["floor_divide"], (number, below), "int64")
        bound.append(Let(index, Call(FUNCTIONS["remainder"], (value, extent), "int64") if k else value))
    return bound


def shared(loop: For) -> tuple[list[tuple[Name, Value]], list[Statement]]:
    """The loops around each other that the lanes of a group share as one, and what they do. Cheap values that are bound
    between them are bound in each iteration."""
    spread, bound, body = [(loop.index, loop.extent)], list[Statement](), loop.body
    while isinstance(inner := body[-1], For) and (loop.parallel, loop.gathers) == (inner.parallel, inner.gathers):
        lets = body[:-1]
        if not all(isinstance(s, Let) and not s.mutable and cost_of(s.value) < WORTHWHILE for s in lets):
            break
        changing = {*(s.name for s in lets if isinstance(s, Let)), *(i for i, _ in spread)}
        if any(v in changing or isinstance(v, Load) for v in everything_in([inner.extent])):
            break
        bound += lets
        spread.append((inner.index, inner.extent))
        body = inner.body
    return spread, [*bound, *body]
