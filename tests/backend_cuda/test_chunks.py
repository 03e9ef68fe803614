"""Reductions of a few long rows or columns are cut into chunks; the bits do not depend on the order of threads."""

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
X = Variable(tensor_type("float32", (None, None)), name="x")
T = Variable(tensor_type("float64", (None, None, None)), name="t")
GRAPHS = {
    "columns": Graph([X, T], [F.var(X, axis=0), F.max(T, axis=(0, 1)), F.argmin(X, axis=0)]),
    "rows": Graph([X, T], [
        F.softmax(X, axis=1), F.var(X, axis=1), F.logsumexp(X, axis=1), F.prod(T, axis=2), X - F.mean(X, 1)[:, None],
    ]),
}


def arrays(*shape: int) -> list[np.ndarray]:
    random = np.random.default_rng(shape[0])
    t = random.normal(size=(shape[0], 2, shape[1])) if shape[0] > shape[1] else random.random((2, 2, shape[1])) + 0.5
    return [random.normal(size=shape).astype("float32"), t]


@pytest.mark.parametrize(("name", "few"), [("columns", (200, 3)), ("rows", (2, 17000))])
def test_chunks(name, few):
    results = []
    for seed in range(2):
        driver = EmulatedDriver(seed=seed)
        function = compile(GRAPHS[name], driver=driver)
        compiles_everywhere(function)
        for shape in (few, (30, 40)):
            values = arrays(*shape)
            before = driver.counts["launches"]
            found = function(*values)
            assert (driver.counts["launches"] - before >= 8) == (shape == few)
            for got, want in zip(found, evaluate(GRAPHS[name], values), strict=True):
                np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)
            results.append(found)
    for a, b in zip(results[0], results[2], strict=True):
        assert (a == b).all()
