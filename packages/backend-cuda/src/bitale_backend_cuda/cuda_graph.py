"""CUDA graphs whose works may move: built node by node through the CUDA driver, since CuPy can only capture them.

A launch of our own is a kernel node, whose arguments are exchanged in place. Everything else, such as a product by
cuBLAS, is captured by itself and becomes a graph inside; captured again with other addresses, that replaces the first.
"""

from __future__ import annotations

import ctypes
import functools
import weakref
from collections.abc import Callable, Sequence
from ctypes import POINTER, c_int, c_size_t, c_uint, c_void_p
from typing import Any

from bitale_backend_cuda.errors import LaunchError
from bitale_backend_cuda.work import Work

LIBRARY = "libcuda.so.1"


class KernelNode(ctypes.Structure):
    """CUDA_KERNEL_NODE_PARAMS_v2."""

    _fields_ = (
        ("func", c_void_p), ("grid", c_uint * 3), ("block", c_uint * 3), ("shared", c_uint), ("parameters", c_void_p),
        ("extra", c_void_p), ("kern", c_void_p), ("ctx", c_void_p),
    )  # fmt: skip


class Arguments:
    """64-bit integers, and the addresses of each, as launches take them."""

    def __init__(self, values: Sequence[int]) -> None:
        self.values = (ctypes.c_int64 * len(values))(*values)
        start = ctypes.addressof(self.values)
        self._places = (c_void_p * len(values))(*range(start, start + 8 * len(values), 8))
        self.address = ctypes.addressof(self._places)


# The arguments of each function of the driver that is used here; all return a status.
NODES = POINTER(c_void_p)
SIGNATURES = {
    "cuGraphCreate": (POINTER(c_void_p), c_uint),
    "cuGraphGetNodes": (c_void_p, NODES, POINTER(c_size_t)),
    "cuGraphAddKernelNode_v2": (POINTER(c_void_p), c_void_p, NODES, c_size_t, POINTER(KernelNode)),
    "cuGraphAddChildGraphNode": (POINTER(c_void_p), c_void_p, NODES, c_size_t, c_void_p),
    "cuGraphExecKernelNodeSetParams_v2": (c_void_p, c_void_p, POINTER(KernelNode)),
    "cuGraphExecChildGraphNodeSetParams": (c_void_p, c_void_p, c_void_p),
}


@functools.cache
def library() -> ctypes.CDLL:
    """The CUDA driver's library."""
    found = ctypes.CDLL(LIBRARY)
    for name, arguments in SIGNATURES.items():
        function = getattr(found, name)  # which the library keeps, as it does not for found[name]
        function.argtypes, function.restype = arguments, c_int
    return found


class CudaGraph:
    """Works in their order, each a node that waits for the one before.

    `launches` is the driver's method for kernels, `captured` makes a graph of any work; `runtime` is CuPy's.
    """

    def __init__(
        self, works: Sequence[Work], launches: Callable[..., None], captured: Callable[[Work], int], runtime: Any,
        stream: Callable[[], int],
    ) -> None:  # fmt: skip
        self._works = list(works)
        self._launches, self._captured, self._runtime, self._stream = launches, captured, runtime, stream
        self._build()

    def _build(self) -> None:
        graph = c_void_p()
        _call("cuGraphCreate", graph, 0)
        assert graph.value is not None
        handles = [graph.value]
        self._free = weakref.finalize(self, _destroy, self._runtime, handles)
        self._free.atexit = False
        self._before: c_void_p | None = None
        self._nodes = [self._add(graph.value, work) for work in self._works]
        self._executable: int = self._runtime.graphInstantiate(graph.value)
        handles.append(self._executable)

    def _add(self, graph: int, work: Work) -> _Launch | c_void_p | None:
        """The node of a work; None if it does nothing."""
        before, count = self._before, int(self._before is not None)
        node = c_void_p()
        if work.func == self._launches:
            launch = _Launch(node, *work.args)
            _call("cuGraphAddKernelNode_v2", node, graph, before, count, launch.parameters)
            self._before = node
            return launch
        child = self._captured(work)
        try:
            if not _nodes(child):
                return None
            _call("cuGraphAddChildGraphNode", node, graph, before, count, child)
        finally:
            self._runtime.graphDestroy(child)
        self._before = node
        return node

    def launch(self) -> None:
        self._runtime.graphLaunch(self._executable, self._stream())

    def update(self, number: int, work: Work) -> None:
        self._works[number], node = work, self._nodes[number]
        if isinstance(node, _Launch):
            node.arguments.values[:] = work.args[-1]
            _call("cuGraphExecKernelNodeSetParams_v2", self._executable, node.node, node.parameters)
        elif node is not None:
            child = self._captured(work)
            try:
                fits = not library().cuGraphExecChildGraphNodeSetParams(self._executable, node, child)
            finally:
                self._runtime.graphDestroy(child)
            if not fits:  # the library chose other kernels for the new addresses
                self._free()
                self._build()


class _Launch:
    """A kernel node, and what it was made of."""

    def __init__(
        self, node: c_void_p, kernel: int, grid: int, block: int, shared: int, arguments: Sequence[int]
    ) -> None:
        self.node = node
        self.arguments = Arguments(arguments)
        self.parameters = KernelNode(kernel, (grid, 1, 1), (block, 1, 1), shared, self.arguments.address, None, None)


def _nodes(graph: int) -> int:
    """How many nodes a graph has."""
    count = c_size_t()
    _call("cuGraphGetNodes", graph, None, count)
    return count.value


def _call(name: str, *arguments: Any) -> None:
    status = getattr(library(), name)(*arguments)
    if status:
        raise LaunchError(f"CUDA: {name} failed with status {status}")


def _destroy(runtime: Any, handles: Sequence[int]) -> None:
    """A graph, and its executable form if it got one. What runs of it comes to its end."""
    graph, *executable = handles
    for each in executable:
        runtime.graphExecDestroy(each)
    runtime.graphDestroy(graph)
