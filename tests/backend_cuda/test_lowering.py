"""Loops arranged for many threads compute what they should: run by the interpreter of the loop IR, in both orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_c.compile import ready
from bitale_graph import Graph, evaluate
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.target import GPU
from tests.conformance import test_random_loops as loops
from tests.conformance.test_ops import wrong
from tests.conformance.test_random_graphs import RUNS, arrays, graphs
from tests.support.run import graph_of
from tests.support.samples import FAMILIES

LOOPS = replace(GPU, in_columns=False)  # the interpreter has no LAPACK; test_ops.py runs its routines


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "long"])
def test_ops(family, backwards):
    chosen = FAMILIES[family]()
    lowered = [lower(ready(graph_of(sample, False), False), target=LOOPS) for sample in chosen]
    assert not wrong(chosen, [interpret(program, s.arrays, backwards) for program, s in zip(lowered, chosen)])


def assert_agree(graph: Graph, values: list[np.ndarray]) -> None:
    program, wanted = lower(ready(graph), target=GPU), evaluate(graph, values)
    for backwards in (False, True):
        for got, want in zip(interpret(program, values, backwards), wanted, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9)


@RUNS
@given(graphs())
def test_gradients_of_random_graphs(made):
    inputs, outputs = made
    cost = sum((F.mean(F.tanh(v)) for v in outputs[1:]), F.mean(F.tanh(outputs[0])))
    assert_agree(Graph(inputs, [*outputs, cost, *grad(cost, inputs, disconnected_inputs="ignore")]), arrays())


@RUNS
@given(loops.programs())
def test_gradients_of_random_loops(graph):
    total = sum(F.sum(v) for v in graph.outputs)
    derivatives = grad(total, list(graph.inputs), disconnected_inputs="ignore")
    assert_agree(Graph(graph.inputs, [*graph.outputs, *derivatives]), loops.arguments())
