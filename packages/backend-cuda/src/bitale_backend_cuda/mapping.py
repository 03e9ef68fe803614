"""Which thread does what: the kernels of a Program as launches on a GPU.

A kernel has one loop at its outside, and perhaps loops that give arrays their first values. Each becomes a launch
(see launch.py), or two where a second must wait for all of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bitale_backend_cuda.last_wins import last_wins
from bitale_backend_cuda.launch import BLOCKS, Form, Launch, indices, needed
from bitale_backend_cuda.running import in_one_block, in_parallel, running
from bitale_graph.dtypes import COMPLEX
from bitale_rewrite.loops.integers import product
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Fail,
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


def launches(kernel: Kernel, by_one_block: bool = False) -> list[Launch]:
    """The launches that do what `kernel` does, in order; `by_one_block`, which needs no memory to meet others in."""
    found = list(_launches(kernel, by_one_block)) if any(map(_has_effect, statements(kernel.body))) else []
    for number, launch in enumerate(found):
        launch.name = kernel.name if len(found) == 1 else f"{kernel.name}_part{number + 1}"
        launch.note = kernel.note if number == len(found) - 1 else []
        for k, each in enumerate(launch.instead):
            each.name = f"{launch.name}_total{k + 1}"
        for each in (launch, *launch.instead):
            each.before = needed(each)
            touched = {b for s in statements(each.as_kernel().body) for b in _buffers(s)}
            each.scratch = [row for row in kernel.scratch if row in touched]
    return found


def _has_effect(s: Statement) -> bool:
    """Whether a statement writes to an array, or may fail. What is known from lengths alone needs no memory."""
    return isinstance(s, (Store, Fail)) or (isinstance(s, Accumulate) and isinstance(s.target, Load))


def _launches(kernel: Kernel, by_one_block: bool) -> Iterator[Launch]:
    before: list[Statement] = []
    for number, statement in enumerate(kernel.body):
        if not isinstance(statement, For):
            before.append(statement)
            continue
        constant: list[Statement] = [s for s in before if isinstance(s, Let) and not s.mutable]
        if statement.parallel:
            yield _spread(statement, constant)
        elif statement.gathers:
            yield _total(statement, before, kernel.body[number + 1 :])
            return
        elif _only_accumulates(statement):
            spread, body = _scattered(statement)
            yield Launch("", Form.THREADS, spread, body, constant, atomic=True)
        else:  # in order
            last = not kernel.body[number + 1 :]
            if by_one_block:
                found = last and in_one_block(before, statement)
            else:
                found = last and (in_parallel(before, statement) or last_wins(before, *_scattered(statement)))
            if found:
                yield from found
                return
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
    if not loops or any(isinstance(s, If) for s in body):
        return False
    if not all(s.parallel or s.gathers or running(s) for s in loops):
        return False
    if all(isinstance(s.extent, Literal) and s.extent.number <= SHORT for s in loops):
        return False
    return _walking({s.index for s in loops}, inside) >= _walking({spread[-1][0]}, inside)


def _walking(indices: set[Name], inside: list[Statement]) -> int:
    """How much neighbouring iterations read or write at neighbouring places: arrays that vary with more indices count
    for more."""
    places = [s.index for s in inside if isinstance(s, Store)]
    places += [load.index for s in inside for load in loads_of(s)]
    along = [place for place in places if place and not indices.isdisjoint(everything_in([place[-1]]))]
    return sum(not isinstance(i, Literal) for place in along for i in place)


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


def _total(loop: For, before: list[Statement], after: list[Statement]) -> Launch:
    """One block does it all where that is little; else there are partial results of blocks, then one block that
    combines them and runs what follows."""
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
    block = Name("block")
    combined: list[Statement] = [
        Accumulate(s.target, s.function, Load(parts, (block,))) for s, parts in gathered
    ]
    starts = [s for s in before if isinstance(s, Let) and s.mutable]
    fixed = [s for s in before if s not in starts]

    def by_one_block(loop: For) -> Launch:
        return Launch("", Form.GROUPS, [], [*starts, loop, *after], fixed)

    element, count = Name("element"), product(tuple(n for _, n in spread))
    whole = by_one_block(For(element, count, [*indices(spread, element), *body], gathers=True))
    whole.many = count
    partial = Launch("", Form.TOTAL, spread, body, before, gathered=gathered)
    whole.instead = [partial, by_one_block(For(block, BLOCKS, combined, gathers=True))]
    return whole


def _buffers(s: Statement) -> Iterator[Buffer]:
    if isinstance(s, Store):
        yield s.buffer
    for load in loads_of(s):
        yield load.buffer
