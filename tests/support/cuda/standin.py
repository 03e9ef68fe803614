"""CuPy and CUDA's driver, as far as the driver of a real GPU uses them, on an emulated device.

With these in their places CupyDriver runs from its first line to its last: contexts, streams, captures, graphs, pinned
memory. Addresses, handles and arrays of arguments go through as numbers, as they do to CUDA.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_int64, c_void_p
from threading import local
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from bitale_backend_cuda import cuda_graph, cupy_driver, nvrtc
from bitale_backend_cuda.errors import CudaNotAvailable
from bitale_backend_cuda.product import Product
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.memory import EmulatedArray

Work = Callable[[], None]
TO_DEVICE, TO_HOST, ON_DEVICE = 1, 2, 3  # kinds of copies


class RuntimeFailure(RuntimeError):
    """CUDARuntimeError."""


class DriverFailure(RuntimeError):
    """CUDADriverError."""


class NoMemory(MemoryError):
    """The pool's error."""


class Array(EmulatedArray):
    """cupy.ndarray."""

    base: EmulatedDriver

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self.address, device_id=self.device)

    @property
    def flags(self) -> Any:
        return SimpleNamespace(c_contiguous=self.is_row_major)

    def get(self) -> np.ndarray:
        return self.base.to_host(self) if self.size else np.empty(self.shape, self.dtype)


class Stream:
    """A stream of a number, current inside `with`."""

    def __init__(self, current: Any, ptr: int) -> None:
        self._current, self.ptr = current, ptr

    def __enter__(self) -> Stream:
        self._current.stack.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        self._current.stack.pop()


