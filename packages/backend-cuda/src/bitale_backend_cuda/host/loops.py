"""Loops of the host: a round of launches for each step, or one launch for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitale_backend_cuda.emit.kernel import BLOCK
from bitale_backend_cuda.emit.persistent import MOST, PersistentLoop
from bitale_backend_cuda.host.block import Block, address, call, itemsize, test
from bitale_backend_cuda.host.launches import arguments
from bitale_backend_cuda.host.statements import Break, Copy, ForRange, Grow, If, Launch, Set, Swap
from bitale_rewrite.loops.blocks import nbytes
from bitale_rewrite.loops.integers import ONE, SUBTRACT, ZERO, add, integer, multiply, product, size_call
from bitale_rewrite.loops.ir import Buffer, Carry, Load, Loop, Name, Step, Value


@dataclass
class LoopBuilder:
    """Makes the statements of a loop. `run` makes those of steps, `allocate` those that find memory."""

    step: Loop
    persistent: PersistentLoop | None
    run: Callable[[Sequence[Step], Block], None]
    allocate: Callable[[Buffer, Block], None]
    checked: bool

    def build(self, block: Block) -> None:
        self._begin(block)
        if self.persistent is None:
            self._steps(block)
        elif self.persistent.always:
            self._as_one(self.persistent, block)
        else:
            assert self.persistent.work is not None
            one, several = block.inner(), block.inner()
            self._as_one(self.persistent, one)
            self._steps(several)
            block.choose(test("less_equal", block.value(self.persistent.work), integer(MOST)), one, several)

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

    def _steps(self, block: Block) -> None:
        """A round of launches for each step."""
        step, body = self.step, block.inner()
        if step.count is not None:
            block.put(Set(step.count, ZERO))
        for buffer in step.growing:
            block.put(Set(address(buffer), ZERO), Set(_room(buffer), ZERO))
            self._grow(buffer, body)
        self._find_rows(body)
        self.run(step.body, body)
        for carry in step.carries:
            _hand_on(carry, body)
        if step.count is not None:
            body.put(Set(step.count, add(step.index, ONE)))
        if step.going is not None:
            going = body.value(Load(step.going, ()))
            body.put(If(call("logical_not", going, dtype="bool"), (Break(),)))
        block.put(ForRange(step.index, block.value(step.extent), tuple(body.statements)))

    def _grow(self, buffer: Buffer, block: Block) -> None:
        size = block.value(multiply(product(buffer.shape[1:]), integer(itemsize(buffer))))
        longer = Grow(address(buffer), _room(buffer), self.step.index, size)
        block.put(If(test("equal", self.step.index, _room(buffer)), (longer,)))

    def _find_rows(self, block: Block) -> None:
        for row in self.step.rows:
            assert row.of is not None and row.at is not None
            place = multiply(block.value(row.at), block.value(nbytes(row)))
            block.put(Set(address(row), add(address(row.of), place)))

    def _as_one(self, loop: PersistentLoop, block: Block) -> None:
        """One launch for all steps; and where things lie after it."""
        step, extent = self.step, block.value(self.step.extent)
        any_steps = test("greater", extent, ZERO)
        if loop.checks:
            checks = block.inner()
            self.run(loop.checks, checks)
            block.choose(any_steps, checks)
        given = (*arguments(loop.buffers, self.checked), *loop.names)
        block.put(Launch((loop.name,), None, ONE, integer(BLOCK), given))
        moving = [carry for carry in step.carries if carry.current.kind == "moving"]
        swapped = [carry for carry in moving if carry.next.kind != "row"]
        if swapped:
            odd = block.inner()
            for carry in swapped:
                _hand_on(carry, odd)
            block.choose(test("equal", call("remainder", extent, integer(2)), ONE), odd)
        ended = [carry for carry in moving if carry.next.kind == "row"]
        if ended:
            last = block.inner()
            last.put(Set(step.index, _before(extent)))
            self._find_rows(last)
            for carry in ended:
                _hand_on(carry, last)
            block.choose(any_steps, last)


def _hand_on(carry: Carry, block: Block) -> None:
    current, new = address(carry.current), address(carry.next)
    if carry.current.kind != "moving":
        block.put(Copy(current, new, integer(itemsize(carry.current))))
    elif carry.next.kind == "row":
        block.put(Set(current, new))
    else:
        block.put(Swap(current, new))


def _room(buffer: Buffer) -> Name:
    """For how many elements there is room."""
    return Name(f"{buffer.name}_room")


def _before(n: Value) -> Value:
    return size_call(SUBTRACT, (n, ONE), "int64")
