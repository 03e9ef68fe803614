"""Calls with arrays of the same lengths at the same addresses are recorded once, and then launched as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import call, compile
from bitale_graph import Graph
from bitale_graph.errors import IndexingError
from tests.support.cuda.emulated import EmulatedDriver


@pytest.fixture
def driver():
    return EmulatedDriver()


def momentum(driver):
    """w and v are updated in place, and the loss is returned."""
    x, w, v = F.matrix("x"), F.vector("w"), F.vector("v")
    error = F.dot(x, w) - 1
    velocity = 0.9 * v - 0.1 * F.dot(x.T, error)
    cells = [[np.ones(3)], [np.zeros(3)]]
    graph = Graph([x, w, v], [F.sum(error**2), w + velocity, velocity])
    return compile(graph, driver=driver, cells=cells, updates={1: 0, 2: 1}), cells


def test_a_training_loop_becomes_one_launch(driver):
    function, cells = momentum(driver)
    given = np.linspace(-1, 1, 12).reshape(4, 3)
    x, w, v = driver.to_device(given), np.ones(3), np.zeros(3)
    for _ in range(8):
        (loss,) = function(x)
        error = given @ w - 1
        v = 0.9 * v - 0.1 * given.T @ error
        np.testing.assert_allclose(driver.to_host(loss), (error**2).sum(), rtol=1e-13)
        w = w + v
    np.testing.assert_allclose(cells[0][0].on_host(), w, rtol=1e-13)


def test_the_same_addresses_are_recorded_once(driver):
    x = F.vector("x")
    function = compile(Graph([x], [F.cumsum(x) * 2]), driver=driver)
    given = driver.to_device(np.arange(5.0))
    result, empty = driver.empty((5,), "float64"), driver.empty
    function(given)
    driver.empty = lambda shape, dtype: result if shape == (5,) else empty(shape, dtype)  # as a pool does
    for _ in range(6):
        function(given)
    assert (driver.counts["recordings"], driver.counts["replays"], driver.counts["moves"]) == (1, 6, 0)
    assert driver.to_host(result).tolist() == [0, 2, 6, 12, 20]


def test_other_lengths_are_another_recording(driver):
    x = F.vector("x")
    function = compile(Graph([x], [F.cumsum(x) * 2]), driver=driver)
    for n in (3, 5, 3, 5, 3, 5, 0, 0, 0):
        given = np.arange(float(n))
        (result,) = function(driver.to_device(given))
        assert (driver.to_host(result) == given.cumsum() * 2).all()


def test_a_failed_check_of_a_recorded_call_changes_nothing(driver):
    table, index = F.matrix("table"), F.lvector("index")
    cells = [[np.zeros((4, 2))]]
    graph = Graph([index, table], [table[index].add(1.0)])
    function = compile(graph, driver=driver, cells=cells, updates={0: 0})
    places = driver.to_device(np.array([0, 3, 3]))
    for _ in range(4):
        function(places)
    assert driver.counts["recordings"] == 1
    before = cells[0][0].on_host()
    assert before[:, 0].tolist() == [4, 0, 0, 8]
    driver.upload(places.address, np.array([0, 4, 3]))
    function(places)  # nobody waits, so the error comes later
    with pytest.raises(IndexingError, match="index 4 is out of range"):
        cells[0][0].on_host()
    assert (cells[0][0].on_host() == before).all()
    driver.upload(places.address, np.array([1, 1, 1]))
    function(places)
    assert cells[0][0].on_host()[:, 0].tolist() == [4, 3, 0, 8]


def test_what_depends_on_values_is_not_recorded(driver):
    x = F.vector("x")
    function = compile(Graph([x], [x[x > 0]]), driver=driver)
    for _ in range(4):
        for given in (np.array([1.0, -1.0, 2.0]), np.array([-1.0, -1.0, 3.0])):
            (result,) = function(driver.to_device(given))
            assert driver.to_host(result).tolist() == given[given > 0].tolist()
    assert not driver.counts["recordings"]


def test_arguments_that_move_are_told_to_the_recording(driver):
    x, w = F.matrix("x"), F.matrix("w")
    cells = [[np.eye(3)]]
    graph = Graph([x, w], [F.tanh(x @ w) + 1, w + F.dot(x.T, x)])
    function = compile(graph, driver=driver, cells=cells, updates={1: 0})
    state, kept = np.eye(3), []
    for k in range(8):
        given = np.random.default_rng(k).normal(size=(4, 3))
        on_device = driver.to_device(given)
        (result,) = function(on_device)
        kept.append((on_device, result, np.tanh(given @ state) + 1))  # so that the next ones lie elsewhere
        state = state + given.T @ given
    assert driver.counts["waits"] == 0
    assert (driver.counts["recordings"], driver.counts["replays"]) == (1, 7)
    assert driver.counts["moves"] >= 12  # the product has the argument, and the sum has the result
    for _, result, wanted in kept:
        np.testing.assert_allclose(driver.to_host(result), wanted, 1e-12, 1e-12)
    np.testing.assert_allclose(cells[0][0].on_host(), state, rtol=1e-12)


def test_a_shared_variable_that_moves_is_followed(driver):
    w = F.vector("w")
    cells = [[np.zeros(3)]]
    function = compile(Graph([w], [w + 1]), driver=driver, cells=cells, updates={0: 0})
    for _ in range(3):
        function()
    first, cells[0][0] = cells[0][0], np.full(3, 10.0)
    for _ in range(3):
        function()
    assert first.on_host().tolist() == [3, 3, 3] and cells[0][0].on_host().tolist() == [13, 13, 13]
    assert driver.counts["recordings"] == 1


def test_arrays_of_other_alignment_are_another_recording(driver):
    x = F.fvector("x")
    function = compile(Graph([x], [2 * x]), driver=driver)
    whole = driver.to_device(np.arange(128, dtype="float32"))
    parts = [(whole.seen(lambda a, k=k: a[k : k + 64]), np.arange(k, k + 64)) for k in (0, 1, 4, 2, 3, 8, 5)]
    for _ in range(3):
        for part, wanted in parts:
            assert driver.to_host(function(part)[0]).tolist() == (2 * wanted).tolist()
    assert driver.counts["recordings"] == len(parts)


def test_one_array_twice_and_results_of_results(driver):
    x, y = F.vector("x"), F.vector("y")
    function = compile(Graph([x, y], [x + 2 * y]), driver=driver)
    a, value = driver.to_device(np.ones(5)), np.ones(5)
    for _ in range(6):
        (a,) = function(a, a)
        value = 3 * value
    assert (driver.to_host(a) == value).all() and driver.counts["recordings"] == 1


def test_arrays_without_elements_have_no_address(driver):
    class Empty:
        __cuda_array_interface__ = {"shape": (0, 3), "typestr": "<f8", "data": (0, True), "version": 3}  # noqa: RUF012

    x, w = F.matrix("x"), F.matrix("w")
    function = compile(Graph([x, w], [F.sum(F.dot(x, w)), F.dot(x, w), 2 * x]), driver=driver)
    for _ in range(3):
        total, product, double = function(Empty(), driver.to_device(np.ones((3, 2))))
        assert driver.to_host(total) == 0 and product.shape == (0, 2) and double.shape == (0, 3)


def test_recordings_hold_the_memory_of_a_few_lengths(driver):
    x = F.vector("x")
    function = compile(Graph([x], [F.cumsum(F.exp(x)) / F.sum(F.exp(x))]), driver=driver)
    held = []
    for n in range(1000, 1012):
        for _ in range(2):
            function(np.ones(n))
        held.append(driver.heap.used)
    assert held[0] < held[7] and held[-1] < 1.1 * held[7]


def test_a_call_of_very_many_launches_is_not_collected_as_a_whole(driver, monkeypatch):
    monkeypatch.setattr(call, "LONGEST", 3)
    function, cells = momentum(driver)
    given, w, v = np.linspace(-1, 1, 12).reshape(4, 3), np.ones(3), np.zeros(3)
    for _ in range(3):
        function(driver.to_device(given))
        v = 0.9 * v - 0.1 * given.T @ (given @ w - 1)
        w = w + v
    np.testing.assert_allclose(cells[0][0].on_host(), w, rtol=1e-13)
    assert driver.counts["launches"] == 9 and not driver.counts["recordings"]
