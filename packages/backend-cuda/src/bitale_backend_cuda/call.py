"""One call of a function: its arrays, its memory, and the launches that the host's text asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from bitale_backend_cuda.driver import Array, Driver
from bitale_backend_cuda.emit.kernel import BLOCK
from bitale_backend_cuda.emit.program import Emitted
from bitale_backend_cuda.product import Product
from bitale_rewrite.loops.ir import Failure
from bitale_rewrite.loops.library import run_on_host

LINE = 256  # bytes to which arrays in the workspace are aligned
WAVES = 32  # blocks per multiprocessor, from which threads take several iterations each
PARTS = 8  # blocks per multiprocessor that leave partial results
FULL = 2048  # threads of a multiprocessor
LEAST, MOST_CHUNKS = 32, 1024  # iterations that a thread takes of a chunk, and chunks
FEWEST = 16  # elements that a growing array has room for at first


class DeviceCall:
    """What the host's text of a function calls."""

    def __init__(
        self, driver: Driver, emitted: Emitted, kernels: Mapping[str, Any], inputs: Sequence[Array], collects: bool
    ) -> None:
        self.driver = driver
        self.works: list[Callable[[], None]] | None = [] if collects else None
        self.is_fixed = True  # its launches depend on lengths alone, not on what was computed
        self._status: Array | None = None
        self.program = emitted.program
        self.steps = emitted.host_steps
        self.routines = emitted.library
        self.kernels = kernels
        self.inputs = inputs
        self.addresses = [driver.address(array) for array in inputs]
        self.outputs: list[Array | None] = [None] * len(emitted.program.outputs)
        self.kept: list[Array] = []  # memory that launches still need

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def address(self, slot: int) -> int:
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

    def allocate(self, slot: int, shape: tuple[int, ...]) -> int:
        """Memory for a result."""
        array = self.outputs[slot]
        if array is None:
            array = self.outputs[slot] = self.driver.empty(shape, self.program.outputs[slot].dtype)
        return self.driver.address(array)

    def donated(self, slot: int, source: int) -> int:
        """A result takes the memory of an input."""
        self.outputs[slot] = self.inputs[source]
        return self.addresses[source]

    def temporary(self, nbytes: int) -> int:
        """Memory until the call ends."""
        array = self.driver.empty((max(nbytes, 1),), "uint8")
        self.kept.append(array)
        return self.driver.address(array)

    def grow(self, address: int, used: int, nbytes: int) -> tuple[int, int]:
        """Twice the room for elements of `nbytes`, `used` of which are there, and how many there may be."""
        room = max(2 * used, FEWEST)
        larger = self.temporary(room * nbytes)
        if used:
            self.copy(larger, address, used * nbytes)
        return larger, room

    def forget(self) -> None:
        """Hold the memory of this call alone: others hold its arguments and results as long as they like."""
        self.inputs, self.outputs = [], []

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

    def copy(self, target: int, source: int, nbytes: int) -> None:
        self._do(partial(self.driver.copy, target, source, nbytes))

    def _do(self, work: Callable[[], None]) -> None:
        """Launch now, or when everything is collected."""
        if self.works is None:
            work()
        else:
            self.works.append(work)

    def read(self, address: int, dtype: str) -> Any:
        """An element, as a Python number. Waits for it."""
        self._leave()
        return self.driver.download(address, np.dtype(dtype).itemsize).view(dtype)[0].item()

    def on_host(self, name: str, arrays: Sequence[tuple[int, int]], lengths: Sequence[int]) -> None:
        """Run a step on the host: `arrays` are the address and the bytes of each. Waits for them."""
        self._leave()
        step = self.steps[name]
        copies: dict[int, np.ndarray] = {}
        for address, nbytes in arrays:
            if address not in copies or copies[address].nbytes < nbytes:
                copies[address] = self.driver.download(address, nbytes)
        step.run([copies[address] for address, _ in arrays], lengths)
        written = {a for (a, _), b in zip(arrays, step.parameters.buffers, strict=True) if step.is_written(b)}
        for address in written:
            self.driver.upload(address, copies[address])

    def library(
        self, number: int, arrays: Sequence[tuple[int, str, tuple[int, ...]]], places: Sequence[int],
        sizes: Sequence[int],
    ) -> None:  # fmt: skip
        """Run a routine on the host: `arrays` are the address, dtype and shape of each input."""
        self._leave()
        inputs = []
        for address, dtype, shape in arrays:
            nbytes = prod(shape) * np.dtype(dtype).itemsize
            inputs.append(self.driver.download(address, nbytes).view(dtype).reshape(shape))
        for place, result in zip(places, run_on_host(self.routines[number], inputs, sizes), strict=True):
            self.driver.upload(place, np.ascontiguousarray(result))

    def _leave(self) -> None:
        """What follows depends on what was computed: it cannot be collected."""
        self.is_fixed = False
        works, self.works = self.works or [], None
        for work in works:
            work()

    # ---- checks ------------------------------------------------------------------------------------------------------

    def status(self) -> int:
        """Where kernels leave the first check that failed, and the values it reports."""
        self._status, zeros = self.driver.empty((5,), "int64"), self.driver.to_device(np.zeros(5, "int64"))
        self.kept += [self._status, zeros]
        self.copy(self.driver.address(self._status), self.driver.address(zeros), 40)
        return self.driver.address(self._status)

    def fail(self, code: int, *values: int) -> None:
        raise self.failure(code).exception(values)

    def failure(self, code: int) -> Failure:
        return self.program.failures[code - 1]

    def guard(self) -> None:
        """Check before something happens that no check on the device would stop."""
        self._leave()
        self.check()

    def check(self) -> None:
        """Raise the error of a check that failed on the device. Waits for all work."""
        if self._status is not None and self.works is None:
            code, *values = self.driver.to_host(self._status).tolist()
            if code:
                self.fail(code, *values)
