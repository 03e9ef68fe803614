"""Random graphs, their gradients, and random loops: an emulated GPU computes what the reference does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_cuda import compile
from bitale_graph import Graph, evaluate
from tests.conformance import test_random_loops as loops
from tests.conformance.test_random_graphs import ATOL, RTOL, RUNS, arrays, graphs
from tests.support.cuda.emulated import EmulatedDriver

FEW = settings(RUNS, max_examples=12)


def assert_agree(graph: Graph, given_arrays: Sequence[np.ndarray]) -> None:
    for mine, theirs in zip(compile(graph, driver=EmulatedDriver())(*given_arrays), evaluate(graph, given_arrays)):
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(mine, theirs, rtol=RTOL, atol=ATOL)


@FEW
@given(graphs())
def test_graphs(made):
    assert_agree(Graph(*made), arrays())


@FEW
@given(graphs())
def test_gradients(made):
    inputs, outputs = made
    cost = sum((F.mean(F.tanh(v)) for v in outputs[1:]), F.mean(F.tanh(outputs[0])))
    assert_agree(Graph(inputs, [cost, *grad(cost, inputs, disconnected_inputs="ignore")]), arrays())


@FEW
@given(loops.programs())
def test_loops(graph):
    assert_agree(graph, loops.arguments())
