"""The host's part of a function: Python text that finds sizes, takes memory, and launches kernels.

It is written once, when the function is compiled, and then runs as plain Python: no step is looked at again. It gets a
`call` (see call.py) and knows addresses and lengths only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_cuda.emit.kernel import BLOCK, WARP, LaunchEmitter
from bitale_backend_cuda.emit.persistent import MOST, PersistentLoop
from bitale_backend_cuda.host_step import HostStep
from bitale_backend_cuda.host_values import python
from bitale_backend_cuda.launch import BLOCKS, Form, is_single
from bitale_backend_cuda.packs import Packs, needs
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.reference.elementwise import FORMULAS
from bitale_rewrite.loops.blocks import is_early, late_names, names_found, nbytes
from bitale_rewrite.loops.integers import integer, multiply, product
from bitale_rewrite.loops.ir import (
    Buffer,
    Carry,
    Choose,
    Define,
    For,
    Gemm,
    Kernel,
    Load,
    Loop,
    Name,
    Program,
    Require,
    Run,
    Step,
    Value,
)
from bitale_rewrite.loops.touched import buffers_of, inside
from bitale_rewrite.loops.values import everything_in

MANY = 2048  # numbers that one block does not gather alone


class HostEmitter:
    """Prints the host's function of a program. `launches` are those of each kernel, `persistent` the loops that can be
    a single one."""

    def __init__(
        self,
        program: Program,
        launches: dict[Kernel, list[LaunchEmitter]],
        host_steps: dict[Kernel, HostStep],
        checked: bool,
        persistent: dict[Loop, PersistentLoop],
    ) -> None:
        self.program = program
        self.launches = launches
        self.host_steps = host_steps
        self.checked = checked
        self.persistent = persistent
        self.alias = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}
        self.ready: set[Buffer] = set(program.inputs)
        self.lines: list[str] = []

    def text(self) -> str:
        """The source of `run(call)`."""
        self._put("def run(call):", 0)
        self._inputs()
        for size in self.program.sizes:
            self._step(size, 1)
        self._workspace()
        steps = self.program.steps
        checks = next((k for k, step in enumerate(steps) if not isinstance(step, Require | Define)), len(steps))
        for step in steps[:checks]:
            self._step(step, 1)
        self._results()
        for step in steps[checks:]:
            self._step(step, 1)
        for output in self.program.outputs:
            self._allocate(output, 1)
        if self.checked:
            self._put("call.check()")
        return "\n".join(self.lines) + "\n"

    def _put(self, line: str, depth: int = 1) -> None:
        self.lines.append("    " * depth + line)

    # ---- memory ------------------------------------------------------------------------------------------------------

    def _inputs(self) -> None:
        if self.checked:
            self._put("status = call.status()")
        for buffer in self.program.inputs:
            slot = buffer.slot
            self._put(f"{buffer.name} = call.address({slot})")
            for axis, n in enumerate(self.program.lengths[slot]):
                if isinstance(n, Name):
                    self._put(f"{n.name} = call.length({slot}, {axis})")
            if is_strided(buffer):
                for axis in range(len(buffer.shape)):
                    self._put(f"{buffer.name}_s{axis} = call.stride({slot}, {axis})")

    def _results(self) -> None:
        """Memory for results first: where there is none, no shared variable has changed yet."""
        late = late_names(self.program)
        for output in self.program.outputs:
            if output.root.kind == "output" and is_early(nbytes(output.root), late):
                self._allocate(output, 1)

    def _workspace(self) -> None:
        late = late_names(self.program)
        self.early = {i for i, n in enumerate(self.program.slots) if is_early(n, late)}
        wanted = [(f"slot_{i}", python(n)) for i, n in enumerate(self.program.slots) if i in self.early]
        if wanted:
            sizes = ", ".join(size for _, size in wanted)
            self._put(f"{', '.join(name for name, _ in wanted)}, = call.workspace({sizes})")

    def _allocate(self, buffer: Buffer, depth: int) -> None:
        root = buffer.root
        if root not in self.ready:
            self.ready.add(root)
            if root.kind == "output":
                self._output(root, depth)
            elif root in self.program.placement:
                slot = self.program.placement[root]
                if slot in self.early:
                    self._put(f"{root.name} = slot_{slot}", depth)
                else:
                    self._put(f"{root.name} = call.temporary({python(nbytes(root))})", depth)
            else:
                self._put(f"{root.name} = call.temporary({python(nbytes(root))})", depth)
        if buffer is not root and buffer not in self.ready:
            self.ready.add(buffer)
            self._put(f"{buffer.name} = {root.name}", depth)

    def _output(self, buffer: Buffer, depth: int) -> None:
        if buffer in self.alias:
            self._put(f"{buffer.name} = call.donated({buffer.slot}, {self.alias[buffer].slot})", depth)
        else:
            shape = "".join(f"{python(n)}, " for n in buffer.shape)
            self._put(f"{buffer.name} = call.allocate({buffer.slot}, ({shape}))", depth)

    # ---- steps -------------------------------------------------------------------------------------------------------

    def _steps(self, steps: Sequence[Step], depth: int) -> None:
        ready = set(self.ready)
        for step in steps:
            self._step(step, depth)
        if not steps:
            self._put("pass", depth)
        self.ready = ready

    def _step(self, step: Step, depth: int) -> None:
        found_inside = names_found(inside(step))
        for buffer in dict.fromkeys(buffers_of(step)):
            if buffer.kind in ("scratch", "growing"):
                continue
            if buffer.kind in ("row", "moving") if buffer.base is None else inside(step):
                continue  # found where it is used
            if found_inside.isdisjoint(everything_in([nbytes(buffer)])):
                self._allocate(buffer, depth)
        if isinstance(step, Run) and step.kernel in self.host_steps:
            self._on_host(self.host_steps[step.kernel], depth)
        elif isinstance(step, Run):
            for launch in self.launches[step.kernel]:
                self._launch(launch, depth)
        elif isinstance(step, Define):
            self._put(f"{step.name.name} = {python(step.value)}", depth)
        elif isinstance(step, Require):
            values = "".join(f", {python(v)}" for v in step.values)
            self._put(f"if not ({python(step.condition)}): call.fail({step.code}{values})", depth)
        elif isinstance(step, Gemm):
            self._gemm(step, depth)
        elif isinstance(step, Loop):
            self._loop(step, depth)
        else:
            assert isinstance(step, Choose), "procedures are opened for GPUs"
            self._put(f"if {python(step.condition)}:", depth)
            self._steps(step.then, depth + 1)
            self._put("else:", depth)
            self._steps(step.otherwise, depth + 1)

    def _on_host(self, step: HostStep, depth: int) -> None:
        arrays = ""
        for buffer in step.parameters.buffers:
            size = python(nbytes(buffer))
            place = f"call.temporary({size})" if buffer.kind == "scratch" else buffer.name
            arrays += f"({place}, {size}), "
        lengths = "".join(f"{name.name}, " for name in step.parameters.names)
        self._put(f"call.on_host({step.name!r}, ({arrays}), ({lengths}))", depth)

    def _gemm(self, step: Gemm, depth: int) -> None:
        if self.checked and step.out.root in self.alias:
            self._put("call.guard()", depth)
        m, n, k, batch, alpha, beta = map(python, (step.m, step.n, step.k, step.batch, step.alpha, step.beta))
        self._put(
            f"call.gemm({step.out.dtype!r}, ({m}, {n}, {k}), {batch}, ({step.transpose_left}, {step.transpose_right}), "
            f"{alpha}, {step.left.name}, {step.right.name}, {beta}, {step.out.name})",
            depth,
        )

    def _loop(self, step: Loop, depth: int) -> None:
        self._begin(step, depth)
        if step in self.persistent:
            self._as_one(step, self.persistent[step], depth)
            if self.persistent[step].always:
                return
            self._put("else:", depth)
            depth += 1
        if step.count is not None:
            self._put(f"{step.count.name} = 0", depth)
        for buffer in step.growing:
            self._put(f"{buffer.name} = {buffer.name}_room = 0", depth)
        index = step.index.name
        self._put(f"for {index} in range({python(step.extent)}):", depth)
        for buffer in step.growing:
            name, size = buffer.name, python(multiply(product(buffer.shape[1:]), integer(itemsize(buffer))))
            self._put(f"if {index} == {name}_room: {name}, {name}_room = call.grow({name}, {index}, {size})", depth + 1)
        for row in step.rows:
            self._find(row, depth + 1)
        self._steps(step.body, depth + 1)
        for carry in step.carries:
            self._hand_on(carry, depth + 1)
        if step.count is not None:
            self._put(f"{step.count.name} = {index} + 1", depth + 1)
        if step.going is not None:
            self._put(f"if not {python(Load(step.going, ()))}: break", depth + 1)

    def _begin(self, step: Loop, depth: int) -> None:
        """Where the first step finds what is handed on."""
        moving = [b for carry in step.carries for b in (carry.current, carry.next) if b.kind == "moving"]
        for buffer in (*step.rows, *moving):
            assert buffer.of is not None
            if buffer.of.base is not None:
                self._allocate(buffer.of, depth)
        for buffer in moving:
            assert buffer.of is not None
            self._put(f"{buffer.name} = {buffer.of.name}", depth)

    def _as_one(self, step: Loop, loop: PersistentLoop, depth: int) -> None:
        """One launch for all steps, where they are small; and where things lie after it."""
        assert loop.work is not None
        if loop.always:
            depth -= 1
        else:
            self._put(f"if {python(loop.work)} <= {MOST}:", depth)
        if loop.checks:
            self._put(f"if {python(step.extent)} > 0:", depth + 1)
            self._steps(loop.checks, depth + 2)
        found = ["status"] if self.checked else []
        found += self._given(loop.buffers) + [name.name for name in loop.names]
        self._put(f"call.launch({loop.name!r}, 1, {BLOCK}, ({''.join(f'{name}, ' for name in found)}))", depth + 1)
        swapped = [carry for carry in step.carries if carry.current.kind == "moving" and carry.next.kind != "row"]
        if swapped:
            self._put(f"if {python(step.extent)} % 2:", depth + 1)
            for carry in swapped:
                self._hand_on(carry, depth + 2)
        ended = [carry for carry in step.carries if carry.current.kind == "moving" and carry.next.kind == "row"]
        if ended:
            self._put(f"if {python(step.extent)} > 0:", depth + 1)
            self._put(f"{step.index.name} = {python(step.extent)} - 1", depth + 2)
            for row in step.rows:
                self._find(row, depth + 2)
            for carry in ended:
                self._hand_on(carry, depth + 2)

    def _find(self, row: Buffer, depth: int) -> None:
        assert row.of is not None and row.at is not None
        self._put(f"{row.name} = {row.of.name} + {python(row.at)} * ({python(nbytes(row))})", depth)

    def _hand_on(self, carry: Carry, depth: int) -> None:
        current, new = carry.current.name, carry.next.name
        if carry.current.kind != "moving":
            self._put(f"call.copy({current}, {new}, {itemsize(carry.current)})", depth)
        elif carry.next.kind == "row":
            self._put(f"{current} = {new}", depth)
        else:
            self._put(f"{current}, {new} = {new}, {current}", depth)

    # ---- launches ----------------------------------------------------------------------------------------------------

    def _launch(self, emitter: LaunchEmitter, depth: int) -> None:
        if not emitter.chunked:
            self._start(emitter, depth)
            return
        if emitter.launch.many is not None:
            self._put(f"if {python(emitter.launch.many)} > {MANY}:", depth)
            self._either(emitter, depth)
            return
        lanes = 1 if emitter.launch.form is Form.THREADS else BLOCK
        self._put(f"chunks = call.chunks({python(emitter.launch.count)}, {lanes}, {python(_width(emitter))})", depth)
        self._put("if chunks > 1:", depth)
        self._either(emitter, depth)

    def _either(self, emitter: LaunchEmitter, depth: int) -> None:
        for each in emitter.chunked:
            self._start(each, depth + 1)
        self._put("else:", depth)
        self._start(emitter, depth + 1)

    def _start(self, emitter: LaunchEmitter, depth: int) -> None:
        launch = emitter.launch
        for size, value in launch.sizes:
            self._put(f"{size.name} = {python(value)}", depth)
        for buffer in launch.makes:
            self._put(f"{buffer.name} = call.temporary({python(nbytes(buffer))})", depth)
        count = python(launch.count)
        if is_single(launch):
            self._put("grid, block = 1, 1", depth)
        elif launch.form is Form.GROUPS and not launch.spread:
            self._put(f"grid, block = 1, {BLOCK}", depth)
        elif launch.form is Form.GROUPS:
            width = python(_width(emitter))
            self._put(f"lanes = {WARP} if {width} <= {WARP * 8} else {BLOCK}", depth)
            self._put(f"grid, block = call.groups({count}, lanes), {BLOCK}", depth)
        else:
            if emitter.packs:
                self._put(f"width = {emitter.packs.width} if {_takes_packs(emitter.packs)} else 1", depth)
                count = f"-(-{count} // width)"
            self._put(f"grid, block = call.{launch.form.value}({count}), {BLOCK}", depth)
        if launch.form is Form.TOTAL:
            self._put(f"{BLOCKS.name} = grid", depth)
            for _, parts_ in launch.gathered:
                self._put(f"{parts_.name} = call.temporary(grid * {itemsize(parts_)})", depth)
        units = self._units(emitter)
        for row in launch.scratch:
            self._put(f"{row.name}_all = call.temporary({units} * {python(nbytes(row))})", depth)
        name = repr(emitter.names[0])
        if len(emitter.names) == 2:
            condition = "width == 1" if emitter.packs else f"lanes == {WARP}"
            name = f"{emitter.names[0]!r} if {condition} else {emitter.names[1]!r}"
        self._put(f"call.launch({name}, grid, block, ({self._arguments(emitter)}))", depth)

    def _units(self, emitter: LaunchEmitter) -> str:
        """How many threads or groups need scratch of their own."""
        if emitter.launch.form is Form.GROUPS:
            return "grid * block // lanes" if emitter.launch.spread else "1"
        return "grid * block"

    def _arguments(self, emitter: LaunchEmitter) -> str:
        found = ["status"] if self.checked else []
        found += self._given(emitter.parameters.buffers)
        return "".join(f"{name}, " for name in [*found, *(name.name for name in emitter.parameters.names)])

    def _given(self, buffers: Sequence[Buffer]) -> list[str]:
        """The arguments for arrays, with their strides."""
        found: list[str] = []
        for buffer in buffers:
            found.append(f"{buffer.name}_all" if buffer.kind == "scratch" else buffer.name)
            if is_strided(buffer):
                found += [f"{buffer.name}_s{axis}" for axis in range(len(buffer.shape))]
        return found


def itemsize(buffer: Buffer) -> int:
    """The bytes of an element."""
    return np.dtype(buffer.dtype).itemsize


def _width(emitter: LaunchEmitter) -> Value:
    """The longest loop that the lanes of a group share, as far as it is known before the launch."""
    return emitter.launch.width or next(s.extent for s in emitter.launch.body if isinstance(s, For))


def _takes_packs(packs: Packs) -> str:
    """The condition for packs, as Python."""
    numbers, strided = needs(packs)
    terms = [f"{python(n)} % {width} == 0" for n, width in numbers]
    for buffer in strided:
        *outer, last = (f"{buffer.name}_s{axis}" for axis in range(len(buffer.shape)))
        if packs.flat:
            terms.append(f"call.is_dense({buffer.slot})")
        else:
            terms += [f"{last} == 1", *(f"{stride} % {packs.width} == 0" for stride in outer)]
    addresses = " | ".join(dict.fromkeys(place.buffer.name for place in packs.places))
    return " and ".join([*terms, f"({addresses}) % {packs.alignment} == 0"])


def host_function(source: str, name: str) -> Callable[..., None]:
    """The function that a text of HostEmitter defines."""
    space: dict[str, Any] = {"apply": apply}
    exec(compile(source, f"<{name} on the host>", "exec"), space)
    run: Callable[..., None] = space["run"]
    return run


def apply(name: str, dtype: str, *typed: Any) -> Any:
    """An elementwise function of Python numbers with the dtypes that stand before them."""
    operands = [np.asarray(number).astype(kind)[()] for kind, number in zip(typed[::2], typed[1::2], strict=True)]
    return np.asarray(FORMULAS[FUNCTIONS[name]](*operands)).astype(dtype).item()
