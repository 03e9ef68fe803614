"""One call of a function: its arrays, its memory, and the launches that the host's text asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from bitale_backend_cuda.checks import Checks, known
from bitale_backend_cuda.driver import Array, Driver
from bitale_backend_cuda.emit.program import Emitted
from bitale_backend_cuda.fft import FourierTransform
from bitale_backend_cuda.groups import BLOCK
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.solver import SolverCall
from bitale_backend_cuda.work import Address, Work, sources
from bitale_rewrite.loops.routines import run_on_host

LINE = 256  # bytes to which arrays in the workspace are aligned
WAVES = 32  # blocks per multiprocessor, from which threads take several iterations each
PARTS = 8  # blocks per multiprocessor that leave partial results
FULL = 2048  # threads of a multiprocessor
LEAST, MOST_CHUNKS = 32, 1024  # iterations that a thread takes of a chunk, and chunks
LONGEST = 10_000  # works that are launched as a whole
FEWEST, FEWEST_BYTES = 16, 2**16  # elements that a growing array has room for at first, and their bytes


class DeviceCall:
    """What the host's text of a function calls.

    Works are collected, so that all memory is taken before one is launched; only where the host reads a value that they
    compute are they launched in between.
    """

    def __init__(
        self,
        driver: Driver,
        emitted: Emitted,
        kernels: Mapping[str, Any],
        checks: Checks | None,
        updates: Mapping[int, int],
        inputs: Sequence[Array],
        places: Sequence[int],
    ) -> None:
        self.driver = driver
        self.works: list[Work] = []  # not launched yet
        self.is_fixed = True  # its works depend on lengths alone, not on what was computed, and are not too many
        self.program = emitted.program
        self.steps = emitted.host_steps
        self.routines = emitted.routines
        self.kernels = kernels
        self.checks = checks
        self.updates = updates  # which result is the new value of which input
        self.inputs = inputs
        self.addresses = [Address(place, number) for number, place in enumerate(places[: len(inputs)])]
        self.outputs: list[Array | None] = [None] * len(emitted.program.outputs)
        self.kept: list[Array] = []  # memory that works still need
        self._named: dict[str, Array] = {}
        self._guarded: dict[Address, tuple[int, int]] = {}  # what may be brought back: where its copy is, its bytes
        self._room = 0, 0  # the address and bytes of memory that transforms work in
        self._old: dict[int, tuple[Array, int]] = {}  # shared variables by their updates, and what they were

    def __enter__(self) -> DeviceCall:
        return self

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        if kind is None:
            self._launch()
        elif not self.is_fixed:
            self._restore()

    @property
    def results(self) -> list[Array]:
        return [array for array in self.outputs if array is not None]

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def address(self, slot: int) -> Address:
        return self.addresses[slot]

    def length(self, slot: int, axis: int) -> int:
        return self.inputs[slot].shape[axis]

    def stride(self, slot: int, axis: int) -> int:
        """In elements."""
        array = self.inputs[slot]
        return array.strides[axis] // array.dtype.itemsize

    def is_dense(self, slot: int) -> bool:
        """Whether an input is row-major."""
        array = self.inputs[slot]
        step = array.dtype.itemsize
        for length, stride in zip(reversed(array.shape), reversed(array.strides), strict=True):
            if length != 1 and stride != step:
                return False
            step *= length
        return True

    def allocate(self, slot: int, shape: tuple[int, ...]) -> Address:
        """Memory for a result."""
        array = self.outputs[slot]
        if array is None:
            array = self.outputs[slot] = self.driver.empty(shape, self.program.outputs[slot].dtype)
        return Address(self.driver.address(array), len(self.inputs) + slot)

    def donated(self, slot: int, source: int) -> Address:
        """A result takes the memory of an input."""
        self.outputs[slot] = self.inputs[source]
        return Address(self.addresses[source], len(self.inputs) + slot)

    def temporary(self, nbytes: int) -> int:
        """Memory until the call ends."""
        array = self.driver.empty((max(nbytes, 1),), "uint8")
        self.kept.append(array)
        return self.driver.address(array)

    def memory(self, name: str, nbytes: int) -> int:
        """Memory under a name, which the steps of a loop use again. It is new where it has to be longer."""
        array = self._named.get(name)
        if array is None or array.nbytes < nbytes:
            if not self.works:  # else what was collected may use the shorter one
                self.kept = [each for each in self.kept if each is not array]
            array = self._named[name] = self.driver.empty((max(nbytes, 1),), "uint8")
            self.kept.append(array)
        return self.driver.address(array)

    def grow(self, address: int, used: int, nbytes: int) -> tuple[int, int]:
        """Twice the room for elements of `nbytes`, `used` of which are there, and how many there may be."""
        room = max(2 * used, FEWEST, FEWEST_BYTES // max(nbytes, 1))
        larger = self.temporary(room * nbytes)
        if used:
            self.copy(larger, address, used * nbytes)
        return larger, room

    def workspace(self, *sizes: int) -> list[int]:
        """One piece of memory for several arrays, each aligned."""
        rounded = [(size + LINE - 1) // LINE * LINE for size in sizes]
        start = self.temporary(sum(rounded))
        places = []
        for size in rounded:
            places.append(start)
            start += size
        return places

    # ---- work --------------------------------------------------------------------------------------------------------

    def threads(self, count: int, width: int = 1) -> int:
        """How many blocks share `count` iterations, a thread for each `width` of them at first."""
        return max(1, min(-(-count // (BLOCK * width)), self.driver.processors * WAVES))

    def total(self, count: int, width: int = 1) -> int:
        """As `threads`, of which each block leaves a partial result."""
        return max(1, min(-(-count // (BLOCK * width)), self.driver.processors * PARTS))

    def groups(self, count: int, lanes: int) -> int:
        """How many blocks share `count` iterations, `lanes` threads for each at first."""
        return max(1, min(-(-count // (BLOCK // lanes)), self.driver.processors * WAVES))

    def chunks(self, count: int, lanes: int, length: int) -> int:
        """Into how many chunks loops of `length` are cut so that `count` groups of `lanes` fill the device."""
        wanted = self.driver.processors * FULL // max(count * lanes, 1)
        return max(1, min(wanted, length // (lanes * LEAST), MOST_CHUNKS))

    def launch(self, name: str, grid: int, block: int, arguments: tuple[int, ...]) -> None:
        self._do(partial(self.driver.launch, self.kernels[name], grid, block, 0, arguments))

    def gemm(self, product: Product, *arguments: Any) -> None:
        self._do(partial(self.driver.gemm, product, *arguments))

    def finished(self, product: Product, *addresses: int) -> bool:
        """Compute a product with its epilogue, if the device's library does so: addresses of left, right, out, bias."""
        found = self.driver.has_epilogue(product, *addresses)
        if found:
            self._do(partial(self.driver.gemm_with_epilogue, product, *addresses))
        return found

    def fft(self, transform: FourierTransform, source: int, target: int) -> None:
        if transform.rows > 0 and transform.n > 0:  # else there is nothing to do, or a check has failed
            plan = self.driver.fft_plan(transform)
            if plan.room > self._room[1]:  # one transform after another works in it
                self._room = self.temporary(plan.room), plan.room
            self._do(partial(self.driver.fft, plan, source, target, self._room[0]))

    def solve(self, call: SolverCall, *addresses: int) -> None:
        """A routine of cuSOLVER's. Whether these can be recorded nobody has tried: they are launched one by one."""
        self._leave(*addresses)
        batch, *lengths = call.sizes
        if batch and all(lengths):
            room = self.driver.solver_room(call)
            self.driver.solve(call, addresses, self.temporary(room) if room else 0)
        elif batch:  # there is nothing to do, which cannot fail
            self.driver.upload(addresses[-1], np.zeros(batch, "int32"))

    def copy(self, target: int, source: int, nbytes: int) -> None:
        if nbytes:
            self._do(partial(self.driver.copy, target, source, nbytes))

    def _do(self, work: Work) -> None:
        """Launch it when everything is collected. Addresses are among its arguments, or in tuples that are."""
        self.works.append(work)
        if len(self.works) == LONGEST:
            self._leave()

    def _launch(self) -> None:
        works, self.works = self.works, []
        if self.checks is not None:
            self.checks.begin()
        for work in works:
            work()

    def _leave(self, *written: int) -> None:
        """Launch what was collected, for what follows depends on it. `written` are addresses that it will write to."""
        self.is_fixed = False
        self._keep_old(written)
        self._launch()

    def read(self, address: int, dtype: str) -> Any:
        """An element, as a Python number. Waits for it."""
        self._leave()
        self._report()
        found = self.driver.download(address, np.dtype(dtype).itemsize)
        known(self.driver)
        return found.view(dtype)[0].item()

    def on_host(self, name: str, arrays: Sequence[tuple[int, int]], lengths: Sequence[int]) -> None:
        """Run a step on the host: `arrays` are the address and the bytes of each. Waits for them."""
        step = self.steps[name]
        written = {a for (a, _), b in zip(arrays, step.parameters.buffers, strict=True) if step.is_written(b)}
        self._leave(*written)
        self._settle()
        copies: dict[int, np.ndarray] = {}
        for address, nbytes in arrays:
            if address not in copies or copies[address].nbytes < nbytes:
                copies[address] = self.driver.download(address, nbytes)
        step.run([copies[address] for address, _ in arrays], lengths)
        for address in written:
            self.driver.upload(address, copies[address])

    def library(
        self, number: int, arrays: Sequence[tuple[int, str, tuple[int, ...]]], places: Sequence[int],
        sizes: Sequence[int],
    ) -> None:  # fmt: skip
        """Run a routine on the host: `arrays` are the address, dtype and shape of each input. Waits for them."""
        self._leave(*places)
        self._settle()
        inputs = []
        for address, dtype, shape in arrays:
            nbytes = prod(shape) * np.dtype(dtype).itemsize
            inputs.append(self.driver.download(address, nbytes).view(dtype).reshape(shape))
        for place, result in zip(places, run_on_host(self.routines[number], inputs, sizes), strict=True):
            self.driver.upload(place, np.ascontiguousarray(result))

    # ---- shared variables, where a call fails half way ---------------------------------------------------------------

    def _keep_old(self, written: tuple[int, ...]) -> None:
        """Copy the shared variables that are written before the call is known to succeed."""
        first, arguments = len(self.inputs), chain(written, *(work.args for work in self.works))
        for number in dict.fromkeys(sources(arguments)):
            slot = number - first
            if slot in self.program.donated and slot not in self._old:
                array = self.inputs[self.program.donated[slot]]
                copy = self.temporary(array.nbytes)
                self._old[slot] = array, copy
                self.driver.copy(copy, self.driver.address(array), array.nbytes)

    def _restore(self) -> None:
        """Shared variables become what they were. Raises the error of a check that failed before."""
        for array, copy in self._old.values():
            self.driver.copy(self.driver.address(array), copy, array.nbytes)
        self._settle()

    # ---- checks ------------------------------------------------------------------------------------------------------

    def status(self) -> int:
        """Where kernels leave the first check that failed, and the values it reports."""
        assert self.checks is not None
        return self.checks.address

    def fail(self, code: int, *values: int) -> None:
        raise self.program.failures[code - 1].exception(values)

    def guard(self, *written: Address) -> None:
        """Libraries look at no check: what they will write to is kept, for `check` to bring it back."""
        for address in written:
            array = self.inputs[self.program.donated[address.source - len(self.inputs)]]
            if address not in self._guarded:
                self._guarded[address] = self.temporary(array.nbytes), array.nbytes
                self.copy(self._guarded[address][0], address, array.nbytes)

    def check(self) -> None:
        """The end of a call with checks on the device: the host is to see what came of them."""
        assert self.checks is not None
        for address, (copy, nbytes) in self._guarded.items():
            self._bring_back(address, copy, nbytes)
        others = {slot: source for slot, source in self.updates.items() if slot not in self.program.donated}
        if any(self.results[slot].shape != self.inputs[source].shape for slot, source in others.items()):
            self._leave()  # a value of another shape could not become the old one
            self._settle()
        else:
            for slot, source in others.items():
                address = Address(self.driver.address(self.results[slot]), len(self.inputs) + slot)
                self._bring_back(address, self.addresses[source], self.inputs[source].nbytes)
            self._do(self.checks.report())

    def _bring_back(self, address: int, copy: int, nbytes: int) -> None:
        """If a check failed, a shared variable is what it was."""
        assert self.checks is not None
        arguments = (self.checks.address, copy, address, nbytes)
        self._do(partial(self.driver.launch, self.checks.restoring, self.threads(nbytes), BLOCK, 0, arguments))

    def _report(self) -> None:
        if self.checks is not None:
            self.checks.report()()

    def _settle(self) -> None:
        """Wait for all work, and raise the error of a check that failed."""
        self._report()
        self.driver.synchronise()
        known(self.driver)
