"""Reshaping as NumPy does it, with known and unknown lengths, and with lengths that are variables."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import KNOWN, UNKNOWN, assert_form, assert_same, compute, numbers

FORMS = {
    "reshape": lambda m, x: m.reshape(x, (4, 6)),
    "reshape same": lambda m, x: m.reshape(x, (2, 3, 4)),
    "reshape one length": lambda m, x: m.reshape(x, 24),
    "reshape -1": lambda m, x: m.reshape(x, -1),
    "reshape -1 first": lambda m, x: m.reshape(x, (-1, 8)),
    "reshape -1 within": lambda m, x: m.reshape(x, (2, -1, 2)),
    "reshape vector": lambda m, x: m.reshape(x, np.array([3, 8])),
    "reshape F": lambda m, x: m.reshape(x, (6, -1), order="F"),
    "reshape order": lambda m, x: m.reshape(x, 24, order="B"),
    "ravel F": lambda m, x: m.ravel(x, "F"),
    "flatten F": lambda m, x: x.flatten("F"),
    "reshape wrong": lambda m, x: m.reshape(x, (5, 5)),
    "reshape -1 wrong": lambda m, x: m.reshape(x, (5, -1)),
    "reshape -1 by 0": lambda m, x: m.reshape(x, (0, -1)),
    "reshape two unknown": lambda m, x: m.reshape(x, (-1, -1)),
    "reshape float": lambda m, x: m.reshape(x, (2.0, 12)),
    "ravel": lambda m, x: m.ravel(x),
    "atleast_1d": lambda m, x: m.atleast_1d(x),
    "atleast_3d": lambda m, x: m.atleast_3d(x),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str):
    assert_form(FORMS[name], numbers((2, 3, 4)))


@pytest.mark.parametrize("shape, new", [
    ((), ()), ((), (1, 1)), ((1,), ()), ((0, 3), (3, 0, 2)), ((0, 3), (-1, 3)), ((1, 0), (0,)), ((4, 0), (0, 0)),
], ids=str)  # fmt: skip
def test_no_and_one_element(shape: tuple[int, ...], new: tuple[int, ...]):
    assert_form(lambda m, x: m.reshape(x, new), numbers(shape))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 0)], ids=str)
@pytest.mark.parametrize("name", ["atleast_1d", "atleast_2d", "atleast_3d", "ravel"])
def test_ranks(name: str, shape: tuple[int, ...]):
    assert_form(lambda m, x: getattr(m, name)(x), numbers(shape))


def test_several_arrays_at_least():
    assert_form(lambda m, x, y: m.atleast_2d(x, y), numbers(()), numbers((3,)))


def test_lengths_may_be_variables():
    x, n = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int32"))
    array = numbers((6,))
    assert_same([evaluate(F.reshape(x, (n, -1)), {x: array, n: 3})], [array.reshape(3, 2)])
    assert_same([evaluate(F.reshape(x, n, 2), {x: array, n: 3})], [array.reshape(3, 2)])
    with pytest.raises(ShapeError):
        evaluate(F.reshape(x, (n, 2)), {x: array, n: 2})
    with pytest.raises(ShapeError, match="negative"):
        evaluate(F.reshape(x, (n, 2)), {x: array, n: -1})


def test_less_than_minus_one_is_no_length():
    with pytest.raises(ArgumentError, match=r"one length may be -1, none less; the shape is \(-2, 12\)"):
        F.reshape(Variable(tensor_type("float64", (2, 12))), (-2, 12))


def test_a_vector_of_lengths_needs_a_known_rank():
    x, shape = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64", (2,)))
    array = numbers((6,))
    assert_same([evaluate(F.reshape(x, shape), {x: array, shape: np.array([2, 3])})], [array.reshape(2, 3)])
    with pytest.raises(ShapeError, match="how many lengths"):
        F.reshape(x, Variable(tensor_type("int64", (None,))))
    with pytest.raises(DtypeError, match="an integer is wanted, not float64"):
        F.reshape(x, (Variable(tensor_type("float64")),))


def test_what_remains_is_known_when_unknown_lengths_cancel():
    x = Variable(tensor_type("float64", (None, 3, 4)))
    n = shape_of(x)[0]
    assert F.reshape(x, (n, -1)).type.shape == (None, 12)
    assert F.reshape(x, (-1, n)).type.shape == (12, None)
    assert F.reshape(x, (n, 3, -1)) is x
    assert F.flatten(x, 2).type.shape == (None, 12)


@pytest.mark.parametrize("ndim, shape", [(1, (24,)), (2, (2, 12)), (3, (2, 3, 4))])
@pytest.mark.parametrize("lengths", [KNOWN, UNKNOWN])
def test_flatten(lengths: str, ndim: int, shape: tuple[int, ...]):
    x = numbers((2, 3, 4))
    assert_same(compute(lambda v: F.flatten(v, ndim), [x], lengths), [x.reshape(shape)])


def test_flatten_refuses_more_axes_than_there_are():
    with pytest.raises(ArgumentError, match="2 axes cannot be flattened to 3"):
        F.flatten(Variable(tensor_type("float64", (2, 3))), 3)
    assert F.flatten(Variable(tensor_type("float64"))).type.shape == (1,)


def test_the_rank_can_be_said_where_the_lengths_are_a_vector():
    x, shape = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64", (None,)))
    y = F.reshape(x, shape, ndim=2)
    assert y.type.shape == (None, None)
    assert evaluate(y, {x: np.arange(6.0), shape: np.array([2, 3])}).shape == (2, 3)
    assert F.reshape(x, (3, 2), ndim=2).type.shape == (3, 2)
    with pytest.raises(ShapeError):
        F.reshape(x, (3, 2), ndim=3)
    with pytest.raises(ShapeError):
        evaluate(y, {x: np.arange(6.0), shape: np.array([6])})


def test_any_length_would_fit_beside_none():
    for shape in ((2, 2), (0, 2), (None, 2)):
        with pytest.raises(ShapeError, match=r"reshape: any length fits -1 in \(0, -1\)"):
            F.reshape(Variable(tensor_type("float64", shape)), (0, -1))


def test_join_dims():
    x = numbers((2, 3, 4))
    assert_same(compute(lambda v: F.join_dims(v, 1, 3), [x], UNKNOWN), [x.reshape(2, 12)])
