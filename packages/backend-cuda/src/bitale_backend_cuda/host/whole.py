"""Loops and branches that are one kernel: one launch, or a few where a loop needs room or may never end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bitale_backend_cuda.emit.kernel import BLOCK, LaunchEmitter
from bitale_backend_cuda.emit.persistent import PersistentEmitter
from bitale_backend_cuda.groups import WARP
from bitale_backend_cuda.host.block import Block, address, call, every, test
from bitale_backend_cuda.host.launches import arguments, whole
from bitale_backend_cuda.host.loops import count_steps, grow, room
from bitale_backend_cuda.host.statements import Break, ForRange, HostStatement, If, Launch, Memory, Set
from bitale_backend_cuda.persistent import ELEMENT, MOST, MOST_OF_PRODUCTS
from bitale_rewrite.loops.blocks import nbytes
from bitale_rewrite.loops.integers import MINIMUM, ONE, SUBTRACT, ZERO, add, integer, multiply, size_call
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Loop, Name, Step, Value

PIECE = 2**16  # steps after which a loop that may never end comes back, and Python may be interrupted
PIECES = integer(2**62)
Steps = Callable[[Sequence[Step], Block], None]


def allowed_as_one(kernel: PersistentEmitter, block: Block) -> Value | None:
    """When the kernel does it: where there is little to do, and no check fails that the kernel leaves to the host."""
    persistent = kernel.kernel
    if persistent.always:
        return None
    assert persistent.work is not None
    little = [test("less_equal", block.value(persistent.work), integer(MOST))]
    if persistent.rows_apart is not None and persistent.has_products:
        weight = multiply(persistent.rows_apart, persistent.work)
        little.append(test("less_equal", block.value(weight), integer(MOST_OF_PRODUCTS)))
    return every([*little, *(block.value(check.condition) for check in persistent.conditions)])


def launch_as_one(kernel: PersistentEmitter, run: Steps, block: Block) -> None:
    """All steps, and where things lie after them. `run` makes the statements of steps."""
    step, checks = kernel.kernel.step, kernel.kernel.checks
    if checks:
        assert isinstance(step, Loop)
        first = block.inner()
        run(checks, first)
        block.choose(test("greater", block.value(step.extent), ZERO), first)
    for emitter in kernel.kernel.all:
        for row in emitter.launch.scratch:
            block.put(Memory(whole(row), block.value(multiply(_groups(kernel, emitter), nbytes(row)))))
    for row in kernel.kernel.rows:
        assert row.of is not None
        block.put(Memory(_home(row), block.value(nbytes(row))), Set(_start(row), address(row.of.root)))
    if kernel.may_end:
        assert isinstance(step, Loop)
        _until(kernel, step, block)
    else:
        block.put(*_in_blocks(kernel, block))
    if isinstance(step, Loop):
        _find(kernel, step, block)


def _groups(kernel: PersistentEmitter, emitter: LaunchEmitter) -> Value:
    """How many groups of lanes need scratch of their own."""
    if not emitter.launch.spread:
        return ONE
    return emitter.launch.count if kernel.kernel.rows_apart is not None else integer(BLOCK // WARP)


def _find(kernel: PersistentEmitter, step: Loop, block: Block) -> None:
    """The arrays that the loop handed on are at home."""
    for carry in step.carries:
        current = carry.current
        if current.kind == "moving":
            assert current.of is not None
            home = _home(current) if current in kernel.kernel.rows else address(current.of.root)
            block.put(Set(address(current), home))


def _until(kernel: PersistentEmitter, step: Loop, block: Block) -> None:
    """A loop that may end early. It is one launch that nobody waits for where its steps are known to be few."""
    state, most = Name(f"{step.index.name}_state"), kernel.most
    block.put(Memory(state, integer(8)))
    once, pieces = block.inner(), block.inner()
    _pieces(kernel, step, state, pieces)
    if most is None or step.growing or (isinstance(most, Literal) and most.number > PIECE):
        block.put(*pieces.statements)
        return
    most = once.value(most)
    once.put(_launch(kernel, state, ZERO, most))
    if kernel.is_counted:
        count_steps(step, state, once)
    if isinstance(most, Literal):
        block.put(*once.statements)
    else:
        block.choose(test("less_equal", block.value(most), integer(PIECE)), once, pieces)


def _pieces(kernel: PersistentEmitter, step: Loop, state: Name, block: Block) -> None:
    """A launch for so many steps, and others while there are more. Each is waited for."""
    assert step.count is not None
    block.put(Set(step.count, ZERO))
    piece, end = block.inner(), add(step.count, integer(PIECE))
    for buffer in step.growing:
        block.put(Set(address(buffer), ZERO), Set(room(buffer), ZERO))
        grow(buffer, step.count, piece)
        end = Call(MINIMUM, (end, room(buffer)), "int64")
    piece.put(_launch(kernel, state, step.count, end))
    more = count_steps(step, state, piece)
    piece.put(If(call("logical_not", more, dtype="bool"), (Break(),)))
    piece.put(*(Set(_start(row), _home(row)) for row in kernel.kernel.rows))
    block.put(ForRange(Name(f"{step.index.name}_piece"), PIECES, tuple(piece.statements)))


def _in_blocks(kernel: PersistentEmitter, block: Block) -> list[HostStatement]:
    """The launch: of blocks that each do so many rows that their threads have something to do, where rows are apart."""
    rows, work = kernel.kernel.rows_apart, kernel.kernel.work
    if rows is None or work is None:
        return [_launch(kernel)]
    for buffer in kernel.kernel.overlapping:
        block.put(Memory(_own(buffer), block.value(nbytes(buffer))))
    each, enough = Name(f"{kernel.name}_each"), integer(BLOCK * ELEMENT * len(kernel.kernel.all))
    full = call("floor_divide", enough, call("maximum", block.value(work), ONE))
    before = Set(each, call("maximum", full, ONE))
    blocks = call("floor_divide", add(block.value(rows), size_call(SUBTRACT, (each, ONE), "int64")), each)
    launch = _launch(kernel, each)
    return [before, replace(launch, grid=call("maximum", blocks, ONE))]


def _launch(kernel: PersistentEmitter, *limits: Value) -> Launch:
    own: dict[Value, Value] = {address(buffer): _own(buffer) for buffer in kernel.kernel.overlapping}
    given = [own.get(value, value) for value in arguments(kernel.buffers, kernel.checked, kernel.flag)]
    given += [address(b) for b in kernel.kernel.carried]
    given += [*map(_home, kernel.kernel.rows), *map(_start, kernel.kernel.rows), *kernel.names, *limits]
    return Launch((kernel.name,), None, ONE, integer(kernel.threads), tuple(given))


def _own(buffer: Buffer) -> Name:
    """Memory for an array that otherwise shares memory with others."""
    return Name(f"{buffer.name}_own")


def _home(row: Buffer) -> Name:
    """Where the last of several rows is left."""
    return Name(f"{row.name}_home")


def _start(row: Buffer) -> Name:
    """Where the first of several rows is."""
    return Name(f"{row.name}_start")
