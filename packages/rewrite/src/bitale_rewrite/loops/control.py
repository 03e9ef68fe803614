"""Loops and branches of the graph as steps: a real `for` and a real `if` around the steps of their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bitale_graph.ops.control import Scan
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.bodies import shared_rows
from bitale_rewrite.loops.frames import Frame
from bitale_rewrite.loops.integers import ZERO, integer
from bitale_rewrite.loops.ir import Buffer, Call, Carry, Choose, Define, Literal, Load, Loop, Value
from bitale_rewrite.loops.nests import Fixed, Nest, domain
from bitale_rewrite.loops.notes import label, note
from bitale_rewrite.loops.steps import steps_of
from bitale_rewrite.loops.touched import buffers_of, written_by

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

RESERVED = 64  # steps for which a loop that may end early has memory from the start
SUBTRACT, WHERE, LESS_EQUAL = FUNCTIONS["subtract"], FUNCTIONS["where"], FUNCTIONS["less_equal"]


def loop(b: Builder, node: Apply) -> None:
    """The first values of the carries, the loop, and what is known after it."""
    op, frame, (body,) = node.op, b.frames.loops[node], b.frames.bodies[node]
    assert isinstance(op, Scan)
    inner = b.inside(body)
    stacked = [_stacked(b, op, frame, v) for v in node.outputs[op.carries + op.conditional :]]
    rows = [_row(b, buffer, frame.step) for buffer in stacked]
    shared = shared_rows(op)
    carries = _carries(b, node, {carry: rows[number] for number, carry in shared.items()})
    own = [row for number, row in enumerate(rows) if number not in shared]
    going = [b.temporary("going", "bool", ())] if op.conditional else []
    into = [*(carry.next for carry in carries), *going, *own]
    b.reader.buffers.update(zip(body.outputs, into, strict=True))
    steps = steps_of(inner.build(), b.reader.names, b.unique, set(into), target=b.target)
    step = Loop(frame.index, frame.extent, steps, carries, [*rows, *inner.rows], note(node.outputs[0]), frame.count)
    step.going = going[0] if going else None
    step.growing = [buffer for buffer in stacked if buffer.kind == "growing"]
    b.items.append(Fixed([step], set(buffers_of(step)), written_by(step), barrier=op.conditional))
    _results(b, node, carries, stacked)


def _carries(b: Builder, node: Apply, shared: dict[int, Buffer]) -> list[Carry]:
    """Memory for each carry, with its first value; `shared` are the rows that are new values."""
    carries = []
    firsts = node.op.split(node.inputs)[1]
    for number, (current, first) in enumerate(zip(b.frames.loops[node].carries, firsts, strict=True)):
        name, shape = current.name, current.shape
        if not shape:
            b.temporaries.append(current)
            _start(b, current, first)
            carries.append(Carry(current, b.temporary(f"{name}_new", first.dtype, ())))
        elif number in shared:
            current.of = b.reader.buffers.get(first) or _first(b, current, first)
            current.spare = shared[number].of
            carries.append(Carry(current, shared[number]))
        else:
            current.of = _first(b, current, first)
            current.spare = b.temporary(f"{name}_spare", first.dtype, shape)
            new = Buffer(b.unique(f"{name}_new"), first.dtype, shape, "moving", of=current.spare, spare=current.of)
            carries.append(Carry(current, new))
    return carries


def _first(b: Builder, current: Buffer, first: Variable) -> Buffer:
    made = b.temporary(f"{current.name}_first", first.dtype, current.shape)
    _start(b, made, first)
    return made


def _start(b: Builder, buffer: Buffer, first: Variable) -> None:
    loops, index = domain(buffer.shape)
    b.items.append(Nest(loops, buffer, index, b.reader(first, index), note=note(first)))


def _stacked(b: Builder, op: Scan, frame: Frame, v: Variable) -> Buffer:
    """The memory in which elements are collected. A loop that may end early asks for it as it goes on."""
    if not op.conditional:
        return b.buffer(v)
    name, shape = f"{v.name or label(v)}_all", (frame.extent, *b.sizes(v)[1:])
    if op.reverse or (isinstance(frame.extent, Literal) and frame.extent.number <= RESERVED):
        return b.temporary(name, v.dtype, shape)
    return Buffer(b.unique(name), v.dtype, shape, "growing")


def _row(b: Builder, of: Buffer, at: Value) -> Buffer:
    return Buffer(b.unique(f"{of.name}_row"), of.dtype, of.shape[1:], "row", note=of.note, of=of, at=at)


def _results(b: Builder, node: Apply, carries: list[Carry], stacked: list[Buffer]) -> None:
    """What follows reads the carries where they lie, and of what was collected as many elements as there are."""
    op, frame = node.op, b.frames.loops[node]
    for v, carry in zip(node.outputs, carries, strict=False):
        if v not in b.reader.buffers:
            b.reader.buffers[v] = carry.current
        else:
            loops, index = domain(b.sizes(v))
            b.store(v, loops, index, Load(carry.current, index))
    if frame.count is None:
        return
    taken = node.outputs[op.carries]
    if taken in b.reader.buffers:
        b.store(taken, [], (), frame.count)
    skipped = Call(SUBTRACT, (frame.extent, frame.count), "int64") if op.reverse else ZERO
    for v, whole in zip(node.outputs[op.carries + 1 :], stacked, strict=True):
        loops, index = domain(b.sizes(v))
        at = (integers.add(skipped, index[0]), *index[1:])
        b.store(v, loops, index, Load(whole, at))


def branch(b: Builder, node: Apply) -> None:
    """if number <= 0: the first body, else if number <= 1: the second, ..., else the last."""
    number = b.reader.scalar(node.inputs[0])
    results = [b.buffer(v) for v in node.outputs]
    alternatives = []
    for body in b.frames.bodies[node]:
        inner = b.inside(body)
        b.reader.buffers.update(zip(body.outputs, results, strict=True))
        with b.sizes.scope():
            b.sizes.constrain(body, b.frames.bodies)
            items = inner.build(b.sizes.requirements)
            alternatives.append(steps_of(items, b.reader.names, b.unique, set(results), target=b.target))
    *others, steps = alternatives
    for k, then in reversed(list(enumerate(others))):
        steps = [Choose(Call(LESS_EQUAL, (number, integer(k)), "bool"), then, steps)]
    for name, lengths in b.frames.lengths.get(node, ()):
        define = Define(name, _chosen(number, lengths))
        b.items.append(Fixed([define], set(buffers_of(define)), set(), barrier=True))
    touched = {buffer for step in steps for buffer in buffers_of(step)}
    b.items.append(Fixed(steps, touched, set(results)))


def _chosen(number: Value, choices: Sequence[Value]) -> Value:
    """The length that belongs to the body that runs."""
    result = choices[-1]
    for k, other in reversed(list(enumerate(choices[:-1]))):
        result = Call(WHERE, (Call(LESS_EQUAL, (number, integer(k)), "bool"), other, result), "int64")
    return result
