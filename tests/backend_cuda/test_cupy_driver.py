"""The driver of a real GPU, line by line: whole functions through it, on what stands in for CuPy and CUDA."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import OutOfMemory, compile
from bitale_backend_cuda.cupy_driver import CupyDriver
from bitale_graph import Graph
from bitale_graph.errors import IndexingError
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.standin import Standin, Stream, install

pytestmark = needs_compiler


@pytest.fixture
def standin(monkeypatch) -> Standin:
    return install(monkeypatch)


@pytest.fixture
def driver(standin) -> CupyDriver:
    return CupyDriver()


def training(driver):
    """w += rows.T @ rows of x[index], and the sum of the rows' product with w."""
    x, index, w = F.matrix("x"), F.lvector("index"), F.matrix("w")
    rows = x[index]
    cell = [np.eye(6)]
    graph = Graph([x, index, w], [F.sum(F.tanh(rows @ w)), w + rows.T @ rows])
    return compile(graph, driver=driver, cells=[cell], updates={1: 0}), cell


def test_a_training_loop(standin, driver):
    function, cell = training(driver)
    given, index, state, kept = np.random.default_rng(0).normal(size=(5, 6)), np.array([0, 4, 4, 1]), np.eye(6), []
    for k in range(8):
        x, places = (standin.cupy.array(a) for a in (given + k, index))
        (result,) = function(x, places)
        rows = (given + k)[index]
        kept.append((x, places, result, np.tanh(rows @ state).sum()))
        state = state + rows.T @ rows
    counts = standin.base.counts
    assert (counts["waits"], counts["replays"]) == (0, 7) and counts["moves"] > 12
    for *_, result, wanted in kept:
        np.testing.assert_allclose(result.get(), wanted, rtol=1e-10)
    np.testing.assert_allclose(cell[0].on_host(), state, rtol=1e-12)
    function(kept[0][0], standin.cupy.array(index + 1))
    function(kept[0][0], kept[0][1])
    with pytest.raises(IndexingError, match="index 5 is out of range"):
        cell[0].on_host()
    np.testing.assert_allclose(cell[0].on_host(), state, rtol=1e-12)
    assert function(given, index)[0] == pytest.approx(np.tanh(given[index] @ state).sum())
    with pytest.raises(IndexingError, match="index 5 is out of range"):
        function(given, index + 1)


def test_lengths_that_are_read_and_steps_on_the_host(driver):
    x = F.vector("x")
    function = compile(Graph([x], [x[x > 0], F.real(F.exp(x.astype("complex128") * 1j))]), driver=driver)
    for n in (5, 5, 0):
        given = np.linspace(-1, 2, n)
        positive, cosines = function(given)
        assert positive.tolist() == given[given > 0].tolist()
        np.testing.assert_allclose(cosines, np.cos(given))


def test_what_is_empty_or_of_no_rank_or_lies_elsewhere(standin, driver):
    x, w, s = F.matrix("x"), F.matrix("w"), F.scalar("s")
    function = compile(Graph([x, w, s], [x @ w + s, s + 1, F.cumsum(x.T, axis=0)]), driver=driver)
    for rows, inner in ((3, 4), (0, 4), (3, 0)):
        for _ in range(3):
            a, b = np.ones((rows, inner)), np.ones((inner, 2))
            product, more, sums = function(standin.cupy.array(a), b, np.float64(2))
            assert (product.get() == inner + 2).all() and more.get().shape == () and more.get() == 3
            assert (sums.get() == a.T.cumsum(0)).all()

    class Foreign:
        def __init__(self, array: np.ndarray, stream: int | None) -> None:
            self.__cuda_array_interface__ = {**array.__array_interface__, "version": 3, "stream": stream}

    foreign = np.arange(6.0).reshape(2, 3)
    product, *_ = function(Foreign(foreign.T, 9), Foreign(np.ones((2, 2)), None), 0.0)
    assert (product.get() == foreign.T @ np.ones((2, 2))).all() and (0, 9) in standin.waits


def test_results_without_elements_bring_the_error_of_their_call(driver):
    x, index = F.matrix("x"), F.lvector("index")
    function = compile(Graph([x, index], [x[index]]), driver=driver)
    assert function(np.ones((3, 0)), np.array([2, 2]))[0].shape == (2, 0)
    with pytest.raises(IndexingError, match="index 3 is out of range"):
        function(np.ones((3, 0)), np.array([2, 3]))


def test_streams_and_threads(standin, driver):
    w, x = F.vector("w"), F.vector("x")
    cell = [np.zeros(3)]
    function = compile(Graph([x, w], [w + x]), driver=driver, cells=[cell], updates={0: 0})
    one = standin.cupy.array(np.ones(3))
    function(one)
    with Stream(standin._stack(), 7):
        function(one)
        function(one)
    function(one)
    assert standin.waits == [(7, 0), (0, 7)]
    thread = Thread(target=function, args=(one,))
    thread.start()
    thread.join()
    assert cell[0].on_host().tolist() == [5, 5, 5]


def test_out_of_memory(monkeypatch):
    install(monkeypatch, limit=20_000)
    x = F.vector("x")
    function = compile(Graph([x], [F.cumsum(F.exp(x)) / F.sum(F.exp(x))]), driver=CupyDriver())
    with pytest.raises(OutOfMemory, match="The call was to hold"):
        function(np.ones(2000))
    assert function(np.ones(10))[0][-1] == pytest.approx(1)


def test_what_is_launched_wrongly_says_so(standin, driver):
    def refuse(*arguments: int) -> None:
        raise standin.driver.CUDADriverError("CUDA_ERROR_INVALID_VALUE: invalid argument")

    standin.driver.launchKernel = refuse
    x = F.vector("x")
    with pytest.raises(Exception, match=r"could not be launched \(CUDA_ERROR_INVALID_VALUE"):
        compile(Graph([x], [2 * x]), driver=driver)(np.ones(3))
