"""Which loops and branches are one kernel: those with so little to do that one block does it all.

A step of such a loop needs barriers where there would be launches. Loops and branches may stand inside; what they test
is on the device, so nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from bitale_backend_c.emit.kernel import parameters
from bitale_backend_cuda.bounds import bound
from bitale_backend_cuda.emit.kernel import LaunchEmitter
from bitale_backend_cuda.independent import Rows, independent_rows
from bitale_backend_cuda.launch import Form, Launch, is_single
from bitale_backend_cuda.products import as_kernel
from bitale_rewrite.loops.blocks import names_found, sized_inside
from bitale_rewrite.loops.integers import ONE, ZERO, add, integer, multiply, product
from bitale_rewrite.loops.ir import (
    Buffer,
    Choose,
    Define,
    For,
    Gemm,
    If,
    Kernel,
    Literal,
    Load,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Statement,
    Step,
    Value,
)
from bitale_rewrite.loops.touched import all_steps, buffers_of, inside, own_buffers
from bitale_rewrite.loops.values import everything_in

MOST = 2**17  # the weight of all kernels in a step: up to there a block is about as fast as a launch for each
ELEMENT, SERIAL = 8, 32  # what an element weighs, of which each may be a sum; and what is done by one thread alone
MOST_OF_PRODUCTS = 2**22  # the weight of all rows, where there are products: up to there a library is no faster
SMALL, ALL_SMALL = 512, 2048  # elements of an array, and of all arrays, that lie in the memory of the block itself

OneBlock = Callable[[Kernel], Sequence[LaunchEmitter] | None]


def persistent(
    step: Loop | Choose, around: Sequence[Step], program: Program, one_block: OneBlock
) -> Persistent | None:
    """The kernel of a loop or branch, or None. `around` are all other steps of the program; `one_block` tells how one
    block runs a kernel, None where it cannot."""
    found: dict[Step, Sequence[LaunchEmitter]] = {}
    for each in all_steps(inside(step)):
        if isinstance(each, (Run, Gemm)):
            launches = [one_block(kernel) if kernel else None for kernel in _kernels(each)]
            if None in launches:
                return None
            found[each] = [launch for several in launches for launch in several or ()]
        elif (isinstance(each, Loop) and each.growing) or not isinstance(each, (Loop, Choose, Define, Require)):
            return None
    made = Persistent(step, found, {b.root for other in around for b in own_buffers(other)}, program.placement)
    if not made.all or made.work is None or sized_inside(step, buffers_of(step)):
        return None
    if made.checks_each_step or made.names_inside & names_used(around, program.outputs):
        return None
    return None if isinstance(made.work, Literal) and made.work.number > MOST else made


@dataclass(eq=False)
class Persistent:
    """A loop or branch as one kernel. `launches` are those of its kernels and products, each for one block; `outside`
    are the arrays that other steps use, `placement` the blocks of the workspace that arrays lie in."""

    step: Loop | Choose
    launches: dict[Step, Sequence[LaunchEmitter]]
    outside: Set[Buffer]
    placement: Mapping[Buffer, int]

    @property
    def all(self) -> list[LaunchEmitter]:
        """All launches, in order."""
        return [launch for several in self.launches.values() for launch in several]

    @property
    def always(self) -> bool:
        """Whether there is little to do, whatever the lengths of arrays."""
        many = self.rows_apart is not None and self.has_products
        return isinstance(self.work, Literal) and not self.conditions and not many

    @cached_property
    def rows_apart(self) -> Value | None:
        """How many rows there are, if those of one block need not meet those of others."""
        return self._rows.count if self._rows is not None else None

    @property
    def overlapping(self) -> list[Buffer]:
        """The arrays that need memory of their own where rows are apart."""
        return self._rows.overlapping if self._rows is not None else []

    @cached_property
    def _rows(self) -> Rows | None:
        return independent_rows(self.step, self.all, self.placement)

    @cached_property
    def has_products(self) -> bool:
        """Whether it does what a library may do faster where it is much."""
        return any(isinstance(step, Gemm) for step in self.launches)

    @cached_property
    def by_one_thread(self) -> bool:
        """Whether no launch has work for several."""
        return all(is_single(each.launch) for each in self.all)

    @cached_property
    def names_inside(self) -> set[Name]:
        """What is counted and found inside, but for the number of steps that the host may learn."""
        found = names_found([self.step])
        return found - {self.step.count} if isinstance(self.step, Loop) and self.step.count else found

    # ---- how much it is ----------------------------------------------------------------------------------------------

    @cached_property
    def work(self) -> Value | None:
        """What the kernels of a step weigh together, for one row if rows are apart; None where only the step knows."""
        known: dict[Name, Value | None] = dict.fromkeys(self.names_inside)
        for loop in (s for s in all_steps([self.step]) if isinstance(s, Loop)):
            known[loop.index] = bound(loop.extent, known)
        total: Value | None = ZERO
        for emitter in self.all:
            weight = _weight(emitter, known, self.rows_apart is not None)
            total = None if total is None or weight is None else add(total, weight)
        return total

    # ---- what the host knows -----------------------------------------------------------------------------------------

    @property
    def checks(self) -> list[Require]:
        """What holds in all steps or in none: it is checked before."""
        if not isinstance(self.step, Loop) or _loads([self.step.extent]):
            return []
        return [s for s in self.step.body if isinstance(s, Require)]

    @property
    def conditions(self) -> list[Require]:
        """What must hold for the kernel to do it: else the host goes through the steps, and finds what fails."""
        first = self.checks
        return [s for s in all_steps(inside(self.step)) if isinstance(s, Require) and s not in first]

    @property
    def checks_each_step(self) -> bool:
        """Whether a check depends on what is counted inside."""
        values = [v for s in all_steps([self.step]) if isinstance(s, Require) for v in (s.condition, *s.values)]
        return any(v in self.names_inside for v in everything_in(values))

    # ---- where things lie --------------------------------------------------------------------------------------------

    @cached_property
    def local(self) -> list[Buffer]:
        """The arrays that lie elsewhere in each step of a loop."""
        loops = [s for s in all_steps([self.step]) if isinstance(s, Loop)]
        moving = [b for s in loops for c in s.carries for b in (c.current, c.next) if b.kind == "moving"]
        return list(dict.fromkeys([*moving, *(row for s in loops for row in s.rows)]))

    @cached_property
    def carried(self) -> list[Buffer]:
        """The single elements that the outer loop hands on: they come from memory and return there."""
        if isinstance(self.step, Choose):
            return []
        return [carry.current for carry in self.step.carries if carry.current.kind != "moving"]

    @cached_property
    def rows(self) -> list[Buffer]:
        """The carries of the outer loop that are rows of something, which start in one place and end in another."""
        carries = self.step.carries if isinstance(self.step, Loop) else []
        return [c.current for c in carries if c.current.kind == "moving" and c.next.kind == "row"]

    @cached_property
    def private(self) -> list[Buffer]:
        """Small arrays that nobody else uses: they lie in the memory of the block, or of the thread."""
        found: dict[Buffer, int] = {}
        for buffer in self._used:
            size, known = product(buffer.shape), buffer not in self.outside and buffer not in self.carried
            if buffer.kind == "temporary" and known and isinstance(size, Literal):
                if size.number <= SMALL and sum(found.values()) + size.number <= ALL_SMALL:
                    found[buffer] = size.number
        return list(found)

    @cached_property
    def given(self) -> list[Buffer]:
        """The arrays that the kernel is given."""
        own = {*self.local, *self.private, *self.carried}
        starts = [b.of.root for b in self.local if b.of is not None and b not in self.rows]
        return [b for b in dict.fromkeys([*self._used, *starts]) if b not in own]

    @cached_property
    def names(self) -> list[Name]:
        """The numbers that the kernel is given."""
        own = self.names_inside | ({self.step.count} if isinstance(self.step, Loop) else set())
        return [name for name in self.names_read if name not in own]

    @cached_property
    def names_read(self) -> dict[Name, None]:
        """All numbers that it reads."""
        shapes = [n for b in (*self.local, *self.carried) for n in b.shape]
        names = [n for each in self.all for n in each.parameters.names]
        return dict.fromkeys(v for v in everything_in([*self._values, *shapes, *names]) if isinstance(v, Name))

    @cached_property
    def _used(self) -> list[Buffer]:
        """Whatever memory is read or written."""
        launched = [b.root for each in self.all for b in each.parameters.buffers]
        read = [v.buffer.root for v in everything_in(self._values) if isinstance(v, Load)]
        loops = [s for s in all_steps([self.step]) if isinstance(s, Loop)]
        handed = [b.root for s in loops for c in s.carries for b in (c.current, c.next)]
        tested = [s.going for s in loops if s.going is not None]
        return list(dict.fromkeys([*launched, *read, *handed, *tested]))

    @cached_property
    def _values(self) -> list[Value]:
        """What the kernel computes between its launches."""
        found: list[Value] = []
        for step in all_steps([self.step]):
            if isinstance(step, Loop):
                found += [step.extent, *(row.at for row in step.rows if row.at is not None)]
            elif isinstance(step, Define):
                found.append(step.value)
            elif isinstance(step, Choose):
                found.append(step.condition)
        return found


def _kernels(step: Run | Gemm) -> list[Kernel | None]:
    """What does the work of a step."""
    if isinstance(step, Run):
        return [step.kernel]
    return [as_kernel(step), *([step.epilogue.kernel] if step.epilogue is not None else [])]


def _weight(emitter: LaunchEmitter, known: dict[Name, Value | None], of_a_row: bool) -> Value | None:
    """What the iterations of a launch weigh at most, or those of one row."""
    launch = emitter.launch
    if launch.makes or launch.sizes or (launch.scratch and not _has_known_scratch(launch, known)):
        return None
    count, inner = product(tuple(n for _, n in launch.spread[of_a_row:])), _length(launch.body, known)
    rows = bound(count, known)
    if rows is None or inner is None:
        return None
    if is_single(launch):
        return add(integer(ELEMENT), multiply(inner, integer(SERIAL)))
    return multiply(rows, add(integer(ELEMENT), inner))


def _has_known_scratch(launch: Launch, known: dict[Name, Value | None]) -> bool:
    """Whether the scratch is that of groups, and the host knows how much it is."""
    lengths = [launch.count, *(n for row in launch.scratch for n in row.shape)]
    found = any(isinstance(v, Load) or v in known for v in everything_in(lengths))
    return launch.form is Form.GROUPS and not found


def _length(body: Iterable[Statement], known: dict[Name, Value | None]) -> Value | None:
    """How many iterations the loops in `body` have together."""
    total: Value = ZERO
    for s in body:
        for inside_ in ((s.body, s.orelse) if isinstance(s, If) else (s.body,) if isinstance(s, For) else ()):
            length = _length(inside_, known)
            if length is None:
                return None
            if isinstance(s, For):
                extent = bound(s.extent, known)
                if extent is None:
                    return None
                length = multiply(extent, add(ONE, length))
            total = add(total, length)
    return total


def _loads(values: Iterable[Value]) -> bool:
    return any(isinstance(v, Load) for v in everything_in(values))


def names_used(steps: Iterable[Step], results: Iterable[Buffer]) -> set[Name]:
    """The numbers that steps use, without those inside of them, and the lengths of their arrays and of `results`."""
    values: list[Value] = [n for buffer in results for n in buffer.shape]
    for step in steps:
        values += [v for key, v in vars(step).items() if isinstance(v, Value) and key not in ("name", "index", "count")]
        values += [v for many in vars(step).values() if isinstance(many, tuple) for v in many if isinstance(v, Value)]
        values += [n for buffer in own_buffers(step) for n in buffer.shape]
        kernels = [step.kernel] if isinstance(step, Run) else []
        if isinstance(step, Gemm) and step.epilogue is not None:
            kernels.append(step.epilogue.kernel)
        values += [name for kernel in kernels for name in parameters(kernel).names]
        values += [row.at for row in step.rows if row.at is not None] if isinstance(step, Loop) else []
    return {v for v in everything_in(values) if isinstance(v, Name)}
