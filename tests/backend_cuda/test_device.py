"""What only a real GPU shows. Every test here skips, with the reason, where there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from threading import Thread
from typing import Any

import numpy as np
import pytest

from bitale_backend_cuda import compile, synchronise
from bitale_backend_cuda.driver import Driver
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as T
from tests.architecture.workspace import ROOT
from tests.support.cuda.device import gpu

SANITIZER = ("compute-sanitizer", "--error-exitcode=9", "--leak-check=no")
SAMPLES = "tests/backend_cuda/test_ops.py"


@pytest.fixture(scope="module")
def device() -> Driver:
    return gpu()


def tensor(name: str, rank: int, dtype: str = "float32") -> Variable:
    return Variable(tensor_type(dtype, (None,) * rank), None, 0, name)


def normals(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def test_elementwise(device):
    x, y = tensor("x", 2), tensor("y", 1)
    f = compile(Graph([x, y], [T.tanh(x * y) + 1]), driver=device)
    a, b = normals(1000, 1003), normals(1003)
    assert np.allclose(f(a, b)[0], np.tanh(a.astype("float64") * b) + 1, 1e-6, 1e-6)
    assert np.allclose(f(a[::3, ::-1], b)[0], np.tanh(a[::3, ::-1].astype("float64") * b) + 1, 1e-6, 1e-6)


@pytest.mark.parametrize("columns", [1, 7, 300, 70_001])
def test_reductions(device, columns):
    x = tensor("x", 2)
    f = compile(Graph([x], [T.softmax(x, axis=1), T.sum(x, axis=0), T.sum(x), T.argmax(x, axis=1)]), driver=device)
    a = normals(129, columns)
    wide = a.astype("float64")
    shifted = np.exp(wide - wide.max(1, keepdims=True))
    softmax, columns_, total, places = f(a)
    assert np.allclose(softmax, shifted / shifted.sum(1, keepdims=True), 1e-5, 1e-8)
    assert np.allclose(columns_, wide.sum(0), 1e-5, 1e-4) and np.allclose(total, wide.sum(), 1e-5, 1e-2)
    assert (places == wide.argmax(1)).all()
    assert all((once == again).all() for once, again in zip(f(a), f(a), strict=True))  # deterministic


def test_products(device):
    x, w = tensor("x", 2), tensor("w", 2)
    f = compile(Graph([x, w], [T.tanh(x @ w), x.T @ x]), driver=device)
    a, b = normals(301, 130), normals(130, 257)
    hidden, square = f(a, b)
    wide = a.astype("float64")
    assert np.allclose(hidden, np.tanh(wide @ b), 1e-5, 1e-5)
    assert np.allclose(square, wide.T @ wide, 1e-5, 1e-3)


def test_updates_in_place_and_many_calls(device):
    w, x = tensor("w", 1), tensor("x", 1)
    cells: list[list[Any]] = [[np.zeros(5000, "float32")]]
    f = compile(Graph([x, w], [T.sum(w), w + x]), driver=device, cells=cells, updates={1: 0})
    for calls in range(20):
        assert f(np.ones(5000, "float32"))[0] == 5000 * calls
    assert (cells[0][0].on_host() == 20).all()


def test_arrays_of_cupy_and_dlpack_come_and_go_without_copies(device):
    cupy = pytest.importorskip("cupy")
    x = tensor("x", 1)
    f = compile(Graph([x], [2 * x]), driver=device)
    given = cupy.arange(5, dtype="float32")
    (doubled,) = f(given)
    assert isinstance(doubled, cupy.ndarray) and doubled.get().tolist() == [0, 2, 4, 6, 8]
    assert device.address(device.accept(given)) == given.data.ptr
    assert f(given[::2])[0].get().tolist() == [0, 4, 8]

    class Foreign:
        def __dlpack__(self, **options: Any) -> Any:
            return given.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return given.__dlpack_device__()

    assert device.address(device.accept(Foreign())) == given.data.ptr
    assert f(Foreign())[0].get().tolist() == [0, 2, 4, 6, 8]


def test_a_recorded_call_follows_its_arrays(device):
    x, w = tensor("x", 2), tensor("w", 2)
    cells: list[list[Any]] = [[np.eye(64, dtype="float32")]]
    graph = Graph([x, w], [T.tanh(x @ w), w + 0.01 * (x.T @ x)])
    f = compile(graph, driver=device, cells=cells, updates={1: 0})
    state, kept = np.eye(64), []
    for k in range(12):
        given = np.random.default_rng(k).standard_normal((50, 64)).astype("float32")
        on_device = device.to_device(given)
        (result,) = f(on_device)
        kept.append((on_device, result, np.tanh(given @ state)))  # so that the next ones lie elsewhere
        state = state + 0.01 * (given.T.astype("float64") @ given)
        if k == 5:
            del kept[::2]
    for _, result, wanted in kept:
        assert np.allclose(device.to_host(result), wanted, 1e-4, 1e-4)
    assert np.allclose(cells[0][0].on_host(), state, 1e-4, 1e-4)


@pytest.mark.parametrize("calls", [0, 1, 4])
def test_a_failed_check_changes_nothing_and_is_raised_later(device, calls):
    table, x, index = tensor("table", 2), tensor("x", 2), tensor("index", 1, "int64")
    rows = x[index]
    graph = Graph([x, index, table], [T.sum(rows), table + T.dot(rows.T, rows)])
    cells: list[list[Any]] = [[np.zeros((20, 20), "float32")]]
    f = compile(graph, driver=device, cells=cells, updates={1: 0})
    given, good, bad = normals(4, 20), np.array([0, 3, 3]), np.array([0, 4, 3])
    x_, good_, bad_ = map(device.to_device, (given, good, bad))
    for places in (*[good_] * calls, bad_, good_, good_):
        f(x_, places)
    with pytest.raises(IndexError, match="index 4 is out of range"):
        cells[0][0].on_host()
    wanted = calls * given[good].T @ given[good]
    assert np.allclose(cells[0][0].on_host(), wanted, 1e-4, 1e-4)
    f(x_, good_)
    synchronise()
    assert np.allclose(cells[0][0].on_host(), wanted + given[good].T @ given[good], 1e-4, 1e-4)
    with pytest.raises(IndexError, match="index 4 is out of range"):
        f(given, bad)


def test_calls_on_other_streams_and_from_other_threads_come_in_order(device):
    cupy = pytest.importorskip("cupy")
    w, x = tensor("w", 1), tensor("x", 1)
    cells: list[list[Any]] = [[np.zeros(2_000_000, "float32")]]
    f = compile(Graph([x, w], [w + x]), driver=device, cells=cells, updates={0: 0})
    one, streams = cupy.ones(2_000_000, "float32"), [cupy.cuda.Stream(non_blocking=True) for _ in range(3)]
    cupy.cuda.Device().synchronize()

    def call(stream: Any) -> None:
        with cupy.cuda.Device(0), stream:
            f(one)

    for k in range(30):
        if k % 4:
            call(streams[k % 3])
        else:
            thread = Thread(target=call, args=(streams[k % 3],))
            thread.start()
            thread.join()
    assert (cells[0][0].on_host() == 30).all()


def test_out_of_memory_leaves_the_device_usable(device):
    x = tensor("x", 0)
    f = compile(Graph([x], [T.ones((2**42,), "float32") * x]), driver=device)
    with pytest.raises(MemoryError, match="The call was to hold"):
        f(np.float32(1))
    assert compile(Graph([x], [x + 1]), driver=device)(np.float32(1))[0] == 2


@pytest.mark.slow
@pytest.mark.skipif(shutil.which(SANITIZER[0]) is None, reason="no compute-sanitizer: it comes with the CUDA toolkit")
def test_compute_sanitizer_finds_nothing_in_the_kernels_of_the_conformance_tests(device):
    command = [*SANITIZER, sys.executable, "-m", "pytest", "-q", "--device=cuda", "-p", "no:cacheprovider", SAMPLES]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]
    assert "ERROR SUMMARY: 0 errors" in run.stdout
