"""f.plan(): the arrays and steps of a compiled function, with bytes and operations as formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bitale.formula import Formula, text
from bitale_rewrite.loops.costs import COSTS, DEAR
from bitale_rewrite.loops.ir import (
    Accumulate,
    Buffer,
    Call,
    Choose,
    Define,
    For,
    Gemm,
    If,
    Invoke,
    LibraryCall,
    Loop,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Value,
)  # fmt: skip
from bitale_rewrite.loops.touched import all_steps, buffers_of, values_of, written_by
from bitale_rewrite.loops.values import parts

NOTHING = Formula()


@dataclass(frozen=True)
class Array:
    """An array: its name, dtype and lengths, its size, and where it lies when it has no memory of its own."""

    name: str
    dtype: str
    shape: tuple[str, ...]
    bytes: Formula
    place: str = ""

    def __str__(self) -> str:
        place = f"  {self.place}" if self.place else ""
        return f"{self.name}: {self.dtype}[{', '.join(self.shape)}]  {self.bytes} bytes{place}"


@dataclass(frozen=True)
class Action:
    """A step: what it does, the arrays it reads and writes, its operations (an exponential counts as twenty), and the
    bytes of the arrays it touches. `inside` are the steps of a choice."""

    text: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    operations: Formula = NOTHING
    bytes: Formula = NOTHING
    inside: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a compiled function does, as data; prints as text.

    `blocks` are the bytes of each block of memory that the arrays of the `workspace` take in turn. `procedures` are the
    plans of the functions that it calls.
    """

    name: str
    sizes: tuple[str, ...]
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    workspace: tuple[Array, ...]
    blocks: tuple[str, ...]
    steps: tuple[Action, ...]
    procedures: tuple[Plan, ...] = ()

    @classmethod
    def of(cls, program: Program) -> Plan:
        """The plan of a program."""
        blocks = program.placement
        placed = {b: f"in block {blocks[b]}" if b in blocks else "a local variable" for b in program.temporaries}
        instead = {
            program.outputs[out]: f"written in place of {program.inputs[source].name}"
            for out, source in program.donated.items()
        }
        return cls(
            program.name,
            tuple(f"{define.name} = {text(define.value)}" for define in program.sizes),
            tuple(map(_array, program.inputs)),
            tuple(_array(b, instead.get(b, "")) for b in program.outputs),
            tuple(_array(b, placed[b]) for b in program.temporaries),
            tuple(map(text, program.slots)),
            tuple(map(_action, program.steps)),
            tuple(map(cls.of, dict.fromkeys(s.program for s in all_steps(program.steps) if isinstance(s, Invoke)))),
        )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield f"{self.name}:"
        yield from (f"  {size}" for size in self.sizes)
        for title, arrays in (("inputs", self.inputs), ("outputs", self.outputs), ("workspace", self.workspace)):
            if arrays or title != "workspace":
                yield f"  {title}:"
                yield from (f"    {array}" for array in arrays)
        yield "  steps:"
        for number, action in enumerate(self.steps):
            yield from _lines(f"    {number}. ", action)
        for procedure in self.procedures:
            yield from (f"  {line}" for line in procedure._lines())


def _lines(prefix: str, action: Action) -> Iterator[str]:
    costs = []
    if action.operations.terms:
        costs.append(f"{action.operations} operations")
    if action.bytes.terms:
        costs.append(f"{action.bytes} bytes")
    yield prefix + action.text
    if costs:
        yield " " * len(prefix) + ", ".join(costs)
    for inner in action.inside:
        yield from _lines(" " * (len(prefix) + 2), inner)


def _array(buffer: Buffer, place: str = "") -> Array:
    size = Formula.product(np.dtype(buffer.dtype).itemsize, buffer.shape)
    return Array(buffer.name, buffer.dtype, tuple(map(text, buffer.shape)), size, place)


def _action(step: Step) -> Action:
    if isinstance(step, Define):
        return Action(f"{step.name} = {text(step.value)}")
    if isinstance(step, Require):
        return Action(f"require {text(step.condition)}")
    if isinstance(step, Choose):
        inside = (*map(_action, step.then), Action("else:"), *map(_action, step.otherwise))
        return Action(f"if {text(step.condition)}:", inside=inside)
    if isinstance(step, Invoke):
        reads, writes = (tuple(b.name for b in buffers) for buffers in (step.inputs, step.outputs))
        return Action(f"{step.program.name}({', '.join(reads)}) -> {', '.join(writes)}", reads, writes)
    if isinstance(step, Loop):
        until = f", while {step.going.name}" if step.going else ""
        title = f"for {step.index.name} in range({text(step.extent)}){until}:"
        return Action(title, inside=tuple(map(_action, step.body)))
    reads, writes, traffic = _traffic(step)
    if isinstance(step, LibraryCall):
        given, made = (", ".join(b.name for b in buffers) for buffers in (step.inputs, step.outputs))
        return Action(f"{made} = {step.op}({given})", reads, writes, Formula(), traffic)
    if isinstance(step, Gemm):
        left, right = (
            f"{matrix.name}{'.T' if transposed else ''}"
            for matrix, transposed in zip((step.left, step.right), step.transposed, strict=True)
        )
        work = Formula.product(2, (step.batch, step.m, step.n, step.k))
        product = f"{left} @ {right}{' in TF32' if step.tf32 else ''}"
        if step.epilogue is not None and step.epilogue.bias is not None:
            product += f" + {step.epilogue.bias.name}"
        if step.epilogue is not None and step.epilogue.relu:
            product = f"maximum({product}, 0)"
        return Action(f"{step.out.name} = {product}", reads, writes, work, traffic)
    title = f"{step.kernel.name}: {', '.join(reads) or 'nothing'} -> {', '.join(writes)}"
    return Action(title, reads, writes, operations(step.kernel.body), traffic)


def _traffic(step: Run | Gemm | LibraryCall) -> tuple[tuple[str, ...], tuple[str, ...], Formula]:
    """What a step reads and writes, and the bytes of all of it."""
    written = written_by(step)
    touched = {b.root for b in buffers_of(step) if b.kind != "scratch"} | {b for b in written if b.kind != "scratch"}
    total = sum((_array(b).bytes for b in touched), Formula())
    return _names(touched - written), _names(touched & written), total


def _names(buffers: set[Buffer]) -> tuple[str, ...]:
    return tuple(sorted(b.name for b in buffers))


def operations(body: Sequence[Statement]) -> Formula:
    """The work on elements in loops; arithmetic on indices is not counted."""
    total = Formula()
    pending: list[tuple[Statement, tuple[Value, ...]]] = [(s, ()) for s in body]
    while pending:
        statement, around = pending.pop()
        if isinstance(statement, For):
            pending += [(s, (*around, statement.extent)) for s in statement.body]
            continue
        if isinstance(statement, If):
            pending += [(s, around) for s in (*statement.body, *statement.orelse)]
        own = sum(map(_cost, values_of(statement))) + isinstance(statement, Accumulate)
        if own:
            total += Formula.product(own, around)
    return total


def _cost(value: Value) -> int:
    total, stack, seen = 0, [value], set()
    while stack:
        top = stack.pop()
        if top not in seen:
            seen.add(top)
            total += COSTS.get(top.function, DEAR) if isinstance(top, Call) and top.dtype != "int64" else 0
            stack.extend(parts(top))
    return total
