"""How many lanes share a row, and that rows come out the same however many there are."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere
from tests.support.cuda.traffic import CountingDriver

pytestmark = needs_compiler
X, H = (Variable(tensor_type(dtype, (None, None)), name=n) for dtype, n in (("float32", "x"), ("float16", "h")))
B = Variable(tensor_type("float32", (None,)), name="b")
RESULTS = [F.softmax(X * B, axis=1), F.argmax(X, axis=1), F.cumsum(H, axis=1, dtype="float32"), F.max(H, axis=1), X @ B]


@pytest.fixture(scope="module")
def function():
    function = compile(Graph([X, H, B], RESULTS), driver=EmulatedDriver(), name="rows")
    compiles_everywhere(function)
    return function


def check(function, rows: int, columns: int, start: int = 0) -> set[str]:
    """Compare with the reference; the ends of the names of the kernels that ran. Rows start at `start`."""
    random, driver, seen = np.random.default_rng(rows), function.driver, set()
    arrays = [random.normal(size=(rows, columns + start)).astype(dtype) for dtype in ("float32", "float16")]
    arrays.append(random.normal(size=columns + start).astype("float32"))
    launch = driver.launch
    driver.launch = lambda kernel, *rest: (seen.add(kernel.name.rpartition("_")[2]), launch(kernel, *rest))
    try:
        given = [driver.to_device(a).seen(lambda v: v[..., start:]) for a in arrays]
        found = [driver.to_host(result) for result in function(*given)]
    finally:
        driver.launch = launch
    for got, want in zip(found, evaluate(Graph([X, H, B], RESULTS), [a[..., start:] for a in arrays]), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)
    return seen


LENGTHS = [(1, "few"), (3, "few"), (16, "few"), (17, "warp"), (64, "warp"), (300, "block")]


@pytest.mark.parametrize(("columns", "lanes"), LENGTHS)
def test_lengths(function, columns, lanes):
    assert lanes in check(function, 70, columns)


@pytest.mark.parametrize("start", [1, 2, 4])
def test_rows_that_do_not_start_where_packs_do(function, start):
    for columns in (13, 64, 259):
        check(function, 9, columns, start)


def test_many_rows_have_a_warp_each():
    total = compile(Graph([X], [F.sum(X, axis=1)]), driver=EmulatedDriver(), name="totals")
    x = np.random.default_rng(0).normal(size=(2048, 260)).astype("float32")
    names, launch = [], total.driver.launch
    total.driver.launch = lambda kernel, *rest: (names.append(kernel.name), launch(kernel, *rest))
    np.testing.assert_allclose(total(x)[0], x.sum(axis=1), rtol=1e-4, atol=1e-4)
    assert [name.rpartition("_")[2] for name in names] == ["warp"]


@pytest.mark.parametrize("columns", [3, 12, 100, 500, 2000])
def test_a_known_length_needs_fewer_kernels(columns):
    x = Variable(tensor_type("float32", (None, columns)), name="x")
    total = compile(Graph([x], [F.sum(F.exp(x), axis=1)]), driver=EmulatedDriver())
    kernels = [name for name in total.emitted.kernels if "chunks" not in name]
    assert len(kernels) == (2 if columns == 500 else 1 if columns > 8 else len(kernels))
    values = np.random.default_rng(0).normal(size=(30, columns)).astype("float32")
    np.testing.assert_allclose(total(values)[0], np.exp(values).sum(axis=1), rtol=1e-5)


def test_accesses_are_wide():
    """A warp takes 512 bytes at a time, 128 where rows are short."""
    for columns, least in [(512, 15.9), (8, 7.9)]:
        driver = CountingDriver()
        function = compile(Graph([X], [F.softmax(X, axis=1)]), driver=driver)
        function(np.ones((64, columns), "float32"))
        [traffic] = driver.traffic.values()
        assert traffic.sectors / traffic.accesses >= least
