"""compile(graph): from a Graph to a function that runs on a GPU."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from bitale_backend_c.arguments import Arguments
from bitale_backend_c.compile import ready
from bitale_backend_c.emit.names import reserved
from bitale_backend_cuda.call import DeviceCall
from bitale_backend_cuda.checks import Checks, are_unknown, known, look, settle
from bitale_backend_cuda.devices import driver_of, one_at_a_time
from bitale_backend_cuda.driver import Array, Driver
from bitale_backend_cuda.emit.names import reserved_in_cuda
from bitale_backend_cuda.emit.program import Emitted, emit, kernels_of
from bitale_backend_cuda.errors import LaunchError, OutOfMemory, WrongDevice
from bitale_backend_cuda.host.python import host_function
from bitale_backend_cuda.planned import planned
from bitale_backend_cuda.replay import Replays, forget_all
from bitale_backend_cuda.resident import Resident
from bitale_graph.errors import ArgumentError
from bitale_graph.graph import Graph
from bitale_rewrite.loops.ir import Program
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.target import GPU, Target
from bitale_rewrite.phases import DEFAULT
from bitale_rewrite.rule import Preserves

Cell = list[Any]
EPILOGUES = frozenset({"bias", "relu"})


@dataclass
class Compiled:
    """A compiled function: call it with one array per input, on the host or on the device.

    Results are on the device if one of the arguments is, else on the host. `cells` and `updates` are as in backend-c.
    """

    emitted: Emitted
    driver: Driver
    arguments: Arguments
    cells: tuple[Cell, ...] = ()
    updates: Mapping[int, int] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The CUDA text."""
        return self.emitted.source

    @cached_property
    def kernels(self) -> dict[str, Any]:
        """The kernels on the device, by name."""
        if not self.emitted.kernels:
            return {}
        module = self.driver.load(self.driver.compile(self.source, self.driver.architecture))
        return {name: module.kernel(name) for name in self.emitted.kernels}

    @cached_property
    def run(self) -> Any:
        """The host's function."""
        return host_function(self.emitted.host, self.emitted.program.name)

    @cached_property
    def replays(self) -> Replays:
        """The calls that were recorded."""
        return Replays(self.driver, self.emitted.program.donated)

    @cached_property
    def checks(self) -> Checks | None:
        """What the device checks."""
        return Checks(self.driver, self.program.failures) if self.emitted.checked else None

    @property
    def program(self) -> Program:
        """What was compiled."""
        return self.emitted.program

    @cached_property
    def constants(self) -> list[Array]:
        """The constant arrays on the device."""
        return [self.driver.to_device(np.ascontiguousarray(c)) for c in self.emitted.program.constants]

    def __call__(self, *values: Any, **keywords: Any) -> list[Any]:
        """The results. Raises OutOfMemory, which tells what was planned; by then the memory of the call is free; and
        LaunchError, which tells what was computed.

        What a check on the device finds is raised here where results go to the host, else later (see checks.py).
        """
        with one_at_a_time, self.driver.active():
            try:
                return self._with_room(values, keywords)
            except OutOfMemory as error:
                problem = str(error)
            except LaunchError as error:
                raise LaunchError(f"{self.arguments.function}: {located(str(error), self.program)}") from None
        raise OutOfMemory(f"{self.arguments.function}: {problem}\n{self._planned(values, keywords)}")

    def _with_room(self, values: tuple[Any, ...], keywords: dict[str, Any]) -> list[Any]:
        try:
            return self._call(values, keywords)
        except OutOfMemory:
            if not forget_all(self.driver):
                raise
        return self._call(values, keywords)  # not before the first is gone, with what it held

    def _call(self, values: tuple[Any, ...], keywords: dict[str, Any]) -> list[Any]:
        if keywords or len(values) != len(self.arguments.inputs):
            values = self.arguments.arrange(values, keywords)
        self._look()
        on_device, inputs = False, []
        for number, value in enumerate(values):
            array = self._accepted(number, value)
            if array is None:
                array = self.driver.to_device(self.arguments.convert(number, value))
            else:
                on_device = True
            inputs.append(array)
        inputs += [self._state(cell) for cell in self.cells]
        inputs += self.constants
        for k in self.emitted.program.contiguous:
            inputs[k] = self.driver.row_major(inputs[k])
        outputs = self.replays.run(inputs, self._begin, self.run)
        if self.checks is not None:
            self.checks.begin()
        for output, cell in self.updates.items():
            if self.cells[cell][0].array is not outputs[output]:
                self.cells[cell][0] = Resident(self.driver, outputs[output])
        results = [array for k, array in enumerate(outputs) if k not in self.updates] if self.updates else outputs
        if on_device or not results:
            return results
        copies = [self.driver.to_host(array) for array in results]
        known(self.driver)
        return copies

    def _look(self) -> None:
        """Raise the errors of earlier calls. Without checks nothing would stop us from working on what they left."""
        look()
        if self.updates and are_unknown(self.driver, self.checks):
            settle(self.driver)

    def _begin(self, inputs: Sequence[Array], places: Sequence[int]) -> DeviceCall:
        for number, (array, place) in enumerate(zip(inputs[: len(self.arguments.inputs)], places, strict=False)):
            steps = [step for length, step in zip(array.shape, array.strides, strict=True) if length > 1]
            if place % array.dtype.alignment or any(step % array.dtype.itemsize for step in steps):
                problem = f"has elements between those of an array of {array.dtype} (strides {array.strides})"
                raise ArgumentError(f"{self.arguments.function}: {self._which(number)} {problem}\n  Pass a copy.")
        return DeviceCall(self.driver, self.emitted, self.kernels, self.checks, self._updated, inputs, places)

    @cached_property
    def _updated(self) -> dict[int, int]:
        """Which result is the new value of which input."""
        return {output: len(self.arguments.inputs) + cell for output, cell in self.updates.items()}

    def _planned(self, values: tuple[Any, ...], keywords: dict[str, Any]) -> str:
        """What this call would take, without taking it."""
        values = self.arguments.arrange(values, keywords)
        given = [v if hasattr(v, "shape") else self.arguments.convert(k, v) for k, v in enumerate(values)]
        held = [cell[0].array if isinstance(cell[0], Resident) else cell[0] for cell in self.cells]
        shapes = [array.shape for array in (*given, *held, *self.emitted.program.constants)]
        return planned(self.emitted.program, shapes)

    def _accepted(self, number: int, value: Any) -> Array | None:
        """An argument that is on the device already."""
        try:
            array = self.driver.accept(value)
        except WrongDevice as error:
            advice = "Copy it there, or make a function for its device: config.device."
            raise WrongDevice(f"{self.arguments.function}: {self._which(number)} is {error}\n  {advice}") from None
        if array is not None:
            dtype, rank, lengths = self._wanted[number]
            shape = array.shape
            if array.dtype != dtype or len(shape) != rank or (lengths and any(shape[k] != n for k, n in lengths)):
                self.arguments.check(number, str(array.dtype), shape)
        return array

    def _which(self, number: int) -> str:
        name = self.arguments.names[number]
        return f"argument {number}" + (f" (`{name}`)" if name else "")

    @cached_property
    def _wanted(self) -> list[tuple[np.dtype, int, list[tuple[int, int]]]]:
        """The dtype, the rank and the known lengths of each argument."""
        types = [variable.type for variable in self.arguments.inputs]
        known = [[(k, n) for k, n in enumerate(t.shape) if n is not None] for t in types]
        return [(np.dtype(t.dtype), len(t.shape), lengths) for t, lengths in zip(types, known, strict=True)]

    def _state(self, cell: Cell) -> Array:
        """The value of a shared variable, which moves to the device when a function there first needs it."""
        value = cell[0]
        if not isinstance(value, Resident) or value.driver is not self.driver:
            host = value.on_host() if isinstance(value, Resident) else value
            value = cell[0] = Resident(self.driver, self.driver.to_device(host))
        return value.array


