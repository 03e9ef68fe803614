"""Calls with arrays of the same lengths at the same addresses are recorded once, and then launched as a whole."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
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
    assert (driver.counts["recordings"], driver.counts["replays"]) == (1, 5)
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
    with pytest.raises(IndexingError, match="index 4 is out of range"):
        function(places)
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
