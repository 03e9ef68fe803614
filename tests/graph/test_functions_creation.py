"""Filled arrays as NumPy makes them, also of shapes that are variables."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, ancestors, shape_of, tensor_type
from bitale_graph.errors import DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import assert_form, assert_same, compute, numbers

FORMS = {
    "zeros": lambda m: m.zeros((2, 3)),
    "zeros length": lambda m: m.zeros(4),
    "zeros scalar": lambda m: m.zeros(()),
    "zeros int": lambda m: m.zeros((0, 2), dtype="int8"),
    "zeros numpy": lambda m: m.zeros(np.array([2, 1])),
    "zeros negative": lambda m: m.zeros((-1,)),
    "zeros float": lambda m: m.zeros((1.5,)),
    "ones": lambda m: m.ones((1, 3)),
    "ones bool": lambda m: m.ones(2, bool),
    "full": lambda m: m.full((2, 3), 7),
    "full float": lambda m: m.full(2, 7.5),
    "full dtype": lambda m: m.full((2,), 7.5, dtype="float32"),
    "full rows": lambda m: m.full((2, 3), np.arange(3)),
    "full wrong": lambda m: m.full((2, 3), np.arange(2)),
    "full complex": lambda m: m.full((), 1j),
}

LIKE = {
    "zeros_like": lambda m, x: m.zeros_like(x),
    "zeros_like dtype": lambda m, x: m.zeros_like(x, dtype="float32"),
    "zeros_like shape": lambda m, x: m.zeros_like(x, shape=(3, 1)),
    "ones_like": lambda m, x: m.ones_like(x),
    "full_like": lambda m, x: m.full_like(x, 3),
    "full_like dtype": lambda m, x: m.full_like(x, 3.5, "complex64"),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str):
    assert_form(FORMS[name])


@pytest.mark.parametrize("dtype", ["float64", "int16", "bool"])
@pytest.mark.parametrize("shape", [(2, 3), (0,), ()], ids=str)
@pytest.mark.parametrize("name", LIKE)
def test_like(name: str, shape: tuple[int, ...], dtype: str):
    assert_form(LIKE[name], numbers(shape, dtype))


def test_the_array_itself_is_not_computed():
    x = Variable(tensor_type("float64", (None,)), name="x")
    heavy = F.exp(x)
    assert heavy not in set(ancestors([F.zeros_like(heavy)]))


def test_lengths_that_are_variables():
    n, rows = Variable(tensor_type("int64")), Variable(tensor_type("int64", (2,)))
    assert_same([evaluate(F.zeros((n, 2)), [3])], [np.zeros((3, 2))])
    assert_same([evaluate(F.ones(rows), [np.array([2, 1])])], [np.ones((2, 1))])
    x = Variable(tensor_type("float32", (None, 4)))
    assert F.zeros(shape_of(x)).type.shape == (None, 4)


def test_theano_names():
    x = numbers((2, 3))
    assert_same(compute(lambda v: F.alloc(v, 4, 2, 3), [x], "known"), [np.broadcast_to(x, (4, 2, 3))])
    assert_same(compute(lambda v: F.fill(v, 7), [x], "unknown"), [np.full((2, 3), 7)])
    assert_same(compute(lambda v: F.empty_like(v), [x], "unknown"), [np.zeros((2, 3))])
    assert_same([evaluate(F.empty((2,)))], [np.zeros(2)])


def test_errors_name_the_argument():
    with pytest.raises(OverflowError, match="full: the Python integer 300 is out of bounds for int8"):
        F.full(2, 300, dtype="int8")
    with pytest.raises(ShapeError, match="full: a length cannot be negative: -1"):
        F.zeros((2, -1))
    with pytest.raises(DtypeError, match=r"full: an integer is wanted, not float64\n +n: float64 +made at"):
        F.zeros((Variable(tensor_type("float64"), name="n"),))
