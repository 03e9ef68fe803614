"""The driver of a real GPU: memory and streams through CuPy, launches through the CUDA driver, products by cuBLAS.

CuPy is imported when the first function is compiled for a GPU, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from threading import get_ident, local
from types import SimpleNamespace
from typing import Any

import numpy as np

from bitale_backend_cuda import nvrtc
from bitale_backend_cuda.blas import Blas
from bitale_backend_cuda.blas_lt import BlasLt
from bitale_backend_cuda.cuda_graph import Arguments, CudaGraph
from bitale_backend_cuda.errors import CudaNotAvailable, LaunchError, OutOfMemory, WrongDevice
from bitale_backend_cuda.fft import FourierTransform, Plan, Plans
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.solver import Solver, SolverCall
from bitale_backend_cuda.work import Work
from bitale_graph.arrays import Bits
from bitale_graph.dtypes import BFLOAT16

ADVICE = 'Use mode="c", or install CuPy for your driver: pip install "bitale[cuda12]" or "bitale[cuda13]".'
ON_DEVICE = (2, 13)  # kinds of devices in DLPack: CUDA, and its managed memory
OF_THREAD = 2  # the stream that each thread has of its own
SHARED = 48 << 10  # bytes of dynamic shared memory that a kernel may have without asking
DRIVER = 12000  # the oldest CUDA whose driver is served


class CupyKernel(int):
    """The handle of a kernel, which remembers its name."""

    name: str


class CupyModule:
    """Loaded machine code."""

    def __init__(self, handle: int, get: Callable[[int, str], int]) -> None:
        self._handle, self._get = handle, get

    def kernel(self, name: str) -> CupyKernel:
        handle = CupyKernel(self._get(self._handle, name))
        handle.name = name
        return handle


class CupyDriver:
    """The GPU of a number, as CuPy counts them. Work goes to CuPy's current stream."""

    def __init__(self, ordinal: int = 0) -> None:
        self.cupy = _cupy(ordinal)
        from cupy_backends.cuda.api import driver, runtime

        self._driver, self._runtime, self.ordinal = driver, runtime, ordinal
        self._thread = local()
        self._last: tuple[tuple[int, int], Any] = (-1, 0), None  # the stream of the last call
        about = runtime.getDeviceProperties(ordinal)
        self.architecture = f"sm_{about['major']}{about['minor']}"
        self.processors = int(about["multiProcessorCount"])
        self.shared_bytes = int(about["sharedMemPerBlockOptin"])
        self._blas: Blas | None = None

    def active(self) -> AbstractContextManager[Any]:
        """A thread's own, as CuPy's devices remember what to go back to."""
        device: AbstractContextManager[Any] | None = getattr(self._thread, "device", None)
        if device is None:
            device = self._thread.device = self.cupy.cuda.Device(self.ordinal)
            with device:
                self._runtime.free(0)  # binds the device's context to this thread: the driver's functions ask for it
        self._in_order(device)
        return device

    # ---- code --------------------------------------------------------------------------------------------------------

    def compile(self, source: str, architecture: str) -> bytes:
        return nvrtc.compile(source, architecture)

    def load(self, code: bytes) -> CupyModule:
        return CupyModule(self._driver.moduleLoadData(code), self._driver.moduleGetFunction)

    def launch(self, kernel: CupyKernel, grid: int, block: int, shared: int, arguments: Sequence[int]) -> None:
        values = Arguments(arguments)
        try:
            if shared > SHARED:
                most = self._driver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
                self._driver.funcSetAttribute(kernel, most, shared)
            self._driver.launchKernel(kernel, grid, 1, 1, block, 1, 1, shared, self.stream(), values.address, 0)
        except self._driver.CUDADriverError as error:
            how = f"{grid} blocks of {block} threads, {shared} bytes of shared memory"
            raise LaunchError(f"kernel {kernel.name} could not be launched ({error}): {how}") from None

    def gemm(self, product: Product, alpha: Any, left: int, right: int, beta: Any, out: int) -> None:
        if product.is_empty:
            return
        if not product.k:  # cuBLAS does not say what it makes of that; beta is 0 or 1
            if not beta:
                self._runtime.memsetAsync(out, 0, product.nbytes, self.stream())
            return
        if self._blas is None:
            self._blas = Blas(self.empty)
        self._blas.gemm(self.stream(), product, alpha, left, right, beta, out)

    @cached_property
    def _blas_lt(self) -> BlasLt | None:
        try:
            return BlasLt(self.empty)
        except CudaNotAvailable:
            return None

    def has_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> bool:
        return self._blas_lt is not None and self._blas_lt.has(product, left, right, out, bias)

    def gemm_with_epilogue(self, product: Product, left: int, right: int, out: int, bias: int) -> None:
        assert self._blas_lt is not None
        self._blas_lt.gemm(self.stream(), product, left, right, out, bias)

    @cached_property
    def _fft_plans(self) -> Plans:
        return Plans()

    def fft_plan(self, transform: FourierTransform) -> Plan:
        return self._fft_plans.plan(transform)

    def fft(self, plan: Plan, source: int, target: int, room: int) -> None:
        plan.run(self.stream(), source, target, room)

    @cached_property
    def _solver(self) -> Solver:
        def upload(stream: int, address: int, values: np.ndarray) -> None:
            kind = self._runtime.memcpyHostToDevice  # of memory that is not pinned: copied at once, by way of such
            self._runtime.memcpyAsync(address, values.ctypes.data, values.nbytes, kind, stream)

        return Solver(upload)

    def solver_room(self, call: SolverCall) -> int:
        return self._solver.room(call)

    def solve(self, call: SolverCall, addresses: Sequence[int], room: int) -> None:
        self._solver.run(self.stream(), call, addresses, room)

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        with self._memory():
            return self.cupy.empty(shape, dtype)

    @contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except self.cupy.cuda.memory.OutOfMemoryError as error:
            raise OutOfMemory(str(error)) from None

    def address(self, array: Any) -> int:
        return int(array.data.ptr)

    def to_device(self, array: np.ndarray) -> Any:
        with self._memory():
            return self.cupy.array(array, order="C")  # by way of pinned memory, so that nobody waits

    def to_host(self, array: Any) -> np.ndarray:
        result: np.ndarray = array.get()
        if not result.size:
            self.synchronise()  # CuPy does not, where there is nothing to copy
        return result

    def accept(self, value: Any) -> Any:
        theirs = None  # the stream of who wrote the array
        if isinstance(value, self.cupy.ndarray):
            array = value
        elif isinstance(value, np.ndarray):
            return None
        elif hasattr(value, "__dlpack_device__") and value.__dlpack_device__()[0] in ON_DEVICE:
            is_bfloat16 = str(getattr(value, "dtype", "")).endswith("bfloat16")
            given = Bits(value) if is_bfloat16 else value
            array = self.cupy.from_dlpack(given)  # which has our stream wait for theirs
            array = array.view(BFLOAT16) if is_bfloat16 else array
        elif hasattr(value, "__cuda_array_interface__"):
            interface = dict(value.__cuda_array_interface__)
            theirs = interface.pop("stream", None)  # CuPy would have the host wait for it
            array = self.cupy.asarray(SimpleNamespace(__cuda_array_interface__=interface, value=value))
        else:
            return None
        ordinal = array.data.device_id
        if ordinal != self.ordinal:
            raise WrongDevice(f"an array on device {ordinal}, for a function on device {self.ordinal}")
        if theirs is not None:
            self._wait_for(theirs)
        return array

    def _wait_for(self, stream: int) -> None:
        """What follows on the current stream comes after what another one has to do now."""
        current, runtime = self.stream(), self._runtime
        if stream != current:
            event = runtime.eventCreateWithFlags(runtime.eventDisableTiming)
            runtime.eventRecord(event, stream)
            runtime.streamWaitEvent(current, event)
            runtime.eventDestroy(event)  # once it has come

    def row_major(self, array: Any) -> Any:
        if array.flags.c_contiguous:
            return array  # of any rank: ascontiguousarray makes a vector of a scalar
        with self._memory():
            return self.cupy.ascontiguousarray(array)

    def copy(self, target: int, source: int, nbytes: int) -> None:
        self._runtime.memcpyAsync(target, source, nbytes, self._runtime.memcpyDeviceToDevice, self.stream())

    def download(self, address: int, nbytes: int) -> np.ndarray:
        result = np.empty(nbytes, "uint8")
        self.fetch(result, address)
        self.synchronise()
        return result

    def upload(self, address: int, values: np.ndarray) -> None:
        kind = self._runtime.memcpyHostToDevice
        self._runtime.memcpyAsync(address, values.ctypes.data, values.nbytes, kind, self.stream())
        self.synchronise()  # the host may change the values next

    def pinned(self, nbytes: int) -> np.ndarray:
        array = np.frombuffer(self.cupy.cuda.alloc_pinned_memory(nbytes), "uint8", nbytes)
        array[:] = 0
        return array

    def fetch(self, target: np.ndarray, address: int) -> None:
        kind = self._runtime.memcpyDeviceToHost
        self._runtime.memcpyAsync(target.ctypes.data, address, target.nbytes, kind, self.stream())

    # ---- the stream --------------------------------------------------------------------------------------------------

    def stream(self) -> int:
        """CuPy's current stream."""
        found: int = self.cupy.cuda.get_current_stream().ptr
        return found

    def record(self, works: Sequence[Work]) -> CudaGraph:
        return CudaGraph(works, self.launch, self._captured, self._runtime, self.stream)

    def _captured(self, work: Work) -> int:
        """A work as a graph of its own."""
        runtime, stream = self._runtime, self._capturing
        with stream:
            runtime.streamBeginCapture(stream.ptr, runtime.streamCaptureModeRelaxed)
            try:
                work()
            finally:
                graph: int = runtime.streamEndCapture(stream.ptr)
        return graph

    @cached_property
    def _capturing(self) -> Any:
        """A stream on which nothing runs."""
        return self.cupy.cuda.Stream(non_blocking=True)

    def synchronise(self) -> None:
        self._runtime.streamSynchronize(self.stream())

    def _in_order(self, device: AbstractContextManager[Any]) -> None:
        """What comes on the stream that is current now comes after what was done on another one."""
        stream = self.cupy.cuda.get_current_stream(self.ordinal)
        key = (stream.ptr, get_ident() if stream.ptr == OF_THREAD else 0)
        if key == self._last[0]:
            return
        (before, thread), kept = self._last
        self._last = key, stream
        if kept is not None:
            with device:
                try:
                    if thread:  # the name of another thread's stream means ours here
                        self._runtime.deviceSynchronize()
                    else:
                        self._wait_for(before)
                except self._runtime.CUDARuntimeError:  # its owner has ended the stream
                    self._runtime.deviceSynchronize()


def _cupy(ordinal: int) -> Any:
    """CuPy, if there is a GPU of this number that it can use."""
    try:
        import cupy
    except ImportError as error:
        raise CudaNotAvailable(f"a GPU needs CuPy, which cannot be imported ({error})\n  {ADVICE}") from None
    runtime = cupy.cuda.runtime
    version = runtime.driverGetVersion()
    if not version:
        raise CudaNotAvailable(f"this machine has no NVIDIA driver\n  {ADVICE}")
    if version < DRIVER:
        found, wanted = (f"{v // 1000}.{v % 1000 // 10}" for v in (version, DRIVER))
        raise CudaNotAvailable(f"the driver knows CUDA {found}, and {wanted} is needed: update it\n  {ADVICE}")
    try:
        count = runtime.getDeviceCount()
    except runtime.CUDARuntimeError as error:
        raise CudaNotAvailable(f"CuPy finds no GPU: {error}\n  {ADVICE}") from None
    if not count:
        raise CudaNotAvailable(f"this machine has no GPU\n  {ADVICE}")
    if not 0 <= ordinal < count:
        raise CudaNotAvailable(f"there is no GPU number {ordinal}: this machine has {count}")
    return cupy
