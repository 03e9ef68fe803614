"""CUDA graphs, built through a driver that only keeps them: a library compiled with NVIDIA's own header."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from bitale_backend_cuda import LaunchError, cuda_graph
from bitale_backend_cuda.cuda_graph import CudaGraph
from tests.support.cuda.compile import HERE, needs_compiler

pytestmark = needs_compiler


def headers() -> Path:
    """Where cuda.h is: in NVIDIA's wheel, or in a toolkit."""
    spec = importlib.util.find_spec("nvidia")
    wheels = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    nvcc = shutil.which("nvcc")
    toolkits = [Path("/usr/local/cuda/include"), *([Path(nvcc).resolve().parent.parent / "include"] if nvcc else [])]
    for folder in (*(wheel / part / "include" for wheel in wheels for part in ("cuda_runtime", "cu13")), *toolkits):
        if (folder / "cuda.h").is_file():
            return folder
    pytest.skip("no cuda.h: pip install nvidia-cuda-runtime-cu12")


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    library = tmp_path_factory.mktemp("fake") / "libcuda.so.1"
    source = HERE / "graphs.cpp"
    command = ["g++", "-std=c++17", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-isystem", headers(), source]
    subprocess.run([*map(str, command), "-o", str(library)], check=True)
    found = ctypes.CDLL(str(library))
    found.tell.argtypes, found.tell.restype = [ctypes.c_void_p], ctypes.c_char_p
    found.put.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return str(library), found


class Runtime:
    """CuPy's binding of the runtime, as far as graphs need it: an executable graph is the graph itself."""

    def __init__(self) -> None:
        self.graphs: list[int] = []
        self.launched: list[tuple[int, int]] = []
        self.destroyed: list[int] = []
        self.captured = 0

    def graphInstantiate(self, graph: int) -> int:  # noqa: N802
        self.graphs.append(graph)
        return graph

    def graphLaunch(self, executable: int, stream: int) -> None:  # noqa: N802
        self.launched.append((executable, stream))

    def graphExecDestroy(self, executable: int) -> None:  # noqa: N802
        self.destroyed.append(executable)

    def graphDestroy(self, graph: int) -> None:  # noqa: N802
        self.destroyed.append(graph)


def launch(kernel: int, grid: int, block: int, shared: int, arguments: tuple[int, ...]) -> None:
    raise AssertionError("a graph's kernels are not launched one by one")


def product(*arguments: object) -> None:
    """A work of a library."""


@pytest.fixture
def build(fake, monkeypatch):
    path, library = fake
    monkeypatch.setattr(cuda_graph, "LIBRARY", path)
    cuda_graph.library.cache_clear()
    runtime = Runtime()

    def captured(work: partial[None]) -> int:
        runtime.captured += 1
        graph = ctypes.c_void_p()
        assert library.cuGraphCreate(ctypes.byref(graph), 0) == 0
        for text in work.args:
            library.put(graph, str(text).encode())
        return graph.value

    def build(*works: partial[None]) -> tuple[CudaGraph, Runtime]:
        return CudaGraph(works, launch, captured, runtime, lambda: 7), runtime

    yield build, lambda: library.tell(runtime.graphs[-1]).decode().splitlines()
    cuda_graph.library.cache_clear()


COUNTS = {count: ctypes.c_int64(count) for count in (0, 1, 3)}


def kernel(count: int) -> int:
    return ctypes.addressof(COUNTS[count])


HUGE = (2**47 + 8, -1, 2**63 - 1)
HEAD = "kernel grid 2147483647 1 1 block 256 1 1 shared 512 extra (nil) kern (nil) ctx (nil):"


def test_nodes_are_what_the_driver_takes(build):
    build, told = build
    graph, runtime = build(
        partial(launch, kernel(3), 2**31 - 1, 256, 512, HUGE), partial(product, 11, 12), partial(product),
        partial(launch, kernel(0), 1, 32, 0, ()),
    )  # fmt: skip
    empty = HEAD.replace("2147483647", "1").replace("256", "32").replace("512", "0")
    assert told() == [f"{HEAD} {' '.join(map(str, HUGE))}", "inside: 11", "12", "", empty]
    graph.launch()
    assert runtime.launched == [(runtime.graphs[0], 7)]
    graph.update(0, partial(launch, kernel(3), 2**31 - 1, 256, 512, (1, 2, 3)))
    graph.update(1, partial(product, 13, 14))
    graph.update(2, partial(product))
    assert told() == [f"{HEAD} 1 2 3", "inside: 13", "14", "", empty]
    assert len(runtime.graphs) == 1


def test_other_kernels_of_a_library_make_another_graph(build):
    build, told = build
    graph, runtime = build(partial(launch, kernel(1), 1, 32, 0, (5,)), partial(product, 5))
    graph.update(0, partial(launch, kernel(1), 1, 32, 0, (6,)))
    graph.update(1, partial(product, 666))
    assert len(runtime.graphs) == 2 and told()[0].endswith(": 6") and told()[1] == "inside: 666"
    assert runtime.graphs[0] in runtime.destroyed and runtime.graphs[1] not in runtime.destroyed
    graph.launch()
    assert runtime.launched == [(runtime.graphs[1], 7)]
    del graph
    assert runtime.destroyed.count(runtime.graphs[1]) == 2  # the executable graph, and the graph


def test_addresses_that_come_again_are_not_captured_again(build):
    build, told = build
    graph, runtime = build(partial(product, 1, 2.5, 0))
    for address in (1, 2, 1, 2, 3, 1, 3):
        graph.update(0, partial(product, address, 2.5, 0))
        assert told()[0] == f"inside: {address}"
    assert runtime.captured == 3 and not runtime.destroyed
    for address in range(10):
        graph.update(0, partial(product, address, 2.5, 0))
    assert runtime.captured == 3 + 10 - 3 and len(runtime.destroyed) == runtime.captured - cuda_graph.KEPT
    del graph
    assert len(set(runtime.destroyed)) == runtime.captured + 1 and len(runtime.destroyed) == runtime.captured + 2


def test_what_the_driver_refuses_is_told(build, fake):
    with pytest.raises(LaunchError, match="CUDA: cuGraphCreate failed with status 1"):
        cuda_graph._call("cuGraphCreate", ctypes.c_void_p(), 1)
    assert fake[1].size_of_parameters() == ctypes.sizeof(cuda_graph.KernelNode)
