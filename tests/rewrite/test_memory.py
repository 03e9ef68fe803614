"""Memory of a Program: the order of its steps keeps few arrays alive, blocks are shared, updates find their place."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import numpy as np
import pytest

from bitale_autodiff import checkpoint, grad
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F
from bitale_graph.reference import evaluate
from bitale_rewrite import expand, optimise
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.ir import Gemm, Program, Run
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.target import CPU, GPU

LAYERS, SEGMENT, N = 16, 4, 3


def matrix(name: str, known: bool) -> Variable:
    return Variable(tensor_type("float64", (N, N) if known else (None, None)), name=name)


def segment(h: Variable, *weights: Variable) -> Variable:
    return reduce(lambda inner, w: F.tanh(inner @ w), weights, h)


def network(known: bool, saving: bool) -> tuple[Graph, int]:
    """The gradients of many layers."""
    x, *weights = [matrix(f"w{k}", known) for k in range(LAYERS + 1)]
    h = x
    for k in range(0, LAYERS, SEGMENT):
        h = (checkpoint(segment) if saving else segment)(h, *weights[k : k + SEGMENT])
    return Graph([x, *weights], grad(F.sum(h * h), weights))


def program(graph: Graph, donate: dict[int, int] | None = None) -> Program:
    donate = donate or {}
    return lower(expand(optimise(graph)), donate=donate, row_major=donate.values())


def blocks(made: Program) -> int:
    return len([n for n in made.slots if str(n) != "8"])  # without scalars


@pytest.mark.parametrize("known", [True, False])
def test_gradients_keep_one_array_per_layer_and_checkpoints_fewer(known):
    plain, saving = (program(network(known, saving)) for saving in (False, True))
    assert blocks(plain) <= LAYERS + 2
    assert blocks(saving) <= LAYERS // SEGMENT + SEGMENT + 2


@pytest.mark.parametrize("known", [True, False])
def test_blocks_of_several_sizes_hold_each_array(known):
    graph = network(known, saving=True)
    rng = np.random.default_rng(0)
    lengths = [N] * (LAYERS + 2) if known else [5, *rng.integers(1, 7, LAYERS + 1)]
    arrays = [rng.normal(size=pair) for pair in pairwise(lengths)]
    for mine, right in zip(interpret(program(graph), arrays), evaluate(graph, arrays), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-9)


@pytest.mark.parametrize("backwards", [False, True])
def test_every_update_takes_the_place_of_the_old_value(backwards):
    weights = [matrix(f"w{k}", known=False) for k in range(4)]
    x = matrix("x", known=False)
    slopes = grad(F.sum(segment(x, *weights) ** 2), weights)
    order = [3, 2, 1, 0] if backwards else [0, 1, 2, 3]
    graph = Graph([x, *weights], [weights[k] - 0.1 * slopes[k] for k in order])
    made = program(graph, {place: k + 1 for place, k in enumerate(order)})
    assert len(made.donated) == 4


def test_values_that_change_places_are_read_before_they_are_written():
    x, y = matrix("x", known=True), matrix("y", known=True)
    graph = Graph([x, y], [y * 1.5, x + 1.0, x * y])
    arrays = [np.full((N, N), 2.0), np.full((N, N), 3.0)]
    results = interpret(program(graph, {0: 0, 1: 1}), [a.copy() for a in arrays])
    for mine, right in zip(results, evaluate(graph, arrays), strict=True):
        np.testing.assert_array_equal(mine, right)


SHOWN = {
    "kept axes": lambda x, w: F.sum(x, axis=1, keepdims=True),
    "a column": lambda x, w: F.matmul(x, w[:, 0][:, None]),
    "another shape": lambda x, w: F.reshape(F.matmul(x, w), (2, 10)),
    "several views": lambda x, w: F.reshape(F.expand_dims(F.cumsum(x, axis=1), 0), (2, 12)),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("target", [CPU, GPU], ids=["cpu", "gpu"])
def test_what_a_result_shows_is_stored_in_it(name, target):
    x, w = F.fmatrix("x"), F.fmatrix("w")
    graph, random = Graph([x, w], [SHOWN[name](x, w)]), np.random.default_rng(0)
    made = lower(expand(optimise(graph)), target=target)
    values = [random.normal(size=s).astype("float32") for s in ((4, 6), (6, 5))]
    assert not made.temporaries and sum(isinstance(step, (Run, Gemm)) for step in made.steps) == 1
    np.testing.assert_allclose(interpret(made, values)[0], evaluate(graph, values)[0], rtol=1e-5)
