"""Loops of the host: a round of launches for each step.

Of a loop that may end early the host launches steps ahead, and looks now and then, less and less often, whether it has
ended. Then it knows after how many steps, and so where the last one left things.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitale_backend_cuda.guards import STATE, Guard
from bitale_backend_cuda.host.block import Block, address, call, itemsize, test, where
from bitale_backend_cuda.host.statements import Break, Copy, ForRange, Grow, If, Read, Set, Swap
from bitale_rewrite.loops.blocks import nbytes
from bitale_rewrite.loops.integers import MINIMUM, ONE, SUBTRACT, ZERO, add, integer, multiply, product, size_call
from bitale_rewrite.loops.ir import Buffer, Call, Carry, Kernel, Loop, Name, Require, Step, Value
from bitale_rewrite.loops.values import transform

FIRST, LAST = 4, 64  # steps after which the host looks for the first time, and steps between two looks at most


@dataclass
class LoopBuilder:
    """Makes the statements of a loop. `run` makes those of steps, `allocate` those that find memory, `launch` those of
    a kernel."""

    step: Loop
    guard: Guard | None
    run: Callable[[Sequence[Step], Block], None]
    allocate: Callable[[Buffer, Block], None]
    launch: Callable[[Kernel, Block], None]

    def build(self, block: Block) -> None:
        self._begin(block)
        step, body, steps = self.step, block.inner(), self.step.body
        extent = block.value(step.extent)
        if self.guard is not None and self.guard.ahead:
            steps = self._checks_first(extent, block)
        for buffer in step.growing:
            block.put(Set(address(buffer), ZERO), Set(room(buffer), ZERO))
            grow(buffer, step.index, body)
        self._find_rows(step.index, body)
        self.run(steps, body)
        for carry in step.carries:
            _hand_on(carry, body)
        if self.guard is not None:
            self._look(self.guard, extent, block, body)
        block.put(ForRange(step.index, extent, tuple(body.statements)))
        if self.guard is not None and self.guard.ahead:
            self._go_back(block)

    def _begin(self, block: Block) -> None:
        """Where the first step finds what is handed on."""
        moving = [b for carry in self.step.carries for b in (carry.current, carry.next) if b.kind == "moving"]
        for buffer in (*self.step.rows, *moving):
            assert buffer.of is not None
            if buffer.of.base is not None:
                self.allocate(buffer.of, block)
        for buffer in moving:
            assert buffer.of is not None
            block.put(Set(address(buffer), address(buffer.of)))

    def _checks_first(self, extent: Value, block: Block) -> list[Step]:
        """Checks that hold in all steps or in none, before the first; and the other steps."""
        checks = [s for s in self.step.body if isinstance(s, Require)]
        if checks:
            first = block.inner()
            self.run(checks, first)
            block.choose(test("greater", extent, ZERO), first)
        return [s for s in self.step.body if s not in checks]

    def _look(self, guard: Guard, extent: Value, before: Block, body: Block) -> None:
        """Whether to go on, which the kernel after each step finds out."""
        step = self.step
        assert step.count is not None and guard.after is not None
        done, next_look = self._done, Name(f"{step.index.name}_next")
        before.put(Set(step.count, ZERO), Set(done, ZERO), Set(next_look, integer(FIRST if guard.ahead else 1)))
        self.launch(guard.after, body)
        body.put(Set(done, add(step.index, ONE)))
        look = body.inner()
        state = add(address(guard.flags), multiply(STATE, integer(itemsize(guard.flags))))
        more = count_steps(step, state, look)
        look.put(If(call("logical_not", more, dtype="bool"), (Break(),)))
        if guard.ahead:
            further = Call(MINIMUM, (done, integer(LAST)), "int64")
            look.put(Set(next_look, Call(MINIMUM, (add(done, further), extent), "int64")))
            last = call("logical_or", test("equal", done, next_look), test("equal", done, extent), dtype="bool")
            body.choose(last, look)
        else:
            body.put(*look.statements)

    @property
    def _done(self) -> Name:
        """How many steps were launched."""
        return Name(f"{self.step.index.name}_done")

    def _go_back(self, block: Block) -> None:
        """Where things lay after the last step that happened."""
        step = self.step
        assert step.count is not None
        moving = [carry for carry in step.carries if carry.current.kind == "moving"]
        swapped = [carry for carry in moving if carry.next.kind != "row"]
        if swapped:
            back = block.inner()
            for carry in swapped:
                _hand_on(carry, back)
            beyond = size_call(SUBTRACT, (self._done, step.count), "int64")
            block.choose(test("equal", call("remainder", beyond, integer(2)), ONE), back)
        if len(moving) > len(swapped):
            last = block.inner()
            self._find_rows(size_call(SUBTRACT, (step.count, ONE), "int64"), last)
            for carry in moving:
                if carry.next.kind == "row":
                    _hand_on(carry, last)
            block.choose(test("greater", step.count, ZERO), last)

    def _find_rows(self, number: Value, block: Block) -> None:
        """Where the rows of the step of a number lie."""
        for row in self.step.rows:
            assert row.of is not None and row.at is not None
            at = transform(row.at, lambda v: number if v == self.step.index else v, {})
            place = multiply(block.value(at), block.value(nbytes(row)))
            block.put(Set(address(row), add(address(row.of), place)))


def _hand_on(carry: Carry, block: Block) -> None:
    current, new = address(carry.current), address(carry.next)
    if carry.current.kind != "moving":
        block.put(Copy(current, new, integer(itemsize(carry.current))))
    elif carry.next.kind == "row":
        block.put(Set(current, new))
    else:
        block.put(Swap(current, new))


def count_steps(step: Loop, state: Value, block: Block) -> Value:
    """Learn how many steps a loop took, and whether there are more: then the number at `state` is -1 - n. Waits."""
    assert step.count is not None
    number = Name(f"{step.index.name}_taken")
    more = test("less", number, ZERO)
    block.put(Read(number, state))
    block.put(Set(step.count, where(more, size_call(SUBTRACT, (integer(-1), number), "int64"), number)))
    return more


def grow(buffer: Buffer, used: Value, block: Block) -> None:
    """More room, where all is used."""
    size = block.value(multiply(product(buffer.shape[1:]), integer(itemsize(buffer))))
    block.put(If(test("equal", used, room(buffer)), (Grow(address(buffer), room(buffer), used, size),)))


def room(buffer: Buffer) -> Name:
    """For how many elements there is room."""
    return Name(f"{buffer.name}_room")
