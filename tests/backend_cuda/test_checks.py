"""Checks that fail on the device are raised without waiting for them, and nothing changes after one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile, synchronise
from bitale_backend_cuda.checks import RESTORING
from bitale_graph import Graph
from bitale_graph.errors import IndexingError
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.nvrtc import ARCHITECTURES, needs_nvrtc, report

pytestmark = needs_compiler
GOOD, BAD = np.array([0, 3, 3]), np.array([0, 4, 3])


@pytest.fixture
def driver():
    return EmulatedDriver()


def counting(driver):
    """table[index] += 1, and the sum of the table before."""
    table, index = F.matrix("table"), F.lvector("index")
    cells = [[np.zeros((4, 2))]]
    graph = Graph([index, table], [F.sum(table[index]), table[index].add(1.0)])
    return compile(graph, driver=driver, cells=cells, updates={1: 0}), cells[0]


def failing():
    return pytest.raises(IndexingError, match="index 4 is out of range")


def test_nobody_waits_while_results_stay_on_the_device(driver):
    function, _ = counting(driver)
    for _ in range(5):
        function(driver.to_device(GOOD))
    assert driver.counts["waits"] == 0
    assert driver.counts["replays"] == 4


def test_a_result_on_the_host_brings_the_error_of_its_call(driver):
    function, cell = counting(driver)
    for given in (GOOD, GOOD, GOOD):
        function(given)
    with failing():
        function(BAD)
    assert cell[0].on_host()[:, 0].tolist() == [3, 0, 0, 6]
    assert function(GOOD)[0] == 2 * (3 + 6 + 6)


@pytest.mark.parametrize("calls", [0, 1, 4])
def test_calls_after_a_failing_one_change_nothing_until_it_is_raised(driver, calls):
    function, cell = counting(driver)
    good, bad = driver.to_device(GOOD), driver.to_device(BAD)
    for _ in range(calls):
        function(good)
    for given in (bad, good, good):
        function(given)
    with failing():
        cell[0].on_host()
    assert cell[0].on_host()[:, 0].tolist() == [calls, 0, 0, 2 * calls]
    function(good)
    assert cell[0].on_host()[:, 0].tolist() == [calls + 1, 0, 0, 2 * calls + 2]


def test_the_next_call_raises_what_has_become_known(driver):
    function, cell = counting(driver)
    function(driver.to_device(BAD))
    driver.synchronise()
    with failing():
        function(driver.to_device(GOOD))
    function(driver.to_device(GOOD))
    assert cell[0].on_host()[:, 0].tolist() == [1, 0, 0, 2]


def test_synchronise_raises_it(driver):
    function, _ = counting(driver)
    function(driver.to_device(BAD))
    with failing():
        synchronise()
    synchronise()


def test_functions_without_checks_do_not_work_on_what_a_failing_call_left(driver):
    function, _ = counting(driver)
    x, w = F.scalar("x"), F.scalar("w")
    cell = [np.zeros(())]
    other = compile(Graph([x, w], [w + x]), driver=driver, cells=[cell], updates={0: 0})
    (total,) = function(driver.to_device(GOOD))
    other(total)
    (total,) = function(driver.to_device(BAD))
    with failing():
        other(total)
    assert cell[0].on_host() == 0
    other(function(driver.to_device(GOOD))[0])
    assert cell[0].on_host() == 2 * (1 + 2 + 2)


def test_a_length_that_is_read_after_a_failing_check_brings_its_error(driver):
    x, index = F.vector("x"), F.lvector("index")
    picked = x[index]
    function = compile(Graph([x, index], [picked[picked > 0]]), driver=driver)
    x = driver.to_device(np.array([1.0, -1.0, 2.0, 3.0]))
    assert driver.to_host(function(x, driver.to_device(GOOD))[0]).tolist() == [1, 3, 3]
    with failing():
        function(x, driver.to_device(BAD))
    assert driver.to_host(function(x, driver.to_device(GOOD))[0]).tolist() == [1, 3, 3]


def test_an_error_that_nothing_came_after_is_told_at_the_end():
    program = """
import numpy as np, bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_graph import Graph
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.nvrtc import ARCHITECTURES, needs_nvrtc, report
driver, x, i = EmulatedDriver(), F.vector("x"), F.lvector("i")
compile(Graph([x, i], [x[i]]), driver=driver)(driver.to_device(np.ones(3)), driver.to_device(np.array([7])))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "a call on a GPU failed, and nobody asked for its results" in done.stderr
    assert "index 7 is out of range" in done.stderr


def test_a_product_that_adds_into_a_shared_variable_does_not_wait_for_checks(driver):
    x, index, w = F.matrix("x"), F.lvector("index"), F.matrix("w")
    rows = x[index]
    cell = [np.eye(20)]
    graph = Graph([x, index, w], [w + 0.5 * F.dot(rows.T, rows)])
    function = compile(graph, driver=driver, cells=[cell], updates={0: 0})
    assert "call.guard(" in function.emitted.host
    given, value = np.random.default_rng(0).normal(size=(4, 20)), np.eye(20)
    x = driver.to_device(given)
    for _ in range(5):
        function(x, driver.to_device(GOOD))
        value = value + 0.5 * given[GOOD].T @ given[GOOD]
    assert driver.counts["waits"] == 0 and driver.counts["replays"] == 4 and driver.counts["gemms"] == 2
    function(x, driver.to_device(BAD))
    function(x, driver.to_device(GOOD))
    with failing():
        cell[0].on_host()
    np.testing.assert_allclose(cell[0].on_host(), value, rtol=1e-12)
    function(x, driver.to_device(GOOD))
    np.testing.assert_allclose(cell[0].on_host(), value + 0.5 * given[GOOD].T @ given[GOOD], rtol=1e-12)


def test_values_that_are_not_updated_in_place_stay_what_they_were(driver):
    index, a, b, history = F.lvector("index"), F.vector("a"), F.vector("b"), F.vector("history")
    cells = [[np.arange(4.0)], [np.ones(4)], [np.zeros(0)]]
    longer = F.concatenate([history, F.sum(a[index])[None]])
    for outputs, updates in (([b, a + b[index][0]], {0: 0, 1: 1}), ([b, a + b[index][0], longer], {0: 0, 1: 1, 2: 2})):
        function = compile(Graph([index, a, b, history], outputs), driver=driver, cells=cells, updates=updates)
        good, bad = driver.to_device(GOOD), driver.to_device(BAD)
        values = [np.arange(4.0), np.ones(4), np.zeros(0)]
        cells[0][0], cells[1][0], cells[2][0] = values
        for _ in range(3):
            function(good)
            x, y, z = values
            values = [y, x + y[0], np.append(z, x[GOOD].sum()) if len(updates) == 3 else z]
        if len(updates) == 2:
            function(bad)
            function(good)
            with failing():
                synchronise()
        else:  # a longer value cannot be taken back, so the call waits
            with failing():
                function(bad)
        for cell, value in zip(cells, values, strict=True):
            assert (cell[0].on_host() == value).all()


@needs_nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_kernel_that_brings_back_compiles(architecture):
    assert not report(RESTORING, architecture).warnings
