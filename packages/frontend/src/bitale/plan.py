"""f.plan(): the buffers and steps of a compiled function, with bytes and operations as formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from bitale_rewrite.loops.costs import COSTS
from bitale_rewrite.loops.ir import (
    Accumulate,
    Buffer,
    Call,
    Choose,
    Define,
    For,
    Gemm,
    If,
    Literal,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Value,
)
from bitale_rewrite.loops.plan import buffers_of, values_of, written_by
from bitale_rewrite.loops.values import parts

Term = tuple[str, ...]  # a product of lengths


class Plan:
    """What a compiled function does, step by step; prints as text."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        program = self.program
        yield f"{program.name}:"
        for define in program.sizes:
            yield f"  {define.name} = {define.value}"
        for title, buffers in (("inputs", program.inputs), ("outputs", program.outputs)):
            yield f"  {title}:"
            yield from (f"    {_buffer(b)}{self._place(b)}" for b in buffers)
        if program.temporaries:
            yield f"  workspace, {len(program.slots)} blocks:"
            yield from (f"    {_buffer(b)}  in block {program.placement[b]}" for b in program.temporaries)
        yield "  steps:"
        for number, step in enumerate(program.steps):
            yield from _step(f"    {number}. ", step)

    def _place(self, buffer: Buffer) -> str:
        if buffer.kind == "output" and buffer.slot in self.program.donated:
            return f"  written in place of {self.program.inputs[self.program.donated[buffer.slot]].name}"
        return ""


def _buffer(buffer: Buffer) -> str:
    size = np.dtype(buffer.dtype).itemsize
    return f"{buffer}  {_formula(Counter({_term(buffer.shape): size}))} bytes"


def _step(prefix: str, step: Step) -> Iterator[str]:
    if isinstance(step, Gemm):
        work = Counter({_term((step.batch, step.m, step.n, step.k)): 2})
        yield f"{prefix}{step.out.name} = {step.left.name} @ {step.right.name} (GEMM)  {_formula(work)} operations"
    elif isinstance(step, Run):
        work, touched = operations(step.kernel.body), {b.root for b in buffers_of(step) if b.kind != "scratch"}
        traffic: Counter[Term] = Counter()
        for b in touched:
            traffic[_term(b.shape)] += np.dtype(b.dtype).itemsize
        reads, writes = sorted(b.name for b in touched - written_by(step)), sorted(b.name for b in written_by(step))
        yield f"{prefix}{step.kernel.name}: {', '.join(reads) or 'nothing'} -> {', '.join(writes)}"
        yield f"       {_formula(work)} operations, {_formula(traffic)} bytes"
    elif isinstance(step, Define):
        yield f"{prefix}{step.name} = {step.value}"
    elif isinstance(step, Require):
        yield f"{prefix}require {step.condition}"
    elif isinstance(step, Choose):
        yield f"{prefix}if {step.condition}:"
        for inner in step.then:
            yield from _step(f"{prefix}  ", inner)
        yield f"{prefix}else:"
        for inner in step.otherwise:
            yield from _step(f"{prefix}  ", inner)


def operations(body: list[Statement], around: tuple[Value, ...] = ()) -> Counter[Term]:
    """Additions, multiplications and the like (an exponential counts as about twenty), per product of lengths."""
    work: Counter[Term] = Counter()
    for s in body:
        own = sum(_cost(v) for v in values_of(s)) if not isinstance(s, For) else 0
        if own + isinstance(s, Accumulate):
            work[_term(around)] += own + isinstance(s, Accumulate)
        if isinstance(s, For):
            work += operations(s.body, (*around, s.extent))
        elif isinstance(s, If):
            work += operations([*s.body, *s.orelse], around)
    return work


def _cost(value: Value) -> int:
    total, stack, seen = 0, [value], set()
    while stack:
        top = stack.pop()
        if top not in seen:
            seen.add(top)
            total += COSTS.get(top.function, 20) if isinstance(top, Call) and top.dtype != "int64" else 0
            stack.extend(parts(top))
    return total


def _term(lengths: tuple[Value, ...]) -> Term:
    return tuple(sorted(str(n) for n in lengths if not (isinstance(n, Literal) and n.number == 1)))


def _formula(terms: Counter[Term]) -> str:
    shown = [" * ".join([str(count), *term]) for term, count in sorted(terms.items()) if count]
    return " + ".join(shown) or "0"
