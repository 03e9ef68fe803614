"""The host's part of a function, as statements: it finds sizes, takes memory, and launches kernels.

It is made once, when the function is compiled, and knows addresses and lengths only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bitale_backend_cuda.host.block import Block, address, every
from bitale_backend_cuda.host.launches import STATUS, launch, strides
from bitale_backend_cuda.host.loops import LoopBuilder
from bitale_backend_cuda.host.statements import (
    Check,
    Donated,
    Finished,
    Guard,
    HostStatement,
    Input,
    Library,
    Memory,
    OnHost,
    Result,
    Set,
    Solve,
    Status,
    Transforms,
    Workspace,
)
from bitale_backend_cuda.host.whole import allowed_as_one, launch_as_one
from bitale_backend_cuda.host_step import HostStep
from bitale_backend_cuda.ways import Ways
from bitale_graph.routine import Transform
from bitale_rewrite.loops.blocks import is_early, late_names, nbytes, sized_inside
from bitale_rewrite.loops.columns import InColumns
from bitale_rewrite.loops.ir import (
    Buffer,
    Choose,
    Define,
    Gemm,
    Kernel,
    LibraryCall,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Step,
)
from bitale_rewrite.loops.touched import all_steps, buffers_of, inside, written_by


class HostBuilder:
    """Makes the host's statements of a program. `ways` are its kernels, `host_steps` what runs on the host."""

    def __init__(
        self, program: Program, ways: Ways, host_steps: Mapping[Kernel, HostStep], checked: bool
    ) -> None:
        self.program = program
        self.ways = ways
        self.host_steps = host_steps
        self.checked = checked
        self.alias = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}
        self.late = late_names(program)
        self.ready: set[Buffer] = set(program.inputs)
        self.routines: list[LibraryCall] = []  # by number

    def build(self) -> tuple[HostStatement, ...]:
        """The whole function."""
        block, steps = Block(), self.program.steps
        self._inputs(block)
        for size in self.program.sizes:
            self._step(size, block)
        self._workspace(block)
        checks = next((k for k, step in enumerate(steps) if not isinstance(step, Require | Define)), len(steps))
        for step in steps[:checks]:
            self._step(step, block)
        self._results(block)
        for step in steps[checks:]:
            self._step(step, block)
        for output in self.program.outputs:
            self._allocate(output, block)
        if self.checked:
            block.put(Check())
        return tuple(block.statements)

    # ---- memory ------------------------------------------------------------------------------------------------------

    def _inputs(self, block: Block) -> None:
        if self.checked:
            block.put(Status(STATUS))
        for buffer in self.program.inputs:
            lengths = enumerate(self.program.lengths[buffer.slot])
            named = tuple((axis, n) for axis, n in lengths if isinstance(n, Name))
            block.put(Input(buffer, named, tuple(strides(buffer))))

    def _results(self, block: Block) -> None:
        """Memory for results first: where there is none, no shared variable has changed yet."""
        for output in self.program.outputs:
            if output.root.kind == "output" and is_early(nbytes(output.root), self.late):
                self._allocate(output, block)

    def _workspace(self, block: Block) -> None:
        early = {i: n for i, n in enumerate(self.program.slots) if is_early(n, self.late)}
        self.slots = {i: Name(f"slot_{i}") for i in early}
        if early:
            block.put(Workspace(tuple(self.slots.values()), block.values(*early.values())))

    def _allocate(self, buffer: Buffer, block: Block) -> None:
        root = buffer.root
        if root not in self.ready:
            self.ready.add(root)
            block.put(self._memory(root, block))
        if buffer is not root and buffer not in self.ready:
            self.ready.add(buffer)
            block.put(Set(address(buffer), address(root)))

    def _memory(self, root: Buffer, block: Block) -> HostStatement:
        """What gives a buffer its memory."""
        if root in self.alias:
            return Donated(address(root), root.slot, self.alias[root].slot)
        if root.kind == "output":
            return Result(address(root), root.slot, block.values(*root.shape))
        slot = self.slots.get(self.program.placement.get(root, -1))
        return Memory(address(root), block.value(nbytes(root))) if slot is None else Set(address(root), slot)

    # ---- steps -------------------------------------------------------------------------------------------------------

    def _steps(self, steps: Sequence[Step], block: Block) -> None:
        """Steps that are done in a block of their own: what they find is known in it alone."""
        ready = set(self.ready)
        for step in steps:
            self._step(step, block)
        self.ready = ready

    def _step(self, step: Step, block: Block) -> None:
        self._find(step, block)
        match step:
            case Run(kernel) if kernel in self.host_steps:
                block.put(self._on_host(self.host_steps[kernel], block))
            case Run(kernel):
                self._run(kernel, block)
            case Define(name, value):
                block.set(name, value)
            case Require(condition, code, values):
                block.put(Require(block.value(condition), code, block.values(*values)))
            case Gemm():
                self._gemm(step, block)
            case LibraryCall():
                self._library(step, block)
            case Loop() | Choose() if step in self.ways.persistent:
                self._as_one(step, block)
            case Loop() | Choose():
                self._apart(step, block)
            case _:
                raise AssertionError("procedures are opened for GPUs")

    def _as_one(self, step: Loop | Choose, block: Block) -> None:
        """One launch, where that is allowed."""
        kernel = self.ways.persistent[step]
        allowed = allowed_as_one(kernel, block)
        if allowed is None:
            launch_as_one(kernel, self._steps, block)
            return
        one, apart = block.inner(), block.inner()
        launch_as_one(kernel, self._steps, one)
        self._apart(step, apart)
        block.choose(allowed, one, apart)

    def _apart(self, step: Loop | Choose, block: Block) -> None:
        """The steps inside one by one."""
        guard = self.ways.guards.get(step)
        if guard is not None:
            block.put(Memory(address(guard.flags), block.value(nbytes(guard.flags))))
            self._run(guard.begin, block)
        if isinstance(step, Loop):
            LoopBuilder(step, guard, self._steps, self._allocate, self._run).build(block)
        elif guard is None:
            self._decide(step, block)
        else:
            self._both(step, block)

    def _decide(self, step: Choose, block: Block) -> None:
        """A branch that the host decides."""
        value, blocks = block.value(step.condition), (block.inner(), block.inner())
        self._steps(step.then, blocks[0])
        self._steps(step.otherwise, blocks[1])
        block.choose(value, *blocks)

    def _both(self, step: Choose, block: Block) -> None:
        """Both sides, of which the kernels of one do nothing. The host decides where a side must not be."""
        checks = [s for s in all_steps(inside(step)) if isinstance(s, Require)]
        both, decided = block.inner(), block.inner()
        self._steps([*step.then, *step.otherwise], both)
        if not checks:
            block.put(*both.statements)
            return
        self._decide(step, decided)
        block.choose(every([block.value(check.condition) for check in checks]), both, decided)

    def _run(self, kernel: Kernel, block: Block) -> None:
        for emitter in self.ways.launches[kernel]:
            launch(emitter, block)

    def _find(self, step: Step, block: Block) -> None:
        """Memory for what a step works on, unless it is found where it is used."""
        buffers = list(dict.fromkeys(buffers_of(step)))
        later = set(sized_inside(step, buffers))
        for buffer in buffers:
            if buffer.kind in ("scratch", "growing") or buffer in later:
                continue
            if buffer.kind in ("row", "moving") if buffer.base is None else inside(step):
                continue
            self._allocate(buffer, block)

    def _on_host(self, step: HostStep, block: Block) -> HostStatement:
        arrays = []
        for buffer in step.parameters.buffers:
            size = block.value(nbytes(buffer))
            if buffer.kind == "scratch":
                block.put(Memory(address(buffer), size))
            arrays.append((address(buffer), size))
        return OnHost(step, tuple(arrays), tuple(step.parameters.names))

    def _gemm(self, step: Gemm, block: Block) -> None:
        self._guard({step.out.root}, block)
        m, n, k, batch, alpha, beta = block.values(step.m, step.n, step.k, step.batch, step.alpha, step.beta)
        found = replace(step, m=m, n=n, k=k, batch=batch, alpha=alpha, beta=beta)
        if step.epilogue is None:
            block.put(found)
            return
        otherwise = block.inner()
        otherwise.put(replace(found, epilogue=None))
        self._run(step.epilogue.kernel, otherwise)
        block.put(Finished(found, tuple(otherwise.statements)))

    def _guard(self, written: Collection[Buffer], block: Block) -> None:
        shared = tuple(buffer for buffer in self.alias if buffer in written)
        if self.checked and shared:
            block.put(Guard(shared))

    def _library(self, step: LibraryCall, block: Block) -> None:
        self._guard(written_by(step), block)
        if isinstance(step.op, Transform):
            return block.put(Transforms(step, *block.values(*step.sizes)))
        if isinstance(step.op, InColumns):
            return block.put(Solve(step, block.values(*step.sizes)))
        shapes = tuple(block.values(*buffer.shape) for buffer in step.inputs)
        block.put(Library(len(self.routines), step, shapes, block.values(*step.sizes)))
        self.routines.append(step)
        return None
