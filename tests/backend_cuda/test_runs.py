"""Threads that take all words of a block of random bits draw the same bits as everybody else."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
import bitale_graph.functions.random as R
from bitale_backend_cuda import compile
from bitale_backend_cuda.runs import polynomial
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import add, integer, multiply
from bitale_rewrite.loops.ir import Call, Name
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere
from tests.support.cuda.traffic import CountingDriver

K, OTHER = (Variable(tensor_type("uint64", (2,)), name=name) for name in ("key", "other"))
X = Variable(tensor_type("float32", (None, None)), name="x")
V = Variable(tensor_type("float64", (None,)), name="v")
SHAPE = (X.shape[0], X.shape[1])
KEYS = [np.array([5, 6], "uint64"), np.array([2**63 + 1, 2**40], "uint64")]
UNIFORM = R.uniform(K, SHAPE, "float32")
NORMAL = R.normal(K, (V.shape[0],), "float32")
GROUPS = {
    "single": [UNIFORM, F.where(R.uniform(OTHER, SHAPE, "float32") < 0.5, X * 2, 0), NORMAL],
    "double": [R.uniform(K, SHAPE, "float64") * X, R.normal(K, (V.shape[0],), "float64") + V],
    "two": [R.uniform(K, SHAPE, "float32") - R.uniform(OTHER, SHAPE, "float32") * X],
    "totals": [F.sum(UNIFORM * X), F.max(NORMAL)],
}
OF_TWO_WIDTHS = UNIFORM + R.uniform(OTHER, SHAPE, "float64")
ELSEWHERE = [UNIFORM[1:, ::-1], UNIFORM.T, F.sum(UNIFORM, axis=1)]


def checked(results, rows: int, columns: int) -> str:
    graph = Graph([K, OTHER, X, V], results)
    function = compile(graph, driver=EmulatedDriver(), name="draws")
    compiles_everywhere(function)
    random = np.random.default_rng(rows)
    arrays = [*KEYS, random.normal(size=(rows, columns)).astype("float32"), random.normal(size=rows * columns)]
    for got, want in zip(function(*arrays), evaluate(graph, arrays), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    return function.source


@needs_compiler
@pytest.mark.parametrize("group", list(GROUPS))
def test_the_same_bits(group):
    for rows, columns in [(5, 13), (64, 96), (1, 1), (3, 64)]:
        assert "words0[part]" in checked(GROUPS[group], rows, columns)


@needs_compiler
def test_elements_that_are_not_numbered_as_they_lie():
    assert "words0" not in checked(ELSEWHERE, 20, 70)
    assert "words0" not in checked([OF_TWO_WIDTHS], 20, 70)


@needs_compiler
def test_whole_sectors():
    driver = CountingDriver()
    compile(Graph([K, X], [UNIFORM]), driver=driver)(KEYS[0], np.zeros((64, 64), "float32"))
    [traffic] = driver.traffic.values()
    assert traffic.sectors <= 1.3 * traffic.of_launch


def test_polynomials():
    i, j, n = map(Name, "ijn")
    one = add(multiply(add(multiply(i, n), j), integer(3)), integer(2))
    two = add(integer(2), add(multiply(multiply(integer(3), n), i), multiply(j, integer(3))))
    assert polynomial(one, {}) == polynomial(two, {}) == {("i", "n"): 3, ("j",): 3, (): 2}
    assert polynomial(Name("k"), {Name("k"): one}) == polynomial(one, {})
    assert polynomial(Call(FUNCTIONS["floor_divide"], (i, n), "int64"), {}) is None
