"""The driver of a real GPU: memory and streams through CuPy, launches through the CUDA driver, products by cuBLAS.

CuPy is imported when the first function is compiled for a GPU, never before.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from bitale_backend_cuda import nvrtc
from bitale_backend_cuda.blas import Blas
from bitale_backend_cuda.errors import CudaNotAvailable, LaunchError, OutOfMemory, WrongDevice

ADVICE = 'Use mode="c", or install CuPy for your driver: pip install "bitale[cuda12]" or "bitale[cuda13]".'
CUDA = 2  # a device's kind in DLPack
DRIVER = 12000  # the oldest CUDA whose driver is served


class CupyModule:
    """Loaded machine code."""

    def __init__(self, handle: int, get: Callable[[int, str], int]) -> None:
        self._handle, self._get = handle, get

    def kernel(self, name: str) -> int:
        return self._get(self._handle, name)


class CupyReplay:
    """A CUDA graph, launched on the stream that is current then."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def launch(self) -> None:
        self._graph.launch()


class CupyDriver:
    """The GPU of a number, as CuPy counts them. Work goes to CuPy's current stream."""

    def __init__(self, ordinal: int = 0) -> None:
        self.cupy = cupy = _cupy(ordinal)
        from cupy_backends.cuda.api import driver, runtime

        self._driver, self._runtime, self.ordinal = driver, runtime, ordinal
        self.device = cupy.cuda.Device(ordinal)
        with self.device:
            about = runtime.getDeviceProperties(ordinal)
            cupy.cuda.runtime.free(0)  # makes the context that modules are loaded into
        self.architecture = f"sm_{about['major']}{about['minor']}"
        self.processors = int(about["multiProcessorCount"])
        self.shared_bytes = int(about["sharedMemPerBlockOptin"])
        self._blas: Blas | None = None

    def active(self) -> AbstractContextManager[Any]:
        device: AbstractContextManager[Any] = self.device
        return device

    # ---- code --------------------------------------------------------------------------------------------------------

    def compile(self, source: str, architecture: str) -> bytes:
        return nvrtc.compile(source, architecture)

    def load(self, code: bytes) -> CupyModule:
        with self.device:
            return CupyModule(self._driver.moduleLoadData(code), self._driver.moduleGetFunction)

    def launch(self, kernel: int, grid: int, block: int, shared: int, arguments: Sequence[int]) -> None:
        values = (ctypes.c_int64 * len(arguments))(*arguments)
        start = ctypes.addressof(values)
        places = (ctypes.c_void_p * len(arguments))(*range(start, start + 8 * len(arguments), 8))
        stream = self.cupy.cuda.get_current_stream().ptr
        try:
            self._driver.launchKernel(kernel, grid, 1, 1, block, 1, 1, shared, stream, ctypes.addressof(places), 0)
        except self._driver.CUDADriverError as error:
            how = f"{grid} blocks of {block} threads, {shared} bytes of shared memory"
            raise LaunchError(f"a kernel could not be launched ({error}): {how}") from None

    def gemm(
        self,
        dtype: str,
        shape: tuple[int, int, int],
        batch: int,
        transpose: tuple[bool, bool],
        alpha: Any,
        left: int,
        right: int,
        beta: Any,
        out: int,
    ) -> None:
        if self._blas is None:
            self._blas = Blas(self.empty)
        stream = self.cupy.cuda.get_current_stream().ptr
        self._blas.gemm(stream, dtype, shape, batch, transpose, alpha, left, right, beta, out)

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        try:
            with self.device:
                return self.cupy.empty(shape, dtype)
        except self.cupy.cuda.memory.OutOfMemoryError as error:
            raise OutOfMemory(str(error)) from None

    def address(self, array: Any) -> int:
        return int(array.data.ptr)

    def to_device(self, array: np.ndarray) -> Any:
        result = self.empty(array.shape, array.dtype.name)
        self.upload(self.address(result), np.ascontiguousarray(array))
        return result

    def to_host(self, array: Any) -> np.ndarray:
        result: np.ndarray = array.get()
        return result

    def accept(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return None
        if isinstance(value, self.cupy.ndarray):
            array = value
        elif hasattr(value, "__cuda_array_interface__"):
            array = self.cupy.asarray(value)
        elif hasattr(value, "__dlpack_device__") and value.__dlpack_device__()[0] == CUDA:
            array = self.cupy.from_dlpack(value)
        else:
            return None
        if array.device.id != self.ordinal:
            raise WrongDevice(f"an array on device {array.device.id}, for a function on device {self.ordinal}")
        return array

    def row_major(self, array: Any) -> Any:
        return self.cupy.ascontiguousarray(array)

    def copy(self, target: int, source: int, nbytes: int) -> None:
        stream = self.cupy.cuda.get_current_stream().ptr
        self._runtime.memcpyAsync(target, source, nbytes, self._runtime.memcpyDeviceToDevice, stream)

    def download(self, address: int, nbytes: int) -> np.ndarray:
        result, stream = np.empty(nbytes, "uint8"), self.cupy.cuda.get_current_stream()
        self._runtime.memcpyAsync(result.ctypes.data, address, nbytes, self._runtime.memcpyDeviceToHost, stream.ptr)
        stream.synchronize()
        return result

    def upload(self, address: int, values: np.ndarray) -> None:
        stream = self.cupy.cuda.get_current_stream()
        kind = self._runtime.memcpyHostToDevice
        self._runtime.memcpyAsync(address, values.ctypes.data, values.nbytes, kind, stream.ptr)
        stream.synchronize()  # the host may change the values next

    # ---- the stream --------------------------------------------------------------------------------------------------

    def record(self, work: Callable[[], None]) -> CupyReplay:
        stream = self.cupy.cuda.Stream(non_blocking=True)
        with stream:
            stream.begin_capture()
            try:
                work()
            finally:
                graph = stream.end_capture()
        return CupyReplay(graph)

    def synchronise(self) -> None:
        self.cupy.cuda.get_current_stream().synchronize()


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
