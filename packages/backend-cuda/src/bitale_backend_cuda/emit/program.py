"""A whole Program for the GPU: the text of its kernels, and the host's function that launches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

from bitale_backend_c.emit.kernel import parameters
from bitale_backend_cuda.deferred import deferred
from bitale_backend_cuda.emit.preamble import preamble
from bitale_backend_cuda.host.build import HostBuilder
from bitale_backend_cuda.host.python import python_text
from bitale_backend_cuda.host.statements import HostStatement, Status
from bitale_backend_cuda.host_step import HostStep, missing
from bitale_backend_cuda.ways import Ways
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.ir import (
    Call,
    Choose,
    Fail,
    Gemm,
    Kernel,
    LibraryCall,
    Load,
    Loop,
    Program,
    Require,
    Run,
    Step,
)
from bitale_rewrite.loops.touched import all_steps
from bitale_rewrite.loops.values import everything_in

NOT = FUNCTIONS["logical_not"]


@dataclass
class Emitted:
    """`lines` are the kernels in CUDA C++, `statements` what the host does, `kernels` what that launches by name,
    `host_steps` what it runs in C, `routines` the calls of libraries by number."""

    program: Program
    lines: list[str]
    statements: tuple[HostStatement, ...]
    kernels: list[str] = field(default_factory=list)
    host_steps: dict[str, HostStep] = field(default_factory=dict)
    routines: list[LibraryCall] = field(default_factory=list)

    @cached_property
    def source(self) -> str:
        """The CUDA text: the kernels, and before them what they use."""
        return "\n".join([*preamble(self.program.name, self.lines), *self.lines]) + "\n"

    @cached_property
    def host(self) -> str:
        """The host's function in Python."""
        return python_text(self.statements)

    @cached_property
    def checked(self) -> bool:
        """Whether kernels have checks, whose failure they report."""
        return any(isinstance(statement, Status) for statement in self.statements)


def emit(program: Program) -> Emitted:
    """The kernels that run `program`, and what the host does."""
    program = deferred(program)
    checked = any(map(_is_on_device, all_steps(program.steps)))
    program = replace(program, steps=_with_checks(program.steps, count()))
    alias = {program.outputs[out]: program.inputs[source] for out, source in program.donated.items()}
    on_host = {step.kernel for step in all_steps(program.steps) if isinstance(step, Run) and missing(step.kernel)}
    _make_row_major(program, on_host)
    host_steps = {kernel: HostStep(kernel) for kernel in on_host}
    ways = Ways(program, checked, alias, on_host)
    lines, host = ways.lines(), HostBuilder(program, ways, host_steps, checked)
    statements = host.build()
    steps = {step.name: step for step in host_steps.values()}
    return Emitted(program, lines, statements, ways.names, steps, host.routines)


def kernels_of(program: Program) -> Iterator[Kernel]:
    """The kernels that steps are, or may need."""
    for step in all_steps(program.steps):
        if isinstance(step, Run):
            yield step.kernel
        elif isinstance(step, Gemm) and step.epilogue is not None:
            yield step.epilogue.kernel


def _make_row_major(program: Program, kernels: Iterable[Kernel]) -> None:
    """What goes to the host goes as one piece of memory."""
    for kernel in kernels:
        for buffer in parameters(kernel).buffers:
            if buffer.root.strided:
                buffer.root.strided = False
                program.contiguous.add(buffer.root.slot)


def _is_on_device(step: Step) -> bool:
    return isinstance(step, Require) and any(isinstance(v, Load) for v in everything_in([step.condition]))


def _with_checks(steps: list[Step], numbers: Iterator[int]) -> list[Step]:
    """Checks of what only the device knows become kernels: the host does not wait for them."""
    result: list[Step] = []
    for step in steps:
        if _is_on_device(step):
            assert isinstance(step, Require)
            failing = Fail(Call(NOT, (step.condition,), "bool"), step.code, step.values)
            result.append(Run(Kernel(f"check_{next(numbers)}", [failing])))
        elif isinstance(step, Loop):
            result.append(_changed(step, body=_with_checks(step.body, numbers)))
        elif isinstance(step, Choose):
            result.append(_changed(
                step, then=_with_checks(step.then, numbers), otherwise=_with_checks(step.otherwise, numbers)
            ))
        else:
            result.append(step)
    return result


def _changed(step: Any, **parts: list[Step]) -> Step:
    changed: Step = replace(step, **parts)
    return changed