class Standin:
    """What is installed: `cupy`, `runtime`, `driver` and `cuda` (libcuda) are modules, `base` is the device."""

    def __init__(self, **options: Any) -> None:
        self.base = EmulatedDriver(**options)
        self.numbers = itertools.count(1000)
        self.handles: dict[int, Any] = {}  # modules, kernels, graphs (lists of nodes), executable graphs
        self.current = local()
        self.bound: set[int] = set()
        self.capturing: int | None = None
        self.waits: list[tuple[int, int]] = []  # which streams waited for which
        self.cupy, self.runtime, self.driver = ModuleType("cupy"), ModuleType("runtime"), ModuleType("driver")
        self._fill_cupy()
        self._fill_runtime()
        self._fill_driver()
        self.cuda = SimpleNamespace(**{name: getattr(self, name) for name in dir(self) if name.startswith("cuGraph")})

    def handle(self, value: Any) -> int:
        number = next(self.numbers)
        self.handles[number] = value
        return number

    def stream(self, ordinal: int = 0) -> Stream:
        if not hasattr(self.current, "stack"):
            self.current.stack = [Stream(self.current, 0)]
        return self.current.stack[-1]

    def enqueue(self, stream: int, work: Work) -> None:
        assert stream == self.stream().ptr, "work for another stream than the current one"
        assert self.capturing in (None, stream), "work beside what is captured"
        self.base.enqueue(work)

    # ---- CuPy --------------------------------------------------------------------------------------------------------

    def array_of(self, array: EmulatedArray) -> Array:
        made = Array(array.memory, array.address, array.shape, array.dtype, array.strides, array.device)
        made.base = self.base
        return made

    @contextmanager
    def _pool(self) -> Iterator[None]:
        try:
            yield
        except MemoryError as error:
            raise NoMemory(str(error)) from None

    def _fill_cupy(self) -> None:
        base = self.base

        def made(make: Callable[..., EmulatedArray]) -> Callable[..., Array]:
            def function(*arguments: Any, **options: Any) -> Array:
                with self._pool():
                    return self.array_of(make(*arguments))

            return function

        class Device:
            def __init__(self, ordinal: int) -> None:
                self.id = ordinal

            def __enter__(self) -> None: ...
            def __exit__(self, *error: object) -> None: ...

        cupy = self.cupy
        cupy.ndarray, cupy.empty, cupy.array = Array, made(base.empty), made(lambda a: base.to_device(np.asarray(a)))
        cupy.asarray, cupy.ascontiguousarray = made(base.accept), made(base.row_major)
        cupy.from_dlpack = made(lambda a: a.__dlpack__(stream=self.stream().ptr))
        cupy.cuda = SimpleNamespace(
            runtime=self.runtime, Device=Device, memory=SimpleNamespace(OutOfMemoryError=NoMemory),
            get_current_stream=self.stream, alloc_pinned_memory=bytearray,
            Stream=lambda non_blocking: Stream(self._stack(), next(self.numbers)),
        )  # fmt: skip

    def _stack(self) -> Any:
        self.stream()
        return self.current

    # ---- the runtime -------------------------------------------------------------------------------------------------

    def _fill_runtime(self) -> None:
        r = self.runtime
        r.driverGetVersion, r.getDeviceCount, r.CUDARuntimeError = lambda: 12040, lambda: 1, RuntimeFailure
        r.getDeviceProperties = lambda ordinal: {
            "major": 9, "minor": 0, "multiProcessorCount": self.base.processors, "sharedMemPerBlockOptin": 232448
        }  # fmt: skip
        r.memcpyHostToDevice, r.memcpyDeviceToHost, r.memcpyDeviceToDevice = TO_DEVICE, TO_HOST, ON_DEVICE
        r.free = lambda address: self.bound.add(id(self.current.__dict__))
        r.streamSynchronize = lambda stream: self._synchronise()
        r.deviceSynchronize = self._synchronise
        r.eventDisableTiming, r.eventCreateWithFlags = 2, lambda flags: self.handle(None)
        r.eventRecord = lambda event, stream: self.handles.__setitem__(event, stream)
        r.streamWaitEvent = lambda stream, event: self.waits.append((stream, self.handles[event]))
        r.eventDestroy = self.handles.pop
        r.streamCaptureModeRelaxed = 2
        for name in ("memcpyAsync", "memsetAsync", "streamBeginCapture", "streamEndCapture"):
            setattr(r, name, getattr(self, name))
        r.graphInstantiate = lambda graph: self.handle(dict(self.handles[graph]))
        r.graphLaunch = self.graph_launch
        r.graphDestroy = r.graphExecDestroy = self.handles.pop

    def _synchronise(self) -> None:
        assert self.capturing is None, "waits while it captures"
        self.base.synchronise()

    def memcpyAsync(self, target: int, source: int, nbytes: int, kind: int, stream: int) -> None:  # noqa: N802
        assert kind == {(0, 1): TO_DEVICE, (1, 0): TO_HOST, (1, 1): ON_DEVICE}.get(
            (self.base.heap.holds(source, nbytes), self.base.heap.holds(target, nbytes)), kind if not nbytes else 0
        )
        # From memory that is not pinned, what is there now is copied.
        content = ctypes.string_at(source, nbytes) if kind == TO_DEVICE else None
        self.enqueue(stream, lambda: ctypes.memmove(target, source if content is None else content, nbytes) and None)

    def memsetAsync(self, address: int, value: int, nbytes: int, stream: int) -> None:  # noqa: N802
        self.enqueue(stream, lambda: ctypes.memset(address, value, nbytes) and None)

    def streamBeginCapture(self, stream: int, mode: int) -> None:  # noqa: N802
        assert stream not in (0, 1, 2) and self.capturing is None
        self.capturing, self.base._recording = stream, []

    def streamEndCapture(self, stream: int) -> int:  # noqa: N802
        assert stream == self.capturing
        works, self.base._recording, self.capturing = self.base._recording or [], None, None
        return self.handle({next(self.numbers): works} if works else {})

    def graph_launch(self, executable: int, stream: int) -> None:
        assert stream == self.stream().ptr
        self.base.counts["replays"] += 1
        for works in self.handles[executable].values():
            for work in works:
                self.base.enqueue(work)

    # ---- the driver --------------------------------------------------------------------------------------------------

    def _fill_driver(self) -> None:
        d = self.driver
        d.CUDADriverError, d.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = DriverFailure, 8
        d.moduleLoadData = lambda code: self.handle(self.base.load(code))
        d.moduleGetFunction = lambda module, name: self.handle(self.handles[module].kernel(name))
        d.launchKernel = self.launchKernel

    def launchKernel(  # noqa: N802
        self, kernel: int, x: int, y: int, z: int, bx: int, by: int, bz: int, shared: int, stream: int, places: int,
        extra: int,
    ) -> None:  # fmt: skip
        assert id(self.current.__dict__) in self.bound, "no context is bound to this thread"
        assert (y, z, by, bz, extra) == (1, 1, 1, 1, 0) and stream == self.stream().ptr
        found = self.handles[kernel]
        self.base.launch(found, x, bx, shared, integers(places, len(found.kinds)))

    # ---- libcuda -----------------------------------------------------------------------------------------------------

    def cuGraphCreate(self, graph: c_void_p, flags: int) -> int:  # noqa: N802
        graph.value = self.handle({})
        return flags

    def cuGraphGetNodes(self, graph: int, nodes: None, count: Any) -> int:  # noqa: N802
        count.value = len(self.handles[graph])
        return 0

    def _kernel(self, node: Any) -> list[Work]:
        found = self.handles[node.func]
        values = integers(node.parameters, len(found.kinds))
        assert tuple(node.grid)[1:] == tuple(node.block)[1:] == (1, 1)
        return self.base.recorded(lambda: self.base.launch(found, node.grid[0], node.block[0], node.shared, values))

    def _add(self, node: c_void_p, graph: int, before: Any, count: int, works: list[Work]) -> int:
        nodes = self.handles[graph]
        assert [*nodes][-1:] == ([before.value] if count else []), "nodes are not in a row"
        node.value = next(self.numbers)
        nodes[node.value] = works
        return 0

    def cuGraphAddKernelNode_v2(self, node: c_void_p, graph: int, before: Any, count: int, how: Any) -> int:  # noqa: N802
        return self._add(node, graph, before, count, self._kernel(how))

    def cuGraphAddChildGraphNode(self, node: c_void_p, graph: int, before: Any, count: int, child: int) -> int:  # noqa: N802
        return self._add(node, graph, before, count, list(itertools.chain(*self.handles[child].values())))

    def cuGraphExecKernelNodeSetParams_v2(self, executable: int, node: c_void_p, how: Any) -> int:  # noqa: N802
        self.base.counts["moves"] += 1
        self.handles[executable][node.value] = self._kernel(how)
        return 0

    def cuGraphExecChildGraphNodeSetParams(self, executable: int, node: c_void_p, child: int) -> int:  # noqa: N802
        self.base.counts["moves"] += 1
        self.handles[executable][node.value] = list(itertools.chain(*self.handles[child].values()))
        return 0


