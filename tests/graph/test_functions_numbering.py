"""Arithmetic with indices agrees with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import functions
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy


@pytest.mark.parametrize("order", ["C", "F", "A"])
@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4), 6])
def test_unravel_index(order: str, shape):
    for indices in ([0, 1, 4], 3, [[1, 2]], [99], [-1]):
        assert_equals_numpy(
            lambda i: functions.unravel_index(i, shape, order),
            lambda i: np.unravel_index(i, shape, order),
            np.asarray(indices),
        )


@pytest.mark.parametrize("order", ["C", "F", "A"])
@pytest.mark.parametrize("mode", ["raise", "wrap", "clip", ("wrap", "clip"), "other"])
def test_ravel_multi_index(order: str, mode):
    for rows, columns in (([0, 1, 2], [3, 0, 1]), (2, 3), ([5, -1], [9, -9])):
        assert_equals_numpy(
            lambda *i: functions.ravel_multi_index(i, (3, 4), mode, order),
            lambda *i: np.ravel_multi_index(i, (3, 4), mode, order),
            np.asarray(rows),
            np.asarray(columns),
        )


def test_the_number_of_axes_must_agree():
    with pytest.raises(ArgumentError, match="1 indices and 2 modes given for 2 axes"):
        functions.ravel_multi_index(([1],), (3, 4))


def test_one_hot():
    indices = np.array([[0, 2], [1, -1]])
    for dtype in ("float64", "int8", "bool"):
        assert_equals_numpy(
            lambda i, dtype=dtype: functions.one_hot(i, 3, dtype),
            lambda i, dtype=dtype: (i[..., None] == np.arange(3)).astype(dtype),
            indices,
        )
    length = functions.as_variable(np.asarray(4))
    np.testing.assert_array_equal(evaluate(functions.one_hot(2, length)), [0, 0, 1, 0])
    with pytest.raises(DtypeError, match="one_hot: indices must be integers"):
        functions.one_hot(1.5, 3)


def test_inverse_permutation():
    assert_equals_numpy(functions.inverse_permutation, np.argsort, np.array([2, 0, 3, 1]))
    with pytest.raises(ShapeError, match="a vector is wanted"):
        functions.inverse_permutation([[0]])


@pytest.mark.parametrize("minlength", [0, 3, 9])
def test_bincount(minlength: int):
    for x in ([1, 1, 4, 0, 1], [], [0], [2, -1]):
        x = np.asarray(x, "int64")
        weights = np.linspace(0, 1, x.size)
        assert_equals_numpy(
            lambda x: functions.bincount(x, minlength=minlength), lambda x: np.bincount(x, minlength=minlength), x
        )
        for given in (
            (weights, weights.astype("float32"), weights > 0.5) if x.size else ()
        ):  # NumPy counts nothing in int64
            assert_equals_numpy(
                lambda x, w: functions.bincount(x, w, minlength), lambda x, w: np.bincount(x, w, minlength), x, given
            )
    with pytest.raises(ShapeError, match="a vector is wanted"):
        functions.bincount([[1]])
