"""Names for computed lengths: `x[5:]` has length `max(x_0 - 5, 0)`, which is worked out once, before all loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    Define,
    Fail,
    For,
    Gemm,
    If,
    Let,
    Literal,
    Load,
    Name,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.values import parts, transform


def name_sizes(program: Program, unique: Callable[[str], str]) -> Program:
    """`program` in which every expression of lengths alone is a name, defined in `program.sizes`."""
    return _Namer(program, unique).run()


class _Namer:
    def __init__(self, program: Program, unique: Callable[[str], str]) -> None:
        self.program, self.unique = program, unique
        self.lengths = {n for shape in program.lengths for n in shape if isinstance(n, Name)}
        self.names: dict[Value, Name] = {}
        self._fixed: dict[Value, bool] = {}
        self._seen: dict[Value, Value] = {}
        self._buffers: dict[Buffer, None] = {}

    def run(self) -> Program:
        program = self.program
        program.steps = [self._step(step) for step in program.steps]
        for buffer in [*program.inputs, *program.outputs, *program.temporaries, *self._buffers]:
            buffer.shape = tuple(self(n) for n in buffer.shape)
        program.sizes = [Define(name, value) for value, name in self.names.items()]
        return program

    def __call__(self, value: Value) -> Value:
        """`value` with its largest parts that are lengths only replaced by names."""
        stack = [value]
        while stack:
            top = stack.pop()
            if top in self._seen:
                continue
            if isinstance(top, Call) and top.dtype == "int64" and self._is_length(top):
                if top not in self.names:
                    self.names[top] = Name(self.unique("size"))
                self._seen[top] = self.names[top]
                continue
            if isinstance(top, Load):
                self._buffers.setdefault(top.buffer)
            stack.extend(parts(top))
        return transform(value, lambda v: v, self._seen)

    def _is_length(self, value: Value) -> bool:
        known = self._fixed.get(value)
        if known is None:
            if isinstance(value, Call):
                known = all(self._is_length(v) for v in value.operands)
            else:
                known = isinstance(value, Literal) or value in self.lengths
            self._fixed[value] = known
        return known

    def _step(self, step: Step) -> Step:
        if isinstance(step, Run):
            for buffer in step.kernel.scratch:
                self._buffers.setdefault(buffer)
            step.kernel.body = [self._statement(s) for s in step.kernel.body]
            return step
        if isinstance(step, Gemm):
            self._buffers |= dict.fromkeys((step.out, step.left, step.right))
            sizes = {field: self(getattr(step, field)) for field in ("m", "n", "k", "batch", "alpha", "beta")}
            return replace(step, **sizes)  # type: ignore[arg-type]
        if isinstance(step, Define):
            return replace(step, value=self(step.value))
        if isinstance(step, Require):
            return replace(step, condition=self(step.condition), values=tuple(self(v) for v in step.values))
        then, otherwise = ([self._step(s) for s in steps] for steps in (step.then, step.otherwise))
        return replace(step, condition=self(step.condition), then=then, otherwise=otherwise)

    def _statement(self, s: Statement) -> Statement:
        if isinstance(s, For):
            return replace(s, extent=self(s.extent), body=[self._statement(inner) for inner in s.body])
        if isinstance(s, If):
            body, orelse = ([self._statement(inner) for inner in part] for part in (s.body, s.orelse))
            return replace(s, condition=self(s.condition), body=body, orelse=orelse)
        if isinstance(s, (Let, Assign)):
            return replace(s, value=self(s.value))
        if isinstance(s, Store):
            self._buffers.setdefault(s.buffer)
            return replace(s, index=tuple(self(i) for i in s.index), value=self(s.value))
        if isinstance(s, Fail):
            return replace(s, condition=self(s.condition), values=tuple(self(v) for v in s.values))
        assert isinstance(s, Accumulate)
        target = self(s.target) if isinstance(s.target, Load) else s.target
        return replace(s, target=target, value=self(s.value))  # type: ignore[arg-type]
