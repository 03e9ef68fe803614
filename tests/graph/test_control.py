"""Loops and branches as ops: types, lengths, meaning, equality, pickling."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from bitale_graph import Graph, evaluate
from bitale_graph.errors import ShapeError
from bitale_graph.functions import as_variable, dmatrix, dscalar, dvector, lscalar, tanh
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply
from bitale_graph.verify import verify


def recurrent(reverse: bool = False) -> Scan:
    """One step of a simple recurrent network, which collects twice its state."""
    step, h, x, w = lscalar("step"), dvector("h"), dvector("x"), dmatrix("w")
    state = tanh(x @ w + h)
    return Scan(Graph([step, h, x, w], [state, 2 * state], "recurrent"), carries=1, sequences=1, reverse=reverse)


def applied(op: Scan) -> Graph:
    xs, h, w = dmatrix("xs"), dvector("h"), dmatrix("w")
    return verify(Graph([xs, h, w], Apply(op, (as_variable(shape_of(xs)[0]), h, xs, w)).outputs))


@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("reverse", [False, True])
def test_scan_is_a_loop(length, reverse):
    rng = np.random.default_rng(0)
    xs, h, w = rng.normal(size=(length, 3)), rng.normal(size=2), rng.normal(size=(3, 2))
    last, collected = evaluate(applied(recurrent(reverse)), [xs, h, w])
    wanted = np.zeros((length, 2))
    for step in reversed(range(length)) if reverse else range(length):
        h = np.tanh(xs[step] @ w + h)
        wanted[step] = 2 * h
    np.testing.assert_array_equal(last, h)
    np.testing.assert_array_equal(collected, wanted)


def test_lengths_of_a_scan_are_known_outside():
    graph = applied(recurrent())
    (state,), (steps, columns) = map(shape_of, graph.outputs)
    found = evaluate([state, steps, columns], dict(zip(graph.inputs, [np.ones((4, 3)), np.ones(2), np.ones((3, 2))])))
    assert list(map(int, found)) == [2, 4, 2]


def test_a_conditional_scan_counts_its_steps():
    step, total, bound = lscalar("step"), dscalar("total"), dscalar("bound")
    body = Graph([step, total, bound], [total * 2, total * 2 < bound, total])
    op = Scan(body, carries=1, sequences=0, conditional=True)
    first, limit = dscalar("first"), dscalar("limit")
    graph = Graph([first, limit], Apply(op, (as_variable(np.int64(100)), first, limit)).outputs)
    last, taken, collected = evaluate(graph, [1.0, 10.0])
    assert (last, taken) == (16.0, 4)
    np.testing.assert_array_equal(collected, [1.0, 2.0, 4.0, 8.0])


def test_scans_of_equal_structure_are_equal():
    assert recurrent() == recurrent()
    assert hash(recurrent()) == hash(recurrent())
    assert recurrent() != recurrent(reverse=True)
    graph = applied(recurrent())
    loaded = pickle.loads(pickle.dumps(graph))
    assert loaded.structure == graph.structure


def test_a_carry_keeps_its_type():
    step, h = lscalar("step"), dvector("h")
    op = Scan(Graph([step, h], [h.sum()]), carries=1, sequences=0)
    with pytest.raises(ShapeError, match="the new carries"):
        Apply(op, (as_variable(np.int64(3)), h))


@pytest.mark.parametrize(("number", "wanted"), [(-1, [1.0]), (0, [1.0]), (1, [4.0]), (7, [4.0])])
def test_a_branch_computes_one_body(number, wanted):
    x, i = dvector("x"), lscalar("i")
    op = Branch((Graph([x], [x]), Graph([x], [4 * x])))
    found = evaluate(Graph([i, x], Apply(op, (i, x)).outputs), [number, [1.0]])
    np.testing.assert_array_equal(found[0], wanted)


def test_bodies_of_a_branch_agree():
    x, i = dvector("x"), lscalar("i")
    op = Branch((Graph([x], [x]), Graph([x], [x.sum()])))
    with pytest.raises(ShapeError, match="dtypes and ranks must agree"):
        Apply(op, (i, x))
