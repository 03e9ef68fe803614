"""Rows between the loops of a kernel are computed again where that is cheap; they are kept where it is not."""

from __future__ import annotations

import numpy as np

import bitale_graph.functions as F
from bitale_backend_cuda import compile, generate
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver

X = Variable(tensor_type("float64", (None, None)), name="x")


def normalised(value: Variable) -> Graph:
    return Graph([X], [value / F.sum(value, axis=1)[:, None]])


def test_rows_are_computed_again():
    source = generate(Graph([X], [F.softmax(X, axis=1)]))
    assert "exp__row" not in source and source.count("exp(") >= 2


@needs_compiler
def test_costly_rows_are_kept():
    value = X
    for _ in range(9):
        value = F.sin(value) + 2
    function = compile(normalised(value), driver=EmulatedDriver())
    assert "_row" in function.source
    for shape in ((5, 7), (2, 400)):
        x = np.random.default_rng(0).normal(size=shape)
        np.testing.assert_allclose(function(x)[0], evaluate(normalised(value), [x])[0], rtol=1e-13)
