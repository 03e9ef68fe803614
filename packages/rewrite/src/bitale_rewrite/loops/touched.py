"""What steps and statements read and write."""

from __future__ import annotations

from collections.abc import Iterator

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
    Invoke,
    Let,
    LibraryCall,
    Load,
    Loop,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.values import parts


def programs_of(program: Program) -> list[Program]:
    """The programs that `program` invokes, directly or through others, each once and after those it invokes itself;
    `program` last."""
    found: dict[Program, None] = {}
    stack = [(program, False)]
    while stack:
        top, done = stack.pop()
        if done:
            found.setdefault(top)
        elif top not in found:
            stack.append((top, True))
            stack.extend((step.program, False) for step in all_steps(top.steps) if isinstance(step, Invoke))
    return list(found)


def all_steps(steps: list[Step]) -> Iterator[Step]:
    """The steps, and those inside choices and loops."""
    for step in steps:
        yield step
        yield from all_steps(inside(step))


def inside(step: Step) -> list[Step]:
    """The steps inside a choice or a loop."""
    if isinstance(step, Choose):
        return [*step.then, *step.otherwise]
    return step.body if isinstance(step, Loop) else []


def may_fail(steps: list[Step]) -> bool:
    """Whether a check among these steps may stop the function."""
    return any(
        isinstance(step, Require) or (isinstance(step, Invoke) and may_fail(step.program.steps))
        for step in all_steps(steps)
    )


def buffers_of(step: Step) -> Iterator[Buffer]:
    """Every buffer a step and those inside it read or write (scratch included)."""
    yield from own_buffers(step)
    for inner in inside(step):
        yield from buffers_of(inner)


def own_buffers(step: Step) -> Iterator[Buffer]:
    """The buffers that a step itself reads or writes. A loop's are those that it hands on, finds rows in, and tests."""
    if isinstance(step, Run):
        for statement in statements(step.kernel.body):
            yield from buffers_in(statement)
    elif isinstance(step, Gemm):
        yield from (step.out, step.left, step.right)
        yield from loaded((step.m, step.n, step.k, step.batch, step.alpha, step.beta))
        if step.epilogue is not None and step.epilogue.bias is not None:
            yield step.epilogue.bias
    elif isinstance(step, LibraryCall):
        yield from (*step.inputs, *written_directly(step))
        yield from loaded(step.sizes)
    elif isinstance(step, Invoke):
        yield from (*step.inputs, *step.outputs, *([step.memory] if step.memory else []))
    elif isinstance(step, Choose):
        yield from loaded((step.condition,))
    elif isinstance(step, Define):
        yield from loaded((step.value,))
    elif isinstance(step, Require):
        yield from loaded((step.condition, *step.values))
    else:
        yield from loaded((step.extent, *(row.at for row in step.rows if row.at is not None)))
        for buffer in (*step.rows, *(b for carry in step.carries for b in (carry.current, carry.next))):
            yield from buffer.around
        if step.going is not None:
            yield step.going


def written_directly(step: LibraryCall) -> list[Buffer]:
    """What a library call writes: its results, and whether it failed."""
    return [*step.outputs, *([step.failed] if step.failed else [])]


def buffers_in(statement: Statement) -> Iterator[Buffer]:
    """The buffers a statement itself reads or writes (not those in its body)."""
    if isinstance(statement, Store):
        yield statement.buffer
    for load in loads_of(statement):
        yield load.buffer


def written_by(step: Step) -> set[Buffer]:
    """The buffers a step writes."""
    result: set[Buffer] = set().union(*map(written_by, inside(step)))
    if isinstance(step, Gemm):
        result.add(step.out.root)
    if isinstance(step, LibraryCall):
        result.update(b.root for b in written_directly(step))
    if isinstance(step, Invoke):
        result.update(b.root for b in (*step.outputs, *([step.memory] if step.memory else [])))
    if isinstance(step, Loop):
        result |= {each for buffer in result for each in buffer.around}
        result |= {carry.current for carry in step.carries}
    if isinstance(step, Run):
        for s in statements(step.kernel.body):
            if isinstance(s, Store):
                result.add(s.buffer.root)
            elif isinstance(s, Accumulate) and isinstance(s.target, Load):
                result.add(s.target.buffer.root)
    return result


def statements(body: list[Statement]) -> Iterator[Statement]:
    """All statements, loops before what is inside them."""
    for statement in body:
        yield statement
        if isinstance(statement, For):
            yield from statements(statement.body)
        elif isinstance(statement, If):
            yield from statements(statement.body)
            yield from statements(statement.orelse)


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


def loads_of(statement: Statement) -> list[Load]:
    """The loads in the values of a statement, each once."""
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
