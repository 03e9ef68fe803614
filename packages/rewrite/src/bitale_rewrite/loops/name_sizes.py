"""Names for computed lengths: `x[5:]` has length `max(x_0 - 5, 0)`, which is worked out once, before all loops.

They are named as soon as they are made, so that expressions stay short however long the way to a length was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from bitale_graph.dtypes import SIZE
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
    Invoke,
    Kernel,
    Let,
    LibraryCall,
    Literal,
    Load,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.values import everything_in, parts, rebuild, transform

DEEP = 3  # operations in the definition of one length


class SizeNames:
    """The names of lengths, and of what is computed from lengths alone."""

    def __init__(self, unique: Callable[[str], str]) -> None:
        self.unique = unique
        self.given: set[Value] = set()  # the names of lengths of inputs
        self.names: dict[Value, Name] = {}  # of computed ones, each after those that it is computed from
        self.definitions: dict[Value, Value] = {}  # what the computed ones stand for

    def is_given(self, value: Value) -> bool:
        """Whether a value is the length of an input."""
        return value in self.given

    def known(self, value: Value) -> bool:
        """Whether a value is a number, a length of an input, or the name of a computed one."""
        return isinstance(value, Literal) or value in self.given or value in self.definitions

    def short(self, value: Value, name: str | None = None) -> Value:
        """`value`, or its name if it is computed from lengths."""
        if not (isinstance(value, Call) and value.dtype == SIZE and all(map(self.known, value.operands))):
            return value
        if value not in self.names:
            self.names[value] = Name(self.unique(name or "size"))
            self.definitions[self.names[value]] = value
        return self.names[value]


def name_sizes(program: Program, names: SizeNames) -> Program:
    """`program` in which every expression of lengths alone is a name, defined in `program.sizes`."""
    return _Namer(program, names).run()


class _Namer:
    def __init__(self, program: Program, names: SizeNames) -> None:
        self.program, self.names = program, names
        self._results: list[Value] = []
        self._seen: dict[Value, Value] = {}
        self._buffers: dict[Buffer, None] = {}

    def run(self) -> Program:
        program = self.program
        program.steps = [self._step(step) for step in program.steps]
        for buffer in [*program.inputs, *program.outputs, *program.temporaries, *self._buffers]:
            buffer.shape = tuple(self(n) for n in buffer.shape)
        program.sizes = self._definitions()
        return program

    def __call__(self, value: Value) -> Value:
        """`value` with what is computed from lengths replaced by names."""
        self._results.append(transform(value, self._short, self._seen))
        return self._results[-1]

    def _short(self, value: Value) -> Value:
        if isinstance(value, Load):
            self._buffers.setdefault(value.buffer)
        return self.names.short(value)

    def _definitions(self) -> list[Define]:
        """The names that the program uses, and those that they need, each after what it needs. What stands in one
        other definition only is written there."""
        values = {name: value for value, name in self.names.names.items()}
        used = {v for v in everything_in(self._results) if v in values}
        uses: Counter[Value] = Counter()
        for name in reversed(values):
            if name in used or uses[name]:
                uses.update(parts(values[name]))
        found: list[Define] = []
        within: dict[Value, tuple[Value, int]] = {}  # what is written into another definition, and how deep it nests
        for name, value in values.items():
            inner = [within.get(v, (v, 0)) for v in parts(value)]
            value, depth = rebuild(value, tuple(v for v, _ in inner)), 1 + max(d for _, d in inner)
            if name in used or uses[name] > 1 or (uses[name] and depth == DEEP):
                found.append(Define(name, value))
            else:
                within[name] = value, depth
        return found

    def _kernel(self, kernel: Kernel) -> None:
        for buffer in kernel.scratch:
            self._buffers.setdefault(buffer)
        kernel.body = [self._statement(s) for s in kernel.body]

    def _step(self, step: Step) -> Step:
        if isinstance(step, Run):
            self._kernel(step.kernel)
            return step
        if isinstance(step, Gemm):
            self._buffers |= dict.fromkeys((step.out, step.left, step.right))
            if step.epilogue is not None:
                self._kernel(step.epilogue.kernel)
            sizes = {field: self(getattr(step, field)) for field in ("m", "n", "k", "batch", "alpha", "beta")}
            return replace(step, **sizes)  # type: ignore[arg-type]
        if isinstance(step, LibraryCall):
            self._buffers |= dict.fromkeys((*step.inputs, *step.outputs))
            return replace(step, sizes=tuple(self(n) for n in step.sizes))
        if isinstance(step, Invoke):
            self._buffers |= dict.fromkeys((*step.inputs, *step.outputs))
            return step
        if isinstance(step, Define):
            return replace(step, value=self(step.value))
        if isinstance(step, Require):
            return replace(step, condition=self(step.condition), values=tuple(self(v) for v in step.values))
        if isinstance(step, Loop):
            for buffer in (*step.rows, *(b for carry in step.carries for b in (carry.current, carry.next))):
                self._buffers.setdefault(buffer)
                buffer.at = None if buffer.at is None else self(buffer.at)
            return replace(step, extent=self(step.extent), body=[self._step(s) for s in step.body])
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
