"""Loops with a small state are one launch; others are one for each kernel of each step, with the same results."""

from __future__ import annotations

import re

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_cuda import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.functions.control.loop import scan
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere

pytestmark = needs_compiler
Y = Variable(tensor_type("float64", (None,)), name="y")
ROWS = Variable(tensor_type("float64", (None, None)), name="rows")
H = Variable(tensor_type("float64", (None,)), name="h")
A = Variable(tensor_type("float64", ()), name="a")


def normalised(h, row):
    new = F.tanh(h + row)
    return new / (1 + F.sum(new * new)), new[0]


def results() -> list[Variable]:
    last, squares = scan(lambda c, y: (A * c + y, c * c), F.zeros(()), Y)
    state, firsts = scan(normalised, H, ROWS)
    (a, b), _ = scan(lambda ab, y: ((ab[1] * 0.5 + y, ab[0] - ab[1]), None), (F.zeros(()), F.ones(())), Y)
    _, states = scan(lambda h, row: (h * 0.5 + row,) * 2, H, ROWS)
    return [last, squares, state, firsts, a, b, states]


GRAPH = Graph([Y, ROWS, H, A], results())


@pytest.fixture(scope="module")
def function():
    function = compile(GRAPH, driver=EmulatedDriver())
    compiles_everywhere(function)
    return function


@pytest.mark.parametrize(("steps", "length"), [(6, 5), (7, 300), (1, 1), (0, 3), (4, 5000)])
def test_loops(function, steps, length):
    random = np.random.default_rng(steps)
    shapes = [(steps,), (steps, length), (length,), ()]
    values = [random.normal(size=shape) for shape in shapes]
    before = function.driver.counts["launches"]
    for got, want in zip(function(*values), evaluate(GRAPH, values), strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    assert function.driver.counts["launches"] - before < (20 if length < 5000 else 40)


def test_thousands_of_steps_are_one_launch(function):
    values = [np.ones(3000), np.ones((3000, 2)), np.ones(2), np.asarray(0.5)]
    before = function.driver.counts["launches"]
    for got, want in zip(function(*values), evaluate(GRAPH, values), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    assert function.driver.counts["launches"] - before < 20


# ---- rows that never meet --------------------------------------------------------------------------------------------

SEQUENCES = Variable(tensor_type("float64", (None, None, None)), name="sequences")
STARTS = Variable(tensor_type("float64", (None, None)), name="starts")
MATRIX = Variable(tensor_type("float64", (None, None)), name="matrix")


def recurrent(h, x):
    """A network's step for a batch: a product, and a sum over each row."""
    new = F.tanh(x + h @ MATRIX)
    return new / (1 + F.sum(new * new, axis=1, keepdims=True)), new[:, 0]


def meeting(h, x):
    """Rows that read one another."""
    return F.tanh(x + h[::-1]), F.sum(h)


def sharing_memory(h, x):
    """Temporary arrays of different lengths, one after the other in the same memory: rows lie over others there."""
    wide = F.tanh(F.tanh(h @ MATRIX[:, 1:]) @ MATRIX[1:])
    return F.tanh(wide @ MATRIX + x), F.sum(wide, axis=1)


BATCHES = {
    "recurrent": recurrent,
    "sharing memory": sharing_memory,
    "elements": lambda h, x: (F.sin(h) * 0.5 + x, h * h),
    "meeting": meeting,
}
OWN = {"sharing memory": ["contract", "contract_2", "contract_3", "tanh_", "tanh__2"]}


@pytest.mark.parametrize("name", BATCHES)
def test_batches(name, monkeypatch):
    graph = Graph([SEQUENCES, STARTS, MATRIX], list(scan(BATCHES[name], STARTS, SEQUENCES)))
    function = compile(graph, driver=EmulatedDriver())
    compiles_everywhere(function)
    assert sorted(re.findall(r"(\w+)_own = call.memory", function.emitted.host)) == OWN.get(name, [])
    blocks = []
    launch = function.driver.launch
    monkeypatch.setattr(function.driver, "launch", lambda kernel, grid, *rest: (
        blocks.append((kernel.name, grid)), launch(kernel, grid, *rest),
    ))  # fmt: skip
    for steps, rows, width in ((3, 40, 8), (0, 3, 2), (5, 1, 3), (2, 70, 40), (2, 0, 4)):
        random = np.random.default_rng(rows)
        values = [random.normal(size=shape) for shape in ((steps, rows, width), (rows, width), (width, width))]
        blocks.clear()
        for got, want in zip(function(*values), evaluate(graph, values), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)
        (grid,) = [grid for kernel, grid in blocks if kernel.endswith("_steps")]
        assert (grid > 1) == (name != "meeting" and rows * width > 256), (grid, rows)


@pytest.mark.parametrize("batch", [1, 9])
def test_an_lstm_and_its_gradient_are_a_launch_for_each_loop(batch):
    """The backward loop has rows of scratch."""
    width = 6

    def cell(carry, x):
        h, c = carry
        z = x + h @ MATRIX
        i, f, g, o = (z[:, k * width : (k + 1) * width] for k in range(4))
        c = F.sigmoid(f) * c + F.sigmoid(i) * F.tanh(g)
        return (F.sigmoid(o) * F.tanh(c), c), None

    (last, _), _ = scan(cell, (STARTS, STARTS * 0.5), SEQUENCES)
    cost = F.sum(last * last)
    graph = Graph([SEQUENCES, STARTS, MATRIX], [cost, *grad(cost, [SEQUENCES, STARTS, MATRIX])])
    function = compile(graph, driver=EmulatedDriver())
    compiles_everywhere(function)
    random = np.random.default_rng(batch)
    values = [random.normal(size=s) for s in ((5, batch, 4 * width), (batch, width), (width, 4 * width))]
    for got, want in zip(function(*values), evaluate(graph, values), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)
    assert function.driver.counts["gemms"] <= 2 and function.driver.counts["launches"] < 25
