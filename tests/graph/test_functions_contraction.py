"""Products of arrays give NumPy's dtypes, shapes and values for every rank."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.functions.contraction import contract
from bitale_graph.ops.contraction import Contract
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy

SHAPES = [(), (3,), (1,), (0,), (2, 3), (3, 2), (3, 3), (1, 3), (3, 1), (2, 3, 3), (1, 3, 2), (4, 1, 2, 3), (0, 3)]
DTYPES = ["bool", "int8", "uint8", "int64", "float16", "float32", "float64", "complex64"]


def numbers(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    values = random.integers(-4, 5, shape) if np.dtype(dtype).kind != "u" else random.integers(0, 5, shape)
    return (values + (1j * random.integers(-3, 3, shape) if dtype.startswith("c") else 0)).astype(dtype)


def same(name: str, *arrays: np.ndarray, **parameters) -> None:
    numpys = getattr(np, name) if hasattr(np, name) else getattr(np.linalg, name)
    assert_equals_numpy(
        lambda *v: getattr(functions, name)(*v, **parameters), lambda *a: numpys(*a, **parameters), *arrays
    )


@pytest.mark.parametrize("name", ["dot", "matmul", "inner", "outer", "kron", "vecdot", "matvec", "vecmat"])
@pytest.mark.parametrize("left", SHAPES, ids=str)
def test_every_pair_of_ranks(name: str, left: tuple[int, ...]):
    for right in SHAPES:
        same(name, numbers(left), numbers(right, seed=1))


@pytest.mark.parametrize("name", ["dot", "matmul", "inner", "outer", "kron", "vdot", "vecdot", "vecmat", "tensordot"])
def test_every_pair_of_dtypes(name: str):
    for left, right in itertools.product(DTYPES, DTYPES):
        same(name, numbers((3, 3), left), numbers((3, 3), right, seed=1))


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_vecdot_along_an_axis(axis: int):
    same("vecdot", numbers((2, 3), "complex64"), numbers((2, 3), "float32", seed=1), axis=axis)


def test_vdot_ravels():
    same("vdot", numbers((2, 3), "complex128"), numbers((2, 3), "complex128", seed=1))
    same("vdot", numbers((2, 3)), numbers((2, 4)))


@pytest.mark.parametrize(
    "axes", [0, 1, 2, 3, ((1,), (0,)), ((0, 1), (0, 1)), ((-1, 0), (0, 1)), (0, 1), ((0,), (0, 1)), ((0, 0), (0, 1))],
    ids=str,
)  # fmt: skip
def test_tensordot(axes):
    for shapes in (((3, 3), (3, 3)), ((2, 3, 3), (3, 3, 2)), ((3, 2, 4), (2, 4, 5))):
        same("tensordot", numbers(shapes[0]), numbers(shapes[1], seed=1), axes=axes)


@pytest.mark.parametrize(
    ("left", "right", "labels"),
    [
        ((4, 2, 3), (4, 3, 5), "bij,bjk->bik"),
        ((4, 3), (4, 3, 5), "bj,bjk->bk"),
        ((4, 2, 3), (4, 3), "bij,bj->bi"),
        ((4, 3), (4, 3), "bj,bj->b"),
        ((4, 2, 5, 3), (4, 2, 3, 6), "bmij,bnjk->bmink"),
    ],
)
def test_batched_dot(left, right, labels):
    assert_equals_numpy(
        functions.batched_dot, lambda x, y: np.einsum(labels, x, y), numbers(left), numbers(right, seed=1)
    )


def test_batched_tensordot():
    x, y = numbers((4, 2, 3, 5)), numbers((4, 3, 5, 6), seed=1)
    wanted = np.einsum("bmij,bijk->bmk", x, y)
    assert_equals_numpy(functions.batched_tensordot, lambda x, y: wanted, x, y)
    assert_equals_numpy(lambda x, y: functions.batched_tensordot(x, y, ((3, 2), (2, 1))), lambda x, y: wanted, x, y)
    with pytest.raises(ArgumentError, match="cannot meet"):
        functions.batched_tensordot(x, y, ((0,), (0,)))


def test_labels_are_canonical_whatever_the_caller_calls_them():
    x, y = Variable(tensor_type("float64", (2, 3))), Variable(tensor_type("float64", (3, 4)))
    assert contract(x, y, "zq", "qm", "mz").owner.op == Contract("ab", "bc", "ca")
    assert functions.dot(x, y).owner.op == functions.matmul(x, y).owner.op == Contract("ab", "bc", "ac")


def test_a_label_of_one_operand_is_summed_before():
    assert_equals_numpy(
        lambda x, y: contract(x, y, "ij", "jk", "i"),
        lambda x, y: np.einsum("ij,jk->i", x, y),
        numbers((2, 3)),
        numbers((3, 4), seed=1),
    )


def test_lengths_that_differ_name_both_variables_and_their_lines():
    x = Variable(tensor_type("float32", (2, 3)), name="weights")
    y = Variable(tensor_type("float64", (4, 5)), name="inputs")
    with pytest.raises(ShapeError, match=r"(?s)dot: axis 1 .* 3, axis 0 .* 4.*weights.*contraction.py:.*inputs.*py:"):
        functions.dot(x, y)
    rows, columns = (Variable(tensor_type("float64", (None, None)), name=name) for name in ("rows", "columns"))
    with pytest.raises(ShapeError, match=r"(?s)lengths 3 \(axis 1 of rows\) and 1 \(axis 0 of columns\)"):
        evaluate(functions.matmul(rows, columns), [np.ones((2, 3)), np.ones((1, 3))])


def test_a_batch_axis_that_is_1_only_when_it_runs_does_not_stretch():
    x, y = (Variable(tensor_type("float64", (None, 2, 2))) for _ in range(2))
    with pytest.raises(ShapeError, match="differ"):
        evaluate(functions.matmul(x, y), [np.ones((1, 2, 2)), np.ones((3, 2, 2))])


def test_a_scalar_is_no_matrix():
    with pytest.raises(ShapeError, match=r"Use \*"):
        functions.matmul(2.0, np.ones((2, 2)))


def test_cross():
    a, b = np.arange(12.0).reshape(4, 3), np.arange(12, 0, -1).reshape(4, 3) ** 2
    given, columns, row = Variable(tensor_type("float64", (None, 3))), a.T, b[0]
    np.testing.assert_array_equal(evaluate(functions.cross(given, b), {given: a}), np.cross(a, b))
    np.testing.assert_array_equal(evaluate(functions.cross(columns, b.T, 0)), np.cross(columns, b.T, axis=0))
    np.testing.assert_array_equal(evaluate(functions.cross(row, row[::-1])), np.cross(row, row[::-1]))
    with pytest.raises(ShapeError, match="cross: axis 1 must have length 3, not None"):
        functions.cross(Variable(tensor_type("float64", (3, None))), b)
