"""CUDA graphs whose works may move: built node by node through the CUDA driver, since CuPy can only capture them.

A launch of our own is a kernel node, whose arguments are exchanged in place. Everything else, such as a product by
cuBLAS, is captured by itself and becomes a graph inside; captured again with other addresses, that replaces the first.
"""

from __future__ import annotations

import ctypes
import functools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ctypes import POINTER, c_int, c_size_t, c_uint, c_void_p
from typing import Any

from bitale_backend_cuda.errors import LaunchError
from bitale_backend_cuda.work import Work

LIBRARY = "libcuda.so.1"
KEPT = 4  # graphs of a work that is captured


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
        self._nodes: list[_Launch | _Inside | None] = []
        executable: list[int] = []
        self._free = weakref.finalize(self, _destroy, self._runtime, graph.value, executable, self._nodes)
        self._free.atexit = False
        before: c_void_p | None = None
        for work in self._works:
            node = self._add(graph.value, work, before)
            self._nodes.append(node)
            before = node.node if node is not None else before
        self._executable: int = self._runtime.graphInstantiate(graph.value)
        executable.append(self._executable)

    def _add(self, graph: int, work: Work, before: c_void_p | None) -> _Launch | _Inside | None:
        """The node of a work; None if it does nothing."""
        node, count = c_void_p(), int(before is not None)
        if work.func == self._launches:
            launch = _Launch(node, *work.args)
            _call("cuGraphAddKernelNode_v2", node, graph, before, count, launch.parameters)
            return launch
        inside = _Inside(node, self._captured, self._runtime.graphDestroy)
        child = inside.graph(work)
        if not _nodes(child):
            self._runtime.graphDestroy(child)
            return None
        _call("cuGraphAddChildGraphNode", node, graph, before, count, child)
        return inside

    def launch(self) -> None:
        self._runtime.graphLaunch(self._executable, self._stream())

    def update(self, number: int, work: Work) -> None:
        self._works[number], node = work, self._nodes[number]
        if isinstance(node, _Launch):
            node.arguments.values[:] = work.args[-1]
            _call("cuGraphExecKernelNodeSetParams_v2", self._executable, node.node, node.parameters)
        elif node is not None:
            exchange = library().cuGraphExecChildGraphNodeSetParams
            if exchange(self._executable, node.node, node.graph(work)):  # the library chose other kernels
                self._free()
                self._build()


class _Inside:
    """A node for a work that is captured, and its graphs for the latest addresses: these often come again."""

    def __init__(self, node: c_void_p, captured: Callable[[Work], int], destroy: Callable[[int], None]) -> None:
        self.node, self._captured, self._destroy = node, captured, destroy
        self.graphs: OrderedDict[tuple[int, ...], int] = OrderedDict()

    def graph(self, work: Work) -> int:
        addresses = tuple([value for value in work.args if isinstance(value, int)])
        found = self.graphs.get(addresses)
        if found is None:
            found = self.graphs[addresses] = self._captured(work)
            if len(self.graphs) > KEPT:
                self._destroy(self.graphs.popitem(last=False)[1])
        return found


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


def _destroy(runtime: Any, graph: int, executable: Sequence[int], nodes: Sequence[_Launch | _Inside | None]) -> None:
    """A graph, its executable form if it got one, and those inside. What runs of it comes to its end."""
    for each in executable:
        runtime.graphExecDestroy(each)
    inside = [each for node in nodes if isinstance(node, _Inside) for each in node.graphs.values()]
    for each in (graph, *inside):
        runtime.graphDestroy(each)
