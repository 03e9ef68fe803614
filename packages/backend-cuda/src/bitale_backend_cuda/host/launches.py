"""How the host launches a kernel: which of its forms, on how many blocks, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_cuda.across import SHORTEST, TILE
from bitale_backend_cuda.emit.across import ROWS
from bitale_backend_cuda.emit.kernel import LaunchEmitter
from bitale_backend_cuda.groups import BLOCK, FEW, choice, cut_length
from bitale_backend_cuda.guards import Flag
from bitale_backend_cuda.host.block import Block, address, call, divides, every, itemsize, test, where
from bitale_backend_cuda.host.statements import Ask, Launch, Memory, Set
from bitale_backend_cuda.launch import BLOCKS, Form, is_single
from bitale_backend_cuda.packs import Packs, needs
from bitale_rewrite.loops.blocks import nbytes
from bitale_rewrite.loops.integers import ONE, add, integer, multiply
from bitale_rewrite.loops.ir import Buffer, Name, Value

MANY = 2048  # numbers that one block does not gather alone
GRID, WIDTH, LANES, CHUNKS, STATUS = map(Name, ("grid", "width", "lanes", "chunks", "status"))


def launch(emitter: LaunchEmitter, block: Block) -> None:
    """The launch of a kernel, or those instead of it where there is much to do."""
    if not emitter.chunked:
        _start(emitter, block)
        return
    if emitter.launch.many is not None:
        condition = test("greater", block.value(emitter.launch.many), integer(MANY))
    else:
        lanes = 1 if emitter.launch.form is Form.THREADS else BLOCK
        operands = block.values(emitter.launch.count, integer(lanes), cut_length(emitter.launch))
        block.put(Ask(CHUNKS, "chunks", operands))
        condition = test("greater", CHUNKS, ONE)
    several, single = block.inner(), block.inner()
    for each in emitter.chunked:
        _start(each, several)
    _start(emitter, single)
    block.choose(condition, several, single)


def _start(emitter: LaunchEmitter, block: Block) -> None:
    start = emitter.launch
    for size, value in start.sizes:
        block.set(size, value)
    for divisor, value in emitter.divisors:
        block.set(divisor, value)
    for buffer in start.makes:
        block.put(Memory(address(buffer), block.value(nbytes(buffer))))
    grid, threads, condition = _shape(emitter, block)
    if start.form is Form.TOTAL:
        block.put(Set(BLOCKS, GRID))
        for _, parts in start.gathered:
            block.put(Memory(address(parts), multiply(GRID, integer(itemsize(parts)))))
    for row in start.scratch:
        block.put(Memory(whole(row), multiply(_units(start.form, grid, threads), block.value(nbytes(row)))))
    given = [*arguments(emitter.parameters.buffers, emitter.checked, emitter.flag), *emitter.parameters.names]
    given += [divisor for divisor, _ in emitter.divisors]
    if start.form is Form.GROUPS and len(emitter.names) > 1:
        _by_lanes(emitter, [Launch((name,), None, grid, threads, tuple(given)) for name in emitter.names], block)
    else:
        block.put(Launch(tuple(emitter.names), condition, grid, threads, tuple(given)))


def _by_lanes(emitter: LaunchEmitter, launches: list[Launch], block: Block) -> None:
    """The launch of the kernel for a number of lanes."""
    if len(launches) == 2:
        names = tuple(name for each in launches for name in each.kernels)
        block.put(replace(launches[0], kernels=names, condition=test("equal", LANES, integer(emitter.lanes[-2]))))
        return
    first, others = block.inner(), block.inner()
    first.put(launches[0])
    _by_lanes(emitter, launches[1:], others)
    block.choose(test("equal", LANES, integer(FEW)), first, others)


def _shape(emitter: LaunchEmitter, block: Block) -> tuple[Value, Value, Value | None]:
    """The blocks and their threads; and when the first of two kernels is the one to run."""
    start = emitter.launch
    if is_single(start):
        return ONE, ONE, None
    if start.form is Form.GROUPS and not start.spread:
        return ONE, integer(BLOCK), None
    count = block.value(start.count)
    if start.form is Form.GROUPS:
        block.set(LANES, choice(start, emitter.lanes))
        block.put(Ask(GRID, "groups", (count, LANES)))
        return GRID, integer(BLOCK), None
    if emitter.across is not None:
        shorter = call("minimum", *block.values(*emitter.across.extents))
        worth = test("greater_equal", shorter, integer(SHORTEST))
        block.put(Set(WIDTH, where(worth, integer(TILE // ROWS), ONE)))
    elif emitter.packs is not None:
        block.put(Set(WIDTH, where(_takes_packs(emitter.packs, block), integer(emitter.packs.width), ONE)))
    else:
        parts = (integer(emitter.runs.parts),) if emitter.runs else ()
        block.put(Ask(GRID, start.form.value, (count, *parts)))
        return GRID, integer(BLOCK), None
    block.put(Ask(GRID, start.form.value, (count, WIDTH)))
    return GRID, integer(BLOCK), test("equal", WIDTH, ONE)


def _units(form: Form, grid: Value, threads: Value) -> Value:
    """How many threads or groups need scratch of their own."""
    if form is not Form.GROUPS:
        return multiply(grid, threads)
    return ONE if grid == ONE else call("floor_divide", multiply(grid, threads), LANES)


def _takes_packs(packs: Packs, block: Block) -> Value:
    """The condition for packs."""
    numbers, strided = needs(packs)
    terms = [divides(block.value(n), width) for n, width in numbers]
    for buffer in strided:
        if packs.flat:
            dense = Name(f"{buffer.name}_dense", "bool")
            block.put(Ask(dense, "is_dense", (integer(buffer.slot),)))
            terms.append(dense)
        else:
            *outer, last = strides(buffer)
            terms += [test("equal", last, ONE), *(divides(stride, packs.width) for stride in outer)]
    first, *others = dict.fromkeys(place.buffer for place in packs.places)
    together: Value = address(first)
    for buffer in others:
        together = call("bitwise_or", together, address(buffer))
    return every([*terms, divides(together, packs.alignment)])


def arguments(buffers: Sequence[Buffer], checked: bool, flag: Flag | None) -> list[Value]:
    """What a kernel is given for arrays: their addresses, with their strides; the status and its flag first."""
    found: list[Value] = [STATUS] if checked else []
    if flag is not None:
        found.append(add(address(flag.buffer), multiply(flag.place, integer(itemsize(flag.buffer)))))
    for buffer in buffers:
        found += [whole(buffer) if buffer.kind == "scratch" else address(buffer), *strides(buffer)]
    return found


def strides(buffer: Buffer) -> list[Name]:
    """The strides that the host knows of a buffer."""
    axes = range(len(buffer.shape)) if is_strided(buffer) else ()
    return [Name(f"{buffer.name}_s{axis}") for axis in axes]


def whole(row: Buffer) -> Name:
    """The scratch of all threads."""
    return Name(f"{row.name}_all")
