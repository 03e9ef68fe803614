"""The plan: which temporaries share a block of the workspace, and which results may take the memory of an input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from bitale_rewrite.loops.blocks import Blocks, late_names
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.ir import (
    Buffer,
    Choose,
    For,
    Gemm,
    If,
    Invoke,
    Kernel,
    LibraryCall,
    Load,
    Loop,
    Program,
    Run,
    Statement,
    Step,
    Store,
)
from bitale_rewrite.loops.touched import (
    all_steps,
    buffers_of,
    inside,
    loads_of,
    may_fail,
    own_buffers,
    statements,
    values_of,
    written_by,
)

MANY, LONG = 5, 1000  # kernels, and the operations in them, from which a program is large


def plan(program: Program, donate: dict[int, int]) -> Program:
    """`program` with its workspace laid out, its donations granted, and the inputs that must be row-major named.

    In a large program these are all of them. To copy what has other strides is little beside its work, then its kernels
    read rows, and there is but one form of each to compile.
    """
    used = {owner for step in program.steps for b in buffers_of(step) for owner in b.owners}
    program.temporaries = [b for b in program.temporaries if b in used]
    _place_temporaries(program)
    program.donated = {out: source for out, source in donate.items() if _may_donate(program, out, source)}
    _drop_copies(program)
    for step in program.steps:
        for buffer in _row_major(step):
            buffer.root.strided = False
    if is_large([step.kernel for step in all_steps(program.steps) if isinstance(step, Run)]):
        for buffer in program.inputs:
            buffer.strided = False
    program.contiguous = {b.slot for b in program.inputs if not b.strided}
    return program


def is_large(kernels: Sequence[Kernel]) -> bool:
    """Whether the kernels of a program are so many or so long that compilers take their time."""
    values = (v for kernel in kernels for s in statements(kernel.body) for v in values_of(s))
    return len(kernels) >= MANY or sum(map(cost_of, values)) >= LONG


def _place_temporaries(program: Program) -> None:
    """Each temporary in a block that is free again, if one fits. Single elements are local."""
    own = {b for b in program.temporaries if b.shape}
    spans = _spans(program, own)
    blocks = Blocks(late_names(program))
    alive: list[tuple[int, int, Buffer]] = []  # a heap: where each ends, the first first
    for number, buffer in enumerate(sorted(spans, key=lambda b: (spans[b], b.name))):
        start, end = spans[buffer]
        while alive and alive[0][0] < start:
            blocks.give(program.placement[heappop(alive)[2]])
        program.placement[buffer] = blocks.take(buffer)
        heappush(alive, (end, number, buffer))
    program.slots = blocks.sizes


def _spans(program: Program, own: set[Buffer]) -> dict[Buffer, tuple[int, int]]:
    """From which step to which each buffer is needed, in order of first use; steps inside loops count, too.

    What is used only in one iteration of a loop can share memory with what comes later in the iteration. What is used
    outside the loop, too, or handed on in it, is needed for the whole loop.
    """
    uses: dict[Buffer, list[tuple[int, tuple[Loop, ...]]]] = {}
    ends: dict[Loop, int] = {}
    starts: dict[Loop, int] = {}
    pending: list[tuple[Step | Loop, tuple[Loop, ...], bool]] = [(s, (), False) for s in reversed(program.steps)]
    count = 0
    while pending:
        step, around, done = pending.pop()
        count += 1
        if done:
            ends[step] = count  # type: ignore[index]
            continue
        for owner in dict.fromkeys(owner for buffer in own_buffers(step) for owner in buffer.owners):
            uses.setdefault(owner, []).append((count, around))
        within = around
        if isinstance(step, Loop):
            within, starts[step] = (*around, step), count
            pending.append((step, around, True))
        pending += [(s, within, False) for s in reversed(inside(step))]
    spans: dict[Buffer, tuple[int, int]] = {}
    for buffer, places in uses.items():
        shared = min(len(path) for _, path in places)
        while any(path[:shared] != places[0][1][:shared] for _, path in places):
            shared -= 1
        first = min(starts[path[shared]] if len(path) > shared else at for at, path in places)
        last = max(ends[path[shared]] if len(path) > shared else at for at, path in places)
        if buffer in own:
            spans[buffer] = first, last
    return spans


def _may_donate(program: Program, out: int, source: int) -> bool:
    """Whether output `out` may overwrite input `source`: no step reads the input later than the first one that writes
    the output, and that one reads it only at the element being written. Nor may a check fail after it was written."""
    result, old = program.outputs[out], program.inputs[source]
    if result.dtype != old.dtype or result.shape != old.shape or old.strided:
        return False
    writing = [number for number, step in enumerate(program.steps) if result in written_by(step)]
    reading = [number for number, step in enumerate(program.steps) if any(old in b.owners for b in buffers_of(step))]
    if not writing or (reading and max(reading) > min(writing)) or may_fail(program.steps[min(writing) :]):
        return False
    if writing[0] not in reading:
        return True
    step = program.steps[writing[0]]
    return isinstance(step, Run) and _pointwise(step.kernel.body, result, old)


def _pointwise(body: list[Statement], result: Buffer, old: Buffer) -> bool:
    """Whether `old` is read in one straight piece of code only, at the index where `result` is then stored there."""
    for block in _blocks(body):
        stores = [i for i, s in enumerate(block) if isinstance(s, Store) and s.buffer is result]
        loads = [(i, load) for i, s in enumerate(block) for load in loads_of(s) if old in load.buffer.owners]
        if stores:
            at = block[stores[-1]]
            assert isinstance(at, Store)
            fits = all(load.buffer.base is None and load.index == at.index and i <= stores[0] for i, load in loads)
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


def _row_major(step: Step) -> list[Buffer]:
    """Buffers that the step needs in row-major order: operands of library calls, and views."""
    if isinstance(step, Loop):  # one form of the loop serves all strides
        return [b for buffer in buffers_of(step) for b in (buffer, *buffer.owners)]
    if isinstance(step, Choose):
        return [b for part in inside(step) for b in _row_major(part)]
    if isinstance(step, Gemm):
        bias = step.epilogue and step.epilogue.bias
        return [step.left, step.right, *([bias] if bias else [])]
    if isinstance(step, (LibraryCall, Invoke)):
        return step.inputs
    return [b for b in buffers_of(step) if b.base is not None]


def _blocks(body: list[Statement]) -> Iterator[list[Statement]]:
    """The straight pieces of code: each list of statements that stand side by side, without the loops among them."""
    yield [s for s in body if not isinstance(s, (For, If))]
    for statement in body:
        if isinstance(statement, For):
            yield from _blocks(statement.body)
        elif isinstance(statement, If):
            yield from _blocks(statement.body)
            yield from _blocks(statement.orelse)
