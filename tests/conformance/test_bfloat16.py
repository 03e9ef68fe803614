"""Operations of bfloat16 and their gradients: those of float32 but for rounding, and the same in optimised C."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_c import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.dtypes import BFLOAT16
from tests.conformance.test_random_graphs import BINARY, MOVING, REDUCING, UNARY, N

OPERATIONS = [(f, 1) for f in (*UNARY, *MOVING, *REDUCING)] + [(f, 2) for f in BINARY]
STEP = 2.0**-8  # the relative size of a rounding


def graph(number: int, dtype: str) -> Graph:
    """An operation, and the gradients of a smooth function of it."""
    operation, arity = OPERATIONS[number]
    inputs = [Variable(tensor_type(dtype, (None, None)), name=name) for name in "xy"[:arity]]
    result = operation(*inputs)
    return Graph(inputs, [result, *grad(F.sum(F.tanh(F.cast(result, "float32"))), inputs)])


def arrays(number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(number)
    return [rng.normal(size=(N, N)).astype(BFLOAT16) for _ in range(OPERATIONS[number][1])]


@cache
def reference(number: int, dtype: str) -> list[np.ndarray]:
    return evaluate(graph(number, dtype), [a.astype(dtype) for a in arrays(number)])


def assert_near(found: list[np.ndarray], wanted: list[np.ndarray], roundings: int) -> None:
    for a, b in zip(found, wanted, strict=True):
        a, b = a.astype("float64"), b.astype("float64")
        np.testing.assert_allclose(a, b, rtol=0, atol=roundings * STEP * max(1, np.abs(b).max()))


@pytest.mark.parametrize("number", range(len(OPERATIONS)))
def test_gradients_are_those_of_float32(number):
    found = reference(number, "bfloat16")
    assert all(g.dtype == BFLOAT16 for g in found[1:])
    assert_near(found, reference(number, "float32"), roundings=6)


@pytest.mark.parametrize("part", range(3))
def test_optimised_c_is_the_reference(part):
    numbers = range(part, len(OPERATIONS), 3)
    graphs = [graph(number, "bfloat16") for number in numbers]
    function = compile(Graph([v for g in graphs for v in g.inputs], [v for g in graphs for v in g.outputs]))
    found = iter(function(*[a for number in numbers for a in arrays(number)]))
    for number, each in zip(numbers, graphs, strict=True):
        wanted = reference(number, "bfloat16")
        results = [next(found) for _ in each.outputs]
        assert [a.dtype for a in results] == [a.dtype for a in wanted]
        assert_near(results, wanted, roundings=6)


def test_rounding_is_to_the_nearest_and_to_even():
    """Every number of float32 whose lower half says how to round, in C as in ml_dtypes; NaN stays NaN."""
    upper = np.arange(0, 2**16, 7, dtype="uint32") << 16
    bits = (upper[:, None] | np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], "uint32")).ravel()
    x = Variable(tensor_type("float32", (None,)))
    (found,) = compile(Graph([x], [F.cast(x, "bfloat16")]))(bits.view("float32"))
    with np.errstate(all="ignore"):
        wanted = bits.view("float32").astype(BFLOAT16)
    number = ~np.isnan(wanted)
    assert np.isnan(found[~number]).all()
    np.testing.assert_array_equal(found.view("uint16")[number], wanted.view("uint16")[number])


def test_products_may_be_large():
    """Larger than what loops compute: OpenBLAS multiplies float32. Longer sums than bfloat16 can count."""
    x, w = (Variable(tensor_type("bfloat16", (None, None)), name=name) for name in "xw")
    one = np.ones((70, 1000), BFLOAT16)
    (found,) = compile(Graph([x, w], [x @ w]))(one, one.T)
    assert found.dtype == BFLOAT16 and (found == 1000).all()


def test_lengths_may_be_results_too():
    """A product in float32 lives only inside: the kernel that reads it needs lengths that are results."""
    x, w = (Variable(tensor_type("bfloat16", (None, None)), name=name) for name in "xw")
    b = Variable(tensor_type("bfloat16", (None,)), name="b")
    graph = Graph([x, w, b], [F.log_softmax(F.cast(x @ w + b, "float32"), axis=1), x.shape[0], w.shape[1]])
    given = [np.ones((3, 4), BFLOAT16), np.ones((4, 5), BFLOAT16), np.arange(5).astype(BFLOAT16)]
    found, rows, columns = compile(graph)(*given)
    assert (rows, columns) == (3, 5)
    assert_near([found], evaluate(graph, given)[:1], roundings=1)
