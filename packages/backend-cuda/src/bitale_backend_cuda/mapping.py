"""Which thread does what: the kernels of a Program as launches on a GPU.

A kernel has one loop at its outside, and perhaps loops that give arrays their first values. Each becomes a launch in
one of three forms:

    THREADS   every iteration has a thread: elementwise work, columns, scatters
    GROUPS    every iteration has a warp or a block, whose lanes share the loops inside: reductions over rows
    TOTAL     all iterations gather into a few numbers: each block makes a partial result, a launch of one block
              combines these in a fixed order
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from bitale_graph.dtypes import COMPLEX
from bitale_rewrite.loops.integers import ONE, product
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    For,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import loads_of, statements, values_of
from bitale_rewrite.loops.values import everything_in

SHORT = 8  # iterations up to which one thread runs a loop inside by itself
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
    unless given.
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


def launches(kernel: Kernel) -> list[Launch]:
    """The launches that do what `kernel` does, in order."""
    found = list(_launches(kernel))
    for number, launch in enumerate(found):
        launch.name = kernel.name if len(found) == 1 else f"{kernel.name}_part{number + 1}"
        launch.note = kernel.note if number == len(found) - 1 else []
        launch.before = needed(launch)
        touched = {b for s in statements(launch.as_kernel().body) for b in _buffers(s)}
        launch.scratch = [row for row in kernel.scratch if row in touched]
    return found


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


def _launches(kernel: Kernel) -> Iterator[Launch]:
    before: list[Statement] = []
    for number, statement in enumerate(kernel.body):
        if not isinstance(statement, For):
            before.append(statement)
            continue
        constant: list[Statement] = [s for s in before if isinstance(s, Let) and not s.mutable]
        if statement.parallel:
            yield _spread(statement, constant)
        elif statement.gathers:
            yield from _total(statement, before, kernel.body[number + 1 :])
            return
        elif _only_accumulates(statement):
            spread, body = _scattered(statement)
            yield Launch("", Form.THREADS, spread, body, constant, atomic=True)
        else:  # in order
            yield Launch("", Form.THREADS, [], [*before, *kernel.body[number:]])
            return
    if not any(isinstance(s, For) for s in kernel.body):
        yield Launch("", Form.THREADS, [], before)


# ---- independent iterations ----------------------------------------------------------------------------------------


def _spread(loop: For, before: list[Statement]) -> Launch:
    spread, body = [(loop.index, loop.extent)], loop.body
    while len(body) == 1 and isinstance(body[0], For) and body[0].parallel:
        spread.append((body[0].index, body[0].extent))
        body = body[0].body
    form = Form.GROUPS if _shares_rows(spread, body) else Form.THREADS
    return Launch("", form, spread, body, before)


def _shares_rows(spread: list[tuple[Name, Value]], body: list[Statement]) -> bool:
    """Whether the loops in `body` are for the lanes of a group: they walk along more memory than the rows do."""
    loops = [s for s in body if isinstance(s, For)]
    inside = list(statements([*loops]))
    if not loops or any(isinstance(s, If) for s in body) or not all(s.parallel or s.gathers for s in loops):
        return False
    if all(isinstance(s.extent, Literal) and s.extent.number <= SHORT for s in loops):
        return False
    return _walking({s.index for s in loops}, inside) >= _walking({spread[-1][0]}, inside)


def _walking(indices: set[Name], inside: list[Statement]) -> int:
    """How much neighbouring iterations read or write at neighbouring places: arrays of more axes count for more."""
    places = [s.index for s in inside if isinstance(s, Store)]
    places += [load.index for s in inside for load in loads_of(s)]
    return sum(len(place) for place in places if place and not indices.isdisjoint(everything_in([place[-1]])))


# ---- accumulations -------------------------------------------------------------------------------------------------


def _only_accumulates(loop: For) -> bool:
    """Whether iterations meet only in elements of arrays that they accumulate into and do not read."""
    inside = list(statements([loop]))
    targets = {s.target.buffer.root for s in inside if isinstance(s, Accumulate) and isinstance(s.target, Load)}
    if any(isinstance(s, (Assign, Store)) or (isinstance(s, Let) and s.mutable) for s in inside):
        return False
    steps = [s for s in inside if isinstance(s, Accumulate)]
    if any(isinstance(s.target, Name) or not _is_atomic(s) for s in steps):
        return False
    read = [b for s in inside for v in _read_values(s) for b in _loaded(v)]
    return bool(targets) and targets.isdisjoint(read)


def _is_atomic(s: Accumulate) -> bool:
    """Whether threads can combine at the same time: complex numbers only add, part by part."""
    return s.target.dtype not in COMPLEX or s.function.name == "add"


def _read_values(s: Statement) -> tuple[Value, ...]:
    if isinstance(s, Accumulate) and isinstance(s.target, Load):
        return (*s.target.index, s.value)
    return values_of(s)


def _loaded(value: Value) -> Iterator[Buffer]:
    return (v.buffer.root for v in everything_in([value]) if isinstance(v, Load))


def _scattered(loop: For) -> tuple[list[tuple[Name, Value]], list[Statement]]:
    """The loops of a scatter as one; what is bound between them is bound in each iteration."""
    spread, bound, body = [(loop.index, loop.extent)], list[Statement](), loop.body
    while sum(isinstance(s, For) for s in body) == 1 and isinstance(body[-1], For):
        inner = body[-1]
        if not all(isinstance(s, Let) for s in body[:-1]) or _depends([inner.extent], body[:-1]):
            break
        bound += body[:-1]
        spread.append((inner.index, inner.extent))
        body = inner.body
    return spread, [*bound, *body]


def _depends(values: Iterable[Value], lets: Iterable[Statement]) -> bool:
    names = {s.name for s in lets if isinstance(s, Let)}
    return any(v in names for v in everything_in(values))


# ---- totals ---------------------------------------------------------------------------------------------------------


def _total(loop: For, before: list[Statement], after: list[Statement]) -> Iterator[Launch]:
    """Partial results of blocks, then one block that combines them and runs what follows."""
    spread, body = [(loop.index, loop.extent)], loop.body
    while len(body) == 1 and isinstance(body[0], For) and body[0].gathers:
        spread.append((body[0].index, body[0].extent))
        body = body[0].body
    bound = {s.name for s in statements(body) if isinstance(s, Let)}
    steps: dict[Name, Accumulate] = {}
    for s in statements(body):
        if isinstance(s, Accumulate) and isinstance(s.target, Name) and s.target not in bound:
            steps.setdefault(s.target, s)
    gathered = [(s, Buffer(f"{s.target.name}_parts", s.target.dtype, (BLOCKS,), "partial")) for s in steps.values()]  # type: ignore[union-attr]
    yield Launch("", Form.TOTAL, spread, body, before, gathered=gathered)
    block = Name("block")
    combined: list[Statement] = [
        Accumulate(s.target, s.function, Load(parts, (block,))) for s, parts in gathered
    ]
    starts = [s for s in before if isinstance(s, Let) and s.mutable]
    fixed = [s for s in before if s not in starts]
    yield Launch("", Form.GROUPS, [], [*starts, For(block, BLOCKS, combined, gathers=True), *after], fixed)


def _buffers(s: Statement) -> Iterator[Buffer]:
    if isinstance(s, Store):
        yield s.buffer
    for load in loads_of(s):
        yield load.buffer


def is_single(launch: Launch) -> bool:
    """Whether one thread does it all."""
    return launch.form is Form.THREADS and launch.count == ONE