def integers(places: int, count: int) -> Sequence[int]:
    """Arguments of 64 bits, by an array of their addresses."""
    return [c_int64.from_address(place).value for place in (c_void_p * count).from_address(places)]


def install(monkeypatch: Any, **options: Any) -> Standin:
    """Put a stand-in in the place of CuPy, libcuda, NVRTC and cuBLAS."""
    made = Standin(**options)
    api = ModuleType("cupy_backends.cuda.api")
    api.driver, api.runtime = made.driver, made.runtime
    for name, module in {"cupy": made.cupy, "cupy_backends": ModuleType("cupy_backends"),
                         "cupy_backends.cuda": ModuleType("cupy_backends.cuda"), "cupy_backends.cuda.api": api}.items():
        monkeypatch.setitem(sys.modules, name, module)  # fmt: skip
    monkeypatch.setattr(cuda_graph, "library", lambda: made.cuda)
    monkeypatch.setattr(nvrtc, "compile", made.base.compile)

    class Blas:
        def __init__(self, empty: Callable[..., Any]) -> None:
            assert made.capturing is None

        def gemm(self, stream: int, product: Product, *arguments: Any) -> None:
            assert stream == made.stream().ptr
            made.base.gemm(product, *arguments)

    def no_blas_lt(empty: Callable[..., Any]) -> None:
        raise CudaNotAvailable("the stand-in has no cuBLASLt")

    monkeypatch.setattr(cupy_driver, "Blas", Blas)
    monkeypatch.setattr(cupy_driver, "BlasLt", no_blas_lt)
    return made