def located(problem: str, program: Program) -> str:
    """What is wrong with a kernel, with what that computes, and at which line of the user's."""
    found = re.match(r"kernel (\w+)", problem)
    kernels = [k for k in kernels_of(program) if found is not None and found[1].startswith(k.name) and k.note]
    note = max(kernels, key=lambda kernel: len(kernel.name)).note if kernels else []
    return "\n  while computing ".join([problem, *note])


def generate(graph: Graph, name: str = "function", optimised: bool = True) -> str:
    """The CUDA source of a function that computes `graph`. Any array may have any sizes its type leaves open."""
    return lower_and_emit(ready(graph, optimised), graph.name or name, written=graph).source


def lower_and_emit(
    graph: Graph,
    name: str,
    donate: Mapping[int, int] | None = None,
    row_major: Iterable[int] = (),
    written: Graph | None = None,
    target: Target = GPU,
    taken: Collection[str] = (),
) -> Emitted:
    """The texts of a graph that is ready to be lowered; the options are those of `lower`. No variable gets a name that
    is `taken`."""

    def is_reserved(name: str) -> bool:
        return reserved(name) or reserved_in_cuda(name) or name in taken

    return emit(lower(graph, name, donate, list(row_major), is_reserved, written, target))


def compile(
    graph: Graph,
    *,
    driver: Driver | None = None,
    name: str = "",
    arguments: Arguments | None = None,
    cells: Sequence[Cell] = (),
    updates: Mapping[int, int] | None = None,
    optimised: bool = True,
    preserves: Iterable[Preserves] = DEFAULT,
    checked: bool = False,
    tf32: bool = False,
) -> Compiled:
    """Compile `graph` to a function of arrays that returns a list of arrays; the options are those of backend-c.

    `driver` is the device's; the first GPU's unless given. With `tf32`, products of float32 round their operands to 11
    significant bits (a relative error of up to 2**-11, where float32 has 2**-24), and tensor cores multiply them.
    Where `preserves` has "domain", cuBLAS may cut products off below 0, and makes 0 of NaN as it does so.
    Raises CudaNotAvailable where there is no GPU.
    """
    updates, preserves = dict(updates or {}), set(preserves)
    count = len(graph.inputs) - len(cells)
    prepared = ready(graph, optimised, preserves, checked)
    name = name or graph.name or "function"
    donate = {out: count + cell for out, cell in updates.items()}
    target = replace(GPU, tf32=tf32, epilogues=EPILOGUES if "domain" in preserves else GPU.epilogues)
    emitted = lower_and_emit(prepared, name, donate, range(count, len(graph.inputs)), graph, target)
    arguments = arguments or Arguments(graph.inputs[:count], name)
    return Compiled(emitted, driver or driver_of(), arguments, tuple(cells), updates)
