"""A device without a GPU: the Driver that tests give to the launcher.

What is launched waits in a queue until somebody waits for it, as on a stream: a result read too early is poison, and
memory freed too early is found.
"""

from __future__ import annotations

import ctypes
import functools
import json
import mmap
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import index
from threading import RLock
from typing import Any

import numpy as np

from bitale_backend_cuda.errors import LaunchError, WrongDevice
from bitale_backend_cuda.fft import FourierTransform
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.solver import SolverCall
from bitale_backend_cuda.work import Address
from bitale_backend_cuda.work import Work as Planned
from tests.support.cuda.compile import Kernel, Launch, compile_for_host, kernels_of, load
from tests.support.cuda.fft import EmulatedPlan
from tests.support.cuda.gemm import finished, multiplied, shapes_of
from tests.support.cuda.memory import EmulatedArray, Heap, Memory, host_view
from tests.support.cuda.solver import solve

MOST_THREADS, STACK_BYTES = 1024, 64 * 1024
CUDA = 2  # a device's kind in DLPack

Work = Callable[[], None]


class EmulatedModule:
    """Loaded machine code."""

    def __init__(self, kernels: dict[str, Kernel]) -> None:
        self.kernels = kernels

    def kernel(self, name: str) -> Kernel:
        return self.kernels[name]


class EmulatedReplay:
    """Recorded works: what each put into the queue, with the arguments it then had."""

    def __init__(self, driver: EmulatedDriver, works: Sequence[Planned]) -> None:
        self._driver, self._works = driver, list(works)
        self._recorded = [driver.recorded(work) for work in works]

    def launch(self) -> None:
        self._driver.counts["replays"] += 1
        for recorded in self._recorded:
            for work in recorded:
                self._driver.enqueue(work)

    def update(self, number: int, work: Planned) -> None:
        if _differ(self._works[number], work):
            raise LaunchError(f"work {number} of a recording changes in more than addresses")
        self._driver.counts["moves"] += 1
        self._recorded[number] = self._driver.recorded(work)


