"""Cumulative functions, masks, and stores at equal places are shared by many threads."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere

pytestmark = needs_compiler
X = Variable(tensor_type("float64", (None,)), name="x")
M = Variable(tensor_type("int32", (None, None)), name="m")
RESULTS = [F.cumsum(X), F.cumprod(1 + X / 1000), F.cumsum(M, axis=1), M[M > 3], X[X > 0], F.cumsum(M > 3)]


@pytest.fixture(scope="module")
def function():
    function = compile(Graph([X, M], RESULTS), driver=EmulatedDriver())
    compiles_everywhere(function)
    return function


@pytest.mark.parametrize(("length", "shape"), [(9001, (90, 101)), (1, (3, 300)), (0, (0, 5)), (256, (5, 64))])
def test_running_totals(function, length, shape):
    assert "_part2_block" in function.source and "bitale_scan" in function.source
    random = np.random.default_rng(length)
    values = [random.normal(size=length), random.integers(0, 9, shape).astype("int32")]
    for got, want in zip(function(*values), evaluate(Graph([X, M], RESULTS), values), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-11)


def test_the_last_of_equal_places_counts():
    x, y = (Variable(tensor_type("float64", (None,)), name=name) for name in "xy")
    table, rows = (Variable(tensor_type("float32", (None, 3)), name=name) for name in ("table", "rows"))
    at = Variable(tensor_type("int64", (None,)), name="at")
    graph = Graph([x, table, at, y, rows], [x[at].set(y), table[at].set(rows), x[at].set(0)])
    random = np.random.default_rng(0)
    values = [
        random.normal(size=10), random.normal(size=(10, 3)).astype("float32"), random.integers(-10, 10, 700),
        random.normal(size=700), random.normal(size=(700, 3)).astype("float32"),
    ]  # fmt: skip
    for seed in range(2):
        function = compile(graph, driver=EmulatedDriver(seed=seed))
        compiles_everywhere(function)
        assert "_last" in function.source
        for got, want in zip(function(*values), evaluate(graph, values), strict=True):
            assert (got == want).all()


@pytest.mark.parametrize("shape", [(3000, 3), (40, 200), (2, 5000), (1, 1), (0, 4), (70, 9)])
def test_running_totals_along_any_axis(shape):
    """A few long rows or columns are cut into chunks."""
    products, sums = F.cumprod(1 + M / 1e4, axis=0), F.cumsum(F.exp(M / 9), axis=0)
    results = [F.cumsum(M, axis=0), F.cumsum(M, axis=1), products, sums]
    graph = Graph([M], results)
    function = compile(graph, driver=EmulatedDriver(), name="axes")
    compiles_everywhere(function)
    values = np.random.default_rng(shape[0]).integers(0, 9, shape).astype("int32")
    for got, want in zip(function(values), evaluate(graph, [values]), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-12)
