"""The plan: which temporaries share a block of the workspace, and which results may take the memory of an input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_rewrite.loops.integers import integer, multiply, product
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Choose,
    Define,
    Fail,
    For,
    Gemm,
    If,
    Let,
    Load,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.values import parts


def plan(program: Program, donate: dict[int, int]) -> Program:
    """`program` with its workspace laid out, its donations granted, and the inputs that must be row-major named."""
    used = {b.root for step in program.steps for b in buffers_of(step)}
    program.temporaries = [b for b in program.temporaries if b in used]
    _place_temporaries(program)
    program.donated = {out: source for out, source in donate.items() if _may_donate(program, out, source)}
    _drop_copies(program)
    for step in program.steps:
        for buffer in _row_major(step):
            buffer.root.strided = False
    program.contiguous = {b.slot for b in program.inputs if not b.strided}
    return program


def nbytes(buffer: Buffer) -> Value:
    """The bytes a buffer takes, rounded up to whole cache lines by whoever allocates."""
    return multiply(product(buffer.shape), integer(np.dtype(buffer.dtype).itemsize))


def _place_temporaries(program: Program) -> None:
    """First come, first served among blocks of exactly the same size that are free again."""
    last: dict[Buffer, int] = {}
    for number, step in enumerate(program.steps):
        for buffer in buffers_of(step):
            last[buffer.root] = number
    free: dict[Value, list[int]] = {}
    own = set(program.temporaries)
    for number, step in enumerate(program.steps):
        touched = list(dict.fromkeys(b.root for b in buffers_of(step) if b.root in own))
        for buffer in touched:
            if buffer not in program.placement:
                blocks = free.setdefault(nbytes(buffer), [])
                if blocks:
                    program.placement[buffer] = blocks.pop()
                else:
                    program.placement[buffer] = len(program.slots)
                    program.slots.append(nbytes(buffer))
        for buffer in touched:
            if last[buffer] == number:
                free[nbytes(buffer)].append(program.placement[buffer])


def _may_donate(program: Program, out: int, source: int) -> bool:
    """Whether output `out` may overwrite input `source`: no step reads the input later than the first one that writes
    the output, and that one reads it only at the element being written."""
    result, old = program.outputs[out], program.inputs[source]
    if result.dtype != old.dtype or result.shape != old.shape or old.strided:
        return False
    writing = [number for number, step in enumerate(program.steps) if result in written_by(step)]
    reading = [number for number, step in enumerate(program.steps) if old in {b.root for b in buffers_of(step)}]
    if not writing or (reading and max(reading) > min(writing)):
        return False
    if writing[0] not in reading:
        return True
    step = program.steps[writing[0]]
    return isinstance(step, Run) and _pointwise(step.kernel.body, result, old)


def _pointwise(body: list[Statement], result: Buffer, old: Buffer) -> bool:
    """Whether `old` is read in one straight piece of code only, at the index where `result` is then stored there."""
    for block in _blocks(body):
        stores = [i for i, s in enumerate(block) if isinstance(s, Store) and s.buffer is result]
        loads = [(i, load) for i, s in enumerate(block) for load in _loads(s) if load.buffer.root is old]
        if stores:
            at = block[stores[-1]]
            assert isinstance(at, Store)
            fits = all(load.buffer is old and load.index == at.index and i <= stores[0] for i, load in loads)
            if len(stores) > 1 or not fits:
                return False
        elif loads:
            return False
    return True


def _drop_copies(program: Program) -> None:
    """Copying an input into a result that has the same memory does nothing."""
    same = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}

    def is_copy(s: Statement) -> bool:
        if not isinstance(s, Store) or s.buffer not in same or not isinstance(s.value, Load):
            return False
        return s.value.buffer is same[s.buffer] and s.value.index == s.index

    def cleaned(body: list[Statement]) -> list[Statement]:
        for statement in body:
            if isinstance(statement, For):
                statement.body = cleaned(statement.body)
        return [s for s in body if not is_copy(s) and not (isinstance(s, For) and not s.body)]

    if same:
        for step in program.steps:
            if isinstance(step, Run):
                step.kernel.body = cleaned(step.kernel.body)
        program.steps = [s for s in program.steps if not (isinstance(s, Run) and not s.kernel.body)]


# ---- what steps touch -------------------------------------------------------------------------------------------


def all_steps(steps: list[Step]) -> Iterator[Step]:
    """The steps, and those inside choices."""
    for step in steps:
        yield step
        if isinstance(step, Choose):
            yield from all_steps(step.then)
            yield from all_steps(step.otherwise)


def buffers_of(step: Step) -> Iterator[Buffer]:
    """Every buffer a step reads or writes (scratch included)."""
    if isinstance(step, Run):
        for statement in statements(step.kernel.body):
            yield from buffers_in(statement)
    elif isinstance(step, Gemm):
        yield from (step.out, step.left, step.right)
        yield from loaded((step.m, step.n, step.k, step.batch, step.alpha, step.beta))
    elif isinstance(step, Choose):
        for inner in (*step.then, *step.otherwise):
            yield from buffers_of(inner)
        yield from loaded((step.condition,))
    elif isinstance(step, Define):
        yield from loaded((step.value,))
    elif isinstance(step, Require):
        yield from loaded((step.condition, *step.values))


def buffers_in(statement: Statement) -> Iterator[Buffer]:
    """The buffers a statement itself reads or writes (not those in its body)."""
    if isinstance(statement, Store):
        yield statement.buffer
    for load in _loads(statement):
        yield load.buffer


def written_by(step: Step) -> set[Buffer]:
    """The buffers a step writes."""
    if isinstance(step, Gemm):
        return {step.out.root}
    if isinstance(step, Choose):
        return set().union(*(written_by(s) for s in (*step.then, *step.otherwise)))
    result: set[Buffer] = set()
    if isinstance(step, Run):
        for s in statements(step.kernel.body):
            if isinstance(s, Store):
                result.add(s.buffer.root)
            elif isinstance(s, Accumulate) and isinstance(s.target, Load):
                result.add(s.target.buffer.root)
    return result


def _row_major(step: Step) -> list[Buffer]:
    """Buffers that the step needs in row-major order: operands of library calls, and views."""
    if isinstance(step, Choose):
        return [b for inner in (*step.then, *step.otherwise) for b in _row_major(inner)]
    if isinstance(step, Gemm):
        return [step.left, step.right]
    return [b for b in buffers_of(step) if b.base is not None]


def statements(body: list[Statement]) -> Iterator[Statement]:
    """All statements, loops before what is inside them."""
    for statement in body:
        yield statement
        if isinstance(statement, For):
            yield from statements(statement.body)
        elif isinstance(statement, If):
            yield from statements(statement.body)
            yield from statements(statement.orelse)


def _blocks(body: list[Statement]) -> Iterator[list[Statement]]:
    """The straight pieces of code: each list of statements that stand side by side, without the loops among them."""
    yield [s for s in body if not isinstance(s, (For, If))]
    for statement in body:
        if isinstance(statement, For):
            yield from _blocks(statement.body)
        elif isinstance(statement, If):
            yield from _blocks(statement.body)
            yield from _blocks(statement.orelse)


def values_of(statement: Statement) -> tuple[Value, ...]:
    """The values that stand directly in a statement."""
    if isinstance(statement, (Let, Assign)):
        return (statement.value,)
    if isinstance(statement, Store):
        return (*statement.index, statement.value)
    if isinstance(statement, Accumulate):
        return (statement.target, statement.value) if isinstance(statement.target, Load) else (statement.value,)
    if isinstance(statement, Fail):
        return (statement.condition, *statement.values)
    return (statement.extent,) if isinstance(statement, For) else (statement.condition,)


def _loads(statement: Statement) -> list[Load]:
    stack, found, seen = list(values_of(statement)), [], set()
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, Load):
            found.append(value)
        stack.extend(parts(value))
    return found


def loaded(values: tuple[Value, ...]) -> Iterator[Buffer]:
    """The buffers that `values` read."""
    stack = list(values)
    while stack:
        value = stack.pop()
        if isinstance(value, Load):
            yield value.buffer
        stack.extend(parts(value))
