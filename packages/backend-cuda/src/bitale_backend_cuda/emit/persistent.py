"""Loops with a small state as one kernel: a single block does all steps, with barriers instead of launches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bitale_backend_c.emit.expressions import is_strided, text
from bitale_backend_cuda.emit.kernel import BLOCK, WARP, LaunchEmitter
from bitale_backend_cuda.emit.statements import INDENT
from bitale_backend_cuda.emit.types import TYPES, in_cuda
from bitale_backend_cuda.launch import Form, is_single
from bitale_rewrite.loops.integers import add, integer, product
from bitale_rewrite.loops.ir import (
    Buffer,
    Carry,
    For,
    Kernel,
    Let,
    Literal,
    Load,
    Loop,
    Name,
    Require,
    Run,
    Statement,
    Value,
)
from bitale_rewrite.loops.touched import statements
from bitale_rewrite.loops.values import everything_in

MOST = 8192  # iterations of all kernels in a step: then a block is not slower than a launch for each


def persistent(step: Loop, launches: Mapping[Kernel, list[LaunchEmitter]]) -> PersistentLoop | None:
    """The kernel of a loop; None where the host has to go through the steps, or a block would have too much to do."""
    if step.going is not None or step.count is not None or step.growing or not step.body:
        return None
    places = [row.at for row in step.rows if row.at is not None]
    if any(isinstance(v, Load) for v in everything_in([step.extent, *places])):
        return None  # how many steps there are is read from an array
    found: list[LaunchEmitter] = []
    checks: list[Require] = []
    for inner in step.body:
        if isinstance(inner, Require) and _is_the_same(inner, step):
            checks.append(inner)
            continue
        if not isinstance(inner, Run) or inner.kernel not in launches:
            return None
        found += launches[inner.kernel]
    if not found or any(e.launch.scratch or e.launch.makes or e.launch.sizes for e in found):
        return None
    loop = PersistentLoop(step, found, checks)
    if loop.work is None or any(_lies_in(row.of, loop.local) for row in step.rows):
        return None
    return None if isinstance(loop.work, Literal) and loop.work.number > MOST else loop


@dataclass
class PersistentLoop:
    """Prints the kernel of a loop whose body are `launches`."""

    step: Loop
    launches: Sequence[LaunchEmitter]
    checks: Sequence[Require]  # what holds in all steps or in none

    @property
    def name(self) -> str:
        return f"{self.launches[-1].launch.name}_steps"

    @property
    def always(self) -> bool:
        """Whether steps are small whatever the lengths of arrays."""
        return isinstance(self.work, Literal)

    def is_all_of(self, launches: Sequence[LaunchEmitter]) -> bool:
        """Whether these launches happen in the loop."""
        return all(launch in self.launches for launch in launches)

    @cached_property
    def local(self) -> list[Buffer]:
        """The buffers that lie elsewhere in each step."""
        moving = [b for carry in self.step.carries for b in (carry.current, carry.next) if b.kind == "moving"]
        return list(dict.fromkeys([*self.step.rows, *moving]))

    @cached_property
    def work(self) -> Value | None:
        """How many iterations a step has; None where only the step knows."""
        total: Value = integer(0)
        for emitter in self.launches:
            launch = emitter.launch
            total = add(total, product((*(n for _, n in launch.spread), *_longest(launch.body))))
        inside: set[Value] = {self.step.index}
        for launch in (emitter.launch for emitter in self.launches):
            every = list(statements([*launch.before, *launch.body]))
            inside |= {s.name for s in every if isinstance(s, Let)} | {s.index for s in every if isinstance(s, For)}
            inside |= {index for index, _ in launch.spread}
        return None if any(isinstance(v, Load) or v in inside for v in everything_in([total])) else total

    @cached_property
    def buffers(self) -> list[Buffer]:
        """What the kernel is given."""
        found = [b for e in self.launches for b in e.parameters.buffers if not _lies_in(b, self.local)]
        found += [b.of for b in self.local if b.of is not None]
        found += [v.buffer for v in everything_in(self._sizes) if isinstance(v, Load)]
        for carry in self.step.carries:
            found += [b for b in (carry.current, carry.next) if b.kind != "moving" and not _lies_in(b, self.local)]
        return list(dict.fromkeys(found))

    @cached_property
    def names(self) -> list[Name]:
        """The sizes that the kernel is given."""
        values = [*self._sizes, *(n for e in self.launches for n in e.parameters.names)]
        found = dict.fromkeys(v for v in everything_in(values) if isinstance(v, Name))
        return [name for name in found if name != self.step.index]

    @property
    def _sizes(self) -> list[Value]:
        """How many steps there are, and where they find rows."""
        places = [v for row in self.step.rows for v in (*row.shape, *([row.at] if row.at is not None else []))]
        return [self.step.extent, *places]

    def lines(self) -> list[str]:
        """A function for each launch, and the kernel that calls them."""
        lines = [line for each in self.launches for line in each.function()]
        signature = ["int64_t *status"] if self.launches[0].checked else []
        for buffer in self.buffers:
            signature.append(f"{TYPES[buffer.dtype]} *{buffer.name}")
            if is_strided(buffer):
                signature += [f"int64_t {buffer.name}_s{axis}" for axis in range(len(buffer.shape))]
        signature += [f"int64_t {name.name}" for name in self.names]
        lines.append(f'extern "C" __global__ void __launch_bounds__({BLOCK}) {self.name}({", ".join(signature)}) {{')
        return [*lines, *(INDENT + in_cuda(line) for line in self._body()), "}", ""]

    def _body(self) -> list[str]:
        moving = [b for b in self.local if b not in self.step.rows]
        lines = [f"{_pointer(b)} = {b.of.name};" for b in moving if b.of is not None]
        index = self.step.index.name
        lines.append(f"for (int64_t {index} = 0; {index} < {text(self.step.extent)}; {index}++) {{")
        return [*lines, *(INDENT + line for line in self._step()), "}"]

    def _step(self) -> Iterable[str]:
        for row in self.step.rows:
            assert row.of is not None and row.at is not None
            yield f"{_pointer(row)} = {row.of.name} + ({text(row.at)}) * ({text(product(row.shape))});"
        inner = dict.fromkeys(b for e in self.launches for b in e.parameters.buffers)
        for view in inner:
            if view not in self.local and _lies_in(view, self.local):
                yield f"{_pointer(view)} = {view.root.name};"
        for emitter in self.launches:
            alone = "if (threadIdx.x == 0) " if is_single(emitter.launch) else ""
            lanes = f"<{WARP}>" if len(emitter.names) == 2 and emitter.launch.form is Form.GROUPS else ""
            yield f"{alone}{emitter.launch.name}_step{lanes}({emitter.given_to_function});"
            yield "__syncthreads();"
        for carry in self.step.carries:
            yield self._hand_on(carry)
        yield "__syncthreads();"

    def _hand_on(self, carry: Carry) -> str:
        current, new = carry.current.name, carry.next.name
        if carry.current.kind != "moving":
            return f"if (threadIdx.x == 0) {current}[0] = {new}[0];"
        if carry.next.kind == "row":
            return f"{current} = {new};"
        ctype = TYPES[carry.current.dtype]
        return f"{{ {ctype} *const {current}_before = {current}; {current} = {new}; {new} = {current}_before; }}"


def _is_the_same(check: Require, step: Loop) -> bool:
    """Whether a check says the same in each step."""
    return not any(isinstance(v, Load) or v == step.index for v in everything_in([check.condition, *check.values]))


def _lies_in(buffer: Buffer | None, local: Sequence[Buffer]) -> bool:
    return buffer is not None and buffer.root in local


def _pointer(buffer: Buffer) -> str:
    return f"{TYPES[buffer.dtype]} *{buffer.name}"


def _longest(body: list[Statement]) -> tuple[Value, ...]:
    """The extents of the loops in `body`, as if they were nested."""
    found: tuple[Value, ...] = ()
    for s in body:
        if isinstance(s, For):
            found += (s.extent, *_longest(s.body))
    return found
