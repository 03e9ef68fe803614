"""Indices from the numbers of iterations: dividing by multiplying gives what dividing gives."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile
from bitale_backend_cuda.emit.indices import BELOW, FOR_FEW, FOR_MANY
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_rewrite.loops.integers import integer
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver


def test_quotients():
    """The formula of the text, for all kinds of numbers below the limit: the extremes, and around multiples."""
    for most, formula in [(BELOW.number - 1, for_few), (2**62, for_many)]:
        random = np.random.default_rng(0)
        divisors = [1, 2, 3, 7, 10, most // 2 - 1, most // 2 + 1, most, *random.integers(1, most, 200).tolist()]
        for d in divisors:
            for multiple in (0, 1, most // d, *random.integers(0, most // d + 1, 20).tolist()):
                for n in (multiple * d - 1, multiple * d, multiple * d + d - 1):
                    if 0 <= n <= most:
                        assert formula(n, d) == n // d


def for_few(n: int, d: int) -> int:
    by = FOR_FEW.number // d + 1
    assert by < 2**63 and 4 * n < 2**32
    return 4 * n * by >> 64


def for_many(n: int, d: int) -> int:
    least = 2 * n * (FOR_MANY.number // d) >> 64
    return least + (n - least * d >= d)


@needs_compiler
@pytest.mark.parametrize("shape", [(3, 1, 5, 7), (1, 1, 1, 1), (2, 3, 4, 5), (5, 0, 3, 2)])
def test_many_axes(shape):
    x, b = Variable(tensor_type("float32", (None,) * 4), name="x"), Variable(tensor_type("float32", (None,)), name="b")
    graph = Graph([x, b], [x * b[None, :, None, None], F.exp(x[:, :, ::-1]) - b[:, None, None]])
    arrays = [np.random.default_rng(0).normal(size=s).astype("float32") for s in (shape, shape[1:2])]
    for got, want in zip(compile(graph, driver=EmulatedDriver())(*arrays), evaluate(graph, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@needs_compiler
def test_many_elements(monkeypatch):
    """As if twenty iterations were many."""
    monkeypatch.setattr("bitale_backend_cuda.emit.indices.BELOW", integer(20))
    x, b = Variable(tensor_type("float32", (None, None)), name="x"), Variable(tensor_type("float32", (None,)), name="b")
    function = compile(Graph([x, b], [x + b]), driver=EmulatedDriver())
    for rows, columns in [(5, 7), (1, 40), (40, 1), (64, 64)]:
        arrays = [np.arange(n, dtype="float32").reshape(s) for n, s in ((rows * columns, (rows, -1)), (columns, -1))]
        np.testing.assert_array_equal(function(*arrays)[0], arrays[0] + arrays[1])
