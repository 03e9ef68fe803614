"""Loops around each other whose iterations the lanes of a group share."""

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
X = Variable(tensor_type("float64", (None,) * 4), name="x")
CENTRED = (X - F.mean(X, axis=(0, 2, 3), keepdims=True)) / F.sqrt(F.var(X, axis=(0, 2, 3), keepdims=True) + 1)
RESULTS = [F.sum(X, axis=(0, 2, 3)), F.max(X, axis=(1, 3)), F.mean(X * X, axis=(2, 3)), CENTRED]


@pytest.fixture(scope="module")
def function():
    function = compile(Graph([X], RESULTS), driver=EmulatedDriver())
    compiles_everywhere(function)
    return function


SHAPES = [(5, 3, 4, 7), (2, 2, 1, 300), (9, 1, 33, 1), (1, 1, 1, 1), (300, 2, 1, 2), (2, 3, 8, 64)]


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_over_several_axes(function, shape):
    x = np.random.default_rng(shape[0]).normal(size=shape)
    for got, want in zip(function(x), evaluate(Graph([X], RESULTS), [x]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_an_axis_of_length_0(function):
    total = F.sum(X, axis=(0, 2, 3))
    got = compile(Graph([X], [total]), driver=EmulatedDriver())(np.zeros((3, 2, 4, 0)))[0]
    np.testing.assert_array_equal(got, np.zeros(2))