class EmulatedDriver:
    """A device of `limit` bytes; a kernel may take `seconds`, and orders of blocks and threads follow from `seed`. Its
    library has `epilogues` or not.

    `counts` tells how often things were done: compilations, launches, runs (of launches), gemms, epilogues, recordings,
    replays, moves (of recorded works), waits. `heap` knows the bytes in use, their peak, and how often memory was
    allocated.
    """

    def __init__(
        self, *, limit: int = 2**30, seed: int = 0, architecture: str = "sm_90", processors: int = 4,
        shared_bytes: int = 227 * 1024, ordinal: int = 0, seconds: float = 60, epilogues: bool = True,
    ) -> None:  # fmt: skip
        self.architecture, self.processors, self.shared_bytes = architecture, processors, shared_bytes
        self.seed, self.ordinal, self.heap = seed, ordinal, Heap(limit)
        self.seconds, self.epilogues = seconds, epilogues
        self.counts: Counter[str] = Counter()
        self.queue: deque[Work] = deque()
        self._working = RLock()  # one thread at a time does what waits
        self._recording: list[Work] | None = None

    def active(self) -> AbstractContextManager[None]:
        return nullcontext()

    # ---- code --------------------------------------------------------------------------------------------------------

    def compile(self, source: str, architecture: str) -> bytes:
        self.counts["compilations"] += 1
        about = json.dumps({"architecture": architecture, "kernels": kernels_of(source)})
        return about.encode() + b"\n" + self.library(source)

    def library(self, source: str) -> bytes:
        """What runs a text."""
        return compile_for_host(source)

    def load(self, code: bytes) -> EmulatedModule:
        line, _, library = code.partition(b"\n")
        about = json.loads(line)
        if about["architecture"] != self.architecture:
            raise LaunchError(f"code for {about['architecture']} does not run on {self.architecture}")
        return EmulatedModule(load(library, about["kernels"]))

    def launch(self, kernel: Kernel, grid: int, block: int, shared: int, arguments: Sequence[int]) -> None:
        values = [index(argument) for argument in arguments]
        if len(values) != len(kernel.kinds):
            raise LaunchError(f"kernel {kernel.name} takes {len(kernel.kinds)} arguments, not {len(values)}")
        if any(not -(2**63) <= value < 2**63 for value in values):
            raise LaunchError(f"kernel {kernel.name}: {values} are not all 64-bit integers")
        limits = {"grid": (grid, 2**31 - 1), "block": (block, min(MOST_THREADS, kernel.most_threads))}
        for name, (value, most) in limits.items():
            if not 1 <= value <= most:
                raise LaunchError(f"kernel {kernel.name}: {name} {value} is not from 1 to {most}")
        if not 0 <= shared <= self.shared_bytes:
            raise LaunchError(f"kernel {kernel.name}: {shared} bytes of shared memory, of {self.shared_bytes}")
        self.counts["launches"] += 1
        self.enqueue(functools.partial(self._run, kernel, grid, block, shared, values))

    def _run(self, kernel: Kernel, grid: int, block: int, shared: int, values: list[int]) -> None:
        pointers = {at: value for at, (kind, value) in enumerate(zip(kernel.kinds, values)) if kind == "p" and value}
        for position, address in pointers.items():
            if not self.heap.holds(address):
                place = f"argument {position} = {address:#x}"
                raise LaunchError(f"kernel {kernel.name}: {place} is no memory of the device")
        self.counts["runs"] += 1
        seed = self.seed * 1_000_003 + self.counts["runs"]
        how = Launch(grid, block, shared, seed % 2**64, _stacks(), self.seconds)
        problem = kernel.entry((ctypes.c_int64 * len(values))(*values), how)
        if problem:
            raise LaunchError(f"kernel {kernel.name}: {problem.decode(errors='replace')}")
        for address in pointers.values():
            self.heap.check(address, kernel.name)

    def gemm(self, product: Product, alpha: Any, left: int, right: int, beta: Any, out: int) -> None:
        self.counts["gemms"] += 1

        def work() -> None:
            found = [self._matrices(at, s, product.dtype) for at, s in zip((left, right, out), shapes_of(product))]
            found[2][...] = multiplied(product, alpha, *found[:2], beta, found[2])

        self.enqueue(work)

    def has_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> bool:
        return self.epilogues and not product.is_empty and product.k > 0

    def gemm_with_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> None:
        self.counts["epilogues"] += 1

        def work() -> None:
            found = [self._matrices(at, s, product.dtype) for at, s in zip((left, right, out), shapes_of(product))]
            row = self._matrices(bias, (product.n,), product.dtype) if product.bias else None
            found[2][...] = finished(product, multiplied(product, 1, *found[:2], 0, found[2]), row)

        self.enqueue(work)

    def fft_plan(self, transform: FourierTransform) -> EmulatedPlan:
        self._refuse_in_recording("makes plans")
        self.counts["plans"] += 1
        return EmulatedPlan(transform._replace(note=""))

    def fft(self, plan: EmulatedPlan, source: int, target: int, room: int) -> None:
        self.counts["transforms"] += 1

        def work() -> None:
            self._check("fft", room, plan.room)
            places = zip((source, target), plan.arrays)
            given, made = (self._matrices(at, shape, dtype) for at, (shape, dtype) in places)
            made[...] = plan.transformed(given)
            host_view(room, (plan.room,), "uint8")[...] = 255
            if plan.transform.name == "irfft":  # cuFFT overwrites it
                given[...] = np.nan

        self.enqueue(work)

    def solver_room(self, call: SolverCall) -> int:
        return 8 * max(call.sizes)

    def solve(self, call: SolverCall, addresses: Sequence[int], room: int) -> None:
        self.counts["solved"] += 1
        self._refuse_in_recording("calls cuSOLVER")

        def work() -> None:
            self._check("solve", room, self.solver_room(call))
            pairs = zip(addresses, call.arrays, strict=True)
            solve(call, [self._matrices(at, (call.sizes[0], *shape), dtype) for at, (shape, dtype) in pairs])

        self.enqueue(work)

    def copy(self, target: int, source: int, nbytes: int) -> None:
        def work() -> None:
            self._check("copy", target, nbytes)
            self._check("copy", source, nbytes)
            ctypes.memmove(target, source, nbytes)

        self.enqueue(work)

    def _matrices(self, address: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        view = host_view(address, shape, dtype)
        self._check("gemm", address, view.nbytes)
        return view

    def _check(self, what: str, address: int, nbytes: int) -> None:
        if nbytes and not self.heap.holds(address, nbytes):
            raise LaunchError(f"{what}: the {nbytes} bytes at {address:#x} are no memory of the device")

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def empty(self, shape: tuple[int, ...], dtype: str) -> EmulatedArray:
        self._refuse_in_recording("allocates")
        nbytes = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
        memory = Memory(self.heap.allocate(nbytes), self._release)
        return EmulatedArray(memory, memory.start, tuple(map(index, shape)), dtype, None, self.ordinal)

    def _release(self, start: int) -> None:
        """In the order of the stream: what was launched before may still use the memory."""
        self.heap.release(start)
        self.queue.append(functools.partial(self.heap.free, start))

    def address(self, array: EmulatedArray) -> int:
        return array.address

    def to_device(self, array: np.ndarray) -> EmulatedArray:
        result = self.empty(array.shape, array.dtype)
        target, content = result.on_host(), array.copy()
        self.enqueue(lambda: np.copyto(target, content))
        return result

    def to_host(self, array: EmulatedArray) -> np.ndarray:
        self.synchronise()
        return array.on_host().copy()

    def download(self, address: int, nbytes: int) -> np.ndarray:
        self.synchronise()
        self._check("download", address, nbytes)
        return host_view(address, (nbytes,), "uint8").copy()

    def upload(self, address: int, values: np.ndarray) -> None:
        self._refuse_in_recording("uploads")
        self._check("upload", address, values.nbytes)
        content = values.tobytes()
        self.enqueue(lambda: ctypes.memmove(address, content, len(content)) and None)

    def pinned(self, nbytes: int) -> np.ndarray:
        return np.zeros(nbytes, "uint8")

    def fetch(self, target: np.ndarray, address: int) -> None:
        def work() -> None:
            self._check("fetch", address, target.nbytes)
            target[:] = host_view(address, target.shape, "uint8")

        self.enqueue(work)

    def accept(self, value: Any) -> EmulatedArray | None:
        kind, number = value.__dlpack_device__() if hasattr(value, "__dlpack_device__") else (CUDA, self.ordinal)
        if kind == CUDA and number != self.ordinal:
            raise WrongDevice(f"an array on device {number}, for a function on device {self.ordinal}")
        if isinstance(value, EmulatedArray):
            return value
        interface = getattr(value, "__cuda_array_interface__", None)
        if interface is not None:
            return self._adopt(value, interface)
        return value.__dlpack__() if kind == CUDA and hasattr(value, "__dlpack__") else None

    def _adopt(self, value: Any, interface: dict[str, Any]) -> EmulatedArray:
        address, shape, strides = interface["data"][0], tuple(interface["shape"]), interface.get("strides")
        view = host_view(address, shape, interface["typestr"], strides)
        low, high = np.lib.array_utils.byte_bounds(view)
        known = self.heap.holds(low)
        if not known:
            self.heap.adopt(low, high - low)
        memory = Memory(low, (lambda start: None) if known else self._release, keep=value)
        return EmulatedArray(memory, address, shape, view.dtype, strides, self.ordinal)

    def row_major(self, array: EmulatedArray) -> EmulatedArray:
        if array.is_row_major:
            return array
        result = self.empty(array.shape, array.dtype)
        target, source = result.on_host(), array.on_host()
        self.enqueue(lambda: np.copyto(target, source))
        return result

    # ---- the stream --------------------------------------------------------------------------------------------------

    def enqueue(self, work: Work) -> None:
        (self.queue if self._recording is None else self._recording).append(work)

    def _refuse_in_recording(self, what: str) -> None:
        if self._recording is not None:
            raise LaunchError(f"work that is recorded {what}")

    def record(self, works: Sequence[Planned]) -> EmulatedReplay:
        self._refuse_in_recording("records")
        self.counts["recordings"] += 1
        return EmulatedReplay(self, works)

    def recorded(self, work: Planned) -> list[Work]:
        """What a work puts into the queue."""
        self._recording = recorded = []
        try:
            work()
        finally:
            self._recording = None
        return recorded

    def synchronise(self) -> None:
        self._refuse_in_recording("waits")
        failure = None
        with self._working:
            self.counts["waits"] += 1
            while self.queue:
                work = self.queue.popleft()
                if failure is None or _frees(work):
                    try:
                        work()
                    except LaunchError as error:
                        failure = error
            self.heap.check_freed()
        if failure is not None:
            raise failure


def _differ(recorded: Any, other: Any) -> bool:
    """Whether two works, or their arguments, differ in more than addresses that may change."""
    if isinstance(recorded, functools.partial):
        return recorded.func != other.func or _differ(recorded.args, other.args)
    if isinstance(recorded, tuple):
        return len(recorded) != len(other) or any(map(_differ, recorded, other))
    return recorded is not other and not isinstance(recorded, Address) and bool(recorded != other)


def _frees(work: Work) -> bool:
    return isinstance(work, functools.partial) and work.func.__name__ == "free"


@functools.cache
def _stacks() -> int:
    """The address of the stacks of a block's threads. Below them is room for one to overflow, and an end to that."""
    pages = mmap.mmap(-1, (1 + MOST_THREADS) * STACK_BYTES)
    _kept.append(pages)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), ctypes.c_size_t(mmap.PAGESIZE), 0)  # PROT_NONE
    return start + STACK_BYTES


_kept: list[Any] = []
