"""x[key].set(y) is NumPy's assignment into a copy, and .add(y) and its kin are ufunc.at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, BitaleError, DtypeError, ShapeError
from bitale_graph.functions.writing import HOW, write
from bitale_graph.graph import toposort
from bitale_graph.ops.indexing import Scatter
from bitale_graph.ops.movement import SetSlice
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy
from tests.graph.test_functions_indexing import KEYS, MASK, SHAPE, X, keys


def written(x: np.ndarray, key: Any, y: Any, how: str) -> np.ndarray:
    """What NumPy makes of a copy of x."""
    result = x.copy()
    if how == "set":
        result[key] = y
        return result
    updates = np.empty(np.shape(x[key]), x.dtype)
    updates[...] = y  # stretched here: ufunc.at reads past the end of what has surplus axes
    getattr(np, how).at(result, key, updates)
    return result


def same(key: Any, x: np.ndarray, y: np.ndarray, how: str) -> None:
    assert_equals_numpy(lambda x, y: write(x, key, y, how), lambda x, y: written(x, key, y, how), x, y)


def fresh(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).integers(-3, 4, shape)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_keys(key: Any):
    place = X[key]
    for how in HOW:
        if how == "set" and _names_a_place_twice(key):
            continue
        same(key, X, fresh(place.shape), how)


def _names_a_place_twice(key: Any) -> bool:
    places = np.arange(X.size).reshape(SHAPE)[key]
    return len(np.unique(places)) < np.size(places)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "key", [(slice(1, 3),), (..., 0), ([0, 2],), (0, [1, 2]), (MASK[:, 0, 0],), ([0, 1], slice(None), 2)]
)
def test_what_is_written_stretches(key: Any, how: str):
    place = X[key]
    for shape in {
        (),
        (1,),
        place.shape[-1:],
        (1,) * place.ndim,
        (1, *place.shape[1:]),
        (1, 1, *place.shape),
        (*place.shape[:-1], 1),
    }:
        same(key, X, fresh(shape), how)


def test_what_does_not_stretch_is_refused():
    for key, shape in (((slice(0, 2),), (3, 5)), (([0, 1],), (3, 3, 5)), ((0,), (2, 3, 5)), ((), (7,))):
        same(key, X, np.ones((*shape[:-1], shape[-1] + 1), int), "set")
    x = Variable(tensor_type("float64", (4,)), name="target")
    with pytest.raises(ShapeError, match="write"):
        write(x, slice(0, 2), np.ones(3))
    with pytest.raises(ShapeError, match="cannot become"):
        evaluate(write(x, slice(0, 2), Variable(tensor_type("float64", (None,)))), [np.zeros(4), np.ones(1)])


def test_of_several_values_for_one_place_the_last_wins():
    x = np.zeros(3)
    same([0, 1, 0], x, np.array([1.0, 2.0, 3.0]), "set")


def test_values_for_one_place_accumulate():
    for how in ("add", "multiply", "maximum", "minimum"):
        same(([0, 1, 0, 0],), np.ones((2, 2)), np.arange(2.0, 6.0).reshape(4, 1), how)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("source", ["bool", "int8", "uint8", "int64", "float32", "float64", "complex128"])
def test_dtypes(dtype: str, source: str):
    x = np.arange(4).astype(dtype)
    if np.can_cast(source, dtype, "same_kind"):
        for key in (slice(0, 2), [0, 2]):
            same(key, x, np.array([1, 3]).astype(source), "set")
    else:
        with pytest.raises(DtypeError, match=f"(?s){source} cannot be written into {dtype}.*astype"):
            write(x, 0, np.array(1, source))


def test_python_scalars_take_the_dtype_of_the_array():
    assert write(np.zeros(3, "uint8"), 0, 200).dtype == "uint8"
    assert write(np.zeros(3, "float32"), [0], 0.1).dtype == "float32"
    with pytest.raises(OverflowError, match="300 is out of bounds for uint8"):
        write(np.zeros(3, "uint8"), 0, 300)
    with pytest.raises(DtypeError, match="float64 cannot be written into int64"):
        write(np.zeros(3, "int64"), 0, 0.5)


def test_basic_keys_write_a_slice_and_arrays_scatter():
    x = Variable(tensor_type("float64", (None, 3)))
    basic, advanced = write(x, (slice(1, None), 0), 1.0, "add"), write(x, ([0, 1], 0), 1.0, "add")
    assert {type(node.op) for node in toposort([basic])} & {Scatter, SetSlice} == {SetSlice}
    assert {type(node.op) for node in toposort([advanced])} & {Scatter, SetSlice} == {Scatter}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_keys(data: st.DataObject):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    key = data.draw(keys(shape))
    x = np.arange(np.prod(shape)).reshape(shape)
    try:
        place = x[key]
    except IndexError:
        return  # an Ellipsis in front of the parts moves them to other axes
    y = fresh(np.shape(place))
    same(key, x, y, data.draw(st.sampled_from(["add", "multiply", "maximum", "minimum"])))
    if len(np.unique(place)) == np.size(place):
        same(key, x, y, "set")


def test_theanos_names():
    x, y = np.arange(4.0), np.array([5.0, 6.0, 7.0])
    read = functions.getitem(functions.as_variable(x), [0, 1, 1])
    np.testing.assert_array_equal(evaluate(functions.inc_subtensor(read, y)), [5.0, 14.0, 2.0, 3.0])
    np.testing.assert_array_equal(evaluate(functions.set_subtensor(read, y)), [5.0, 7.0, 2.0, 3.0])
    with pytest.raises(ArgumentError, match="not made by indexing"):
        functions.set_subtensor(functions.as_variable(x), y)


def test_an_unknown_way_of_writing():
    with pytest.raises(ArgumentError, match="how must be one of set, add, multiply, maximum, minimum, not 'power'"):
        write(X, 0, 1, "power")


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_put_along_axis(axis: int | None):
    x = np.random.default_rng(0).random((3, 4))
    indices = np.argmax(x, axis, keepdims=axis is not None)
    indices = np.atleast_1d(indices)

    def put(x: np.ndarray, indices: np.ndarray, values: np.ndarray) -> np.ndarray:
        result = x.copy()
        np.put_along_axis(result, indices, values, axis)
        return result

    for values in (np.array(-1.0), np.full(indices.shape, 9.0)):
        assert_equals_numpy(lambda x, i, v: functions.put_along_axis(x, i, v, axis), put, x, indices, values)
    added = functions.put_along_axis(x, indices, 1.0, axis, "add")
    assert_equals_numpy(
        lambda x, i, v: added, lambda x, i, v: put(x, i, np.take_along_axis(x, i, axis) + 1), x, indices, 0
    )


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (3, 3, 3), (1, 1), (0, 3)])
def test_fill_diagonal(shape: tuple[int, ...]):
    def filled(x: np.ndarray) -> np.ndarray:
        result = x.copy()
        np.fill_diagonal(result, 7)
        return result

    assert_equals_numpy(lambda x: functions.fill_diagonal(x, 7), filled, np.arange(np.prod(shape)).reshape(shape))


@pytest.mark.parametrize("offset", [-3, -1, 0, 1, 5])
def test_fill_diagonal_offset(offset: int):
    x = np.arange(12.0).reshape(3, 4)
    assert_equals_numpy(
        lambda x: functions.fill_diagonal_offset(x, 7, offset),
        lambda x: np.where(np.eye(3, 4, offset, bool), 7.0, x),
        x,
    )


def test_diagonals_want_matrices_and_scalars():
    for build in (
        lambda: functions.fill_diagonal(np.ones(3), 1),
        lambda: functions.fill_diagonal(np.eye(2), np.ones(2)),
    ):
        with pytest.raises(BitaleError):
            build()
