"""x[key] is NumPy's for every kind of key, known or unknown, and so are the functions that read by index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, BitaleError, DtypeError, IndexingError, ShapeError
from bitale_graph.functions import getitem
from bitale_graph.graph import toposort
from bitale_graph.ops.control import Check
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy

SHAPE = (4, 3, 5)
X = np.arange(60).reshape(SHAPE)
MASK = np.random.default_rng(0).random(SHAPE) < 0.5

S = np.s_
ROWS = MASK[:, 0, 0]

KEYS: list[Any] = [
    (), ..., None, 0, -1, 3, (1, 2), (1, 2, 3), (-1, -1, -1), (0, ..., 1), (..., 0), (0, ...), np.int8(2), np.array(1),
    S[:], S[1:], S[::-1], S[-2:], S[10:20], S[3:1], S[1:3, ::2], S[1:2, None, 1],
    (None, 0), (0, None, 1), (..., None), (None, ..., None, 2),
    [0, 2], [], [[0, 1], [2, 3]], np.array([-1, 0]), np.array([2], "uint8"), ((0, 1), 1), np.zeros((2, 0), int),
    ([0, 1], [2, 0]), ([0, 1], 2), (1, [2, 0]), (0, [1, 2], 3), ([[0], [1]], [1, 2]),
    S[:, [0, 2]], S[[0, 2], 1:3], S[..., [0, 2]], S[[0, 1], :, [1, 2]], S[[0, 1], None, [1, 2]],
    S[None, [0, 1], [1, 2]], S[0, :, [1, 2]], S[[0, 1], :, 2], S[[0, 1], ..., [1, 2]], S[[0, 1], [1, 2], ...],
    S[[[0], [1]], 1::2, [2, 3, 4]], S[[1], :, [[1, 2]]], S[np.zeros((2, 0), int), :, 1],
    MASK, MASK[:, :, 0], ROWS, S[:, MASK[0]], S[:, :, MASK[0, 0]], (1, MASK[0]), (ROWS, [1]),
    [True, False, True, True], S[..., MASK[0, 0]], S[ROWS, :, 1], (ROWS, None), np.zeros(4, bool),
    True, False, np.True_, (True, 1), S[:, True], (False, [0]), (np.array(True), None, 0),
]  # fmt: skip

WRONG: list[Any] = [
    4, -5, (0, 3), (0, 0, 0, 0), (..., ...), 1.5, "a", print, S[::0], [0.5], np.array([0.0]), np.zeros(0), [0, 4],
    ([0, 1], [0, 1, 2]), (0, [0, 5]), (0, [0, -4]), np.zeros(3, bool), np.zeros((4, 4), bool), S[:, MASK],
    (False, [0, 1]),
]  # fmt: skip


def same(build: Callable[..., Any], function: Callable[..., Any], *arrays: Any) -> None:
    assert_equals_numpy(build, function, *arrays)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_keys(key: Any):
    same(lambda x: getitem(x, key), lambda x: x[key], X)


@pytest.mark.parametrize("key", WRONG, ids=str)
def test_wrong_keys(key: Any):
    for shape in (SHAPE, (None, None, None)):
        with pytest.raises((BitaleError, IndexError)):
            evaluate(getitem(Variable(tensor_type("int64", shape)), key), [X])


@pytest.mark.parametrize("key", [k for k in KEYS if k is not ...], ids=str)
def test_keys_made_of_variables(key: Any):
    """Every integer, index array and mask of the key is an input of the graph."""
    parts = list(key) if isinstance(key, tuple) else [key]
    places = [k for k, part in enumerate(parts) if not (part is None or part is ... or isinstance(part, slice))]
    arrays = [
        np.asarray(parts[k], None if np.size(parts[k]) or np.asarray(parts[k]).dtype == bool else int) for k in places
    ]

    def build(x: Any, *variables: Any) -> Any:
        new = list(parts)
        for k, variable in zip(places, variables):
            new[k] = variable
        return getitem(x, tuple(new))

    same(build, lambda x, *_: x[key], X, *arrays)


@pytest.mark.parametrize("i", [0, 3, -1, -4, 4, -5])
def test_an_unknown_integer(i: int):
    same(lambda x, i: getitem(x, (slice(None), i)), lambda x, i: x[:, i], X.transpose(1, 0, 2), i)


@pytest.mark.parametrize("start", [None, 0, 2, -2, 9, -9])
@pytest.mark.parametrize("stop", [None, 0, 3, -1, 9, -9])
@pytest.mark.parametrize("step", [None, 1, 2, -1, -3])
def test_unknown_slices(start, stop, step):
    bounds = [b for b in (start, stop, step) if b is not None]

    def key(values: Any) -> slice:
        values = iter(values)
        return slice(*[None if b is None else next(values) for b in (start, stop, step)])

    same(lambda x, *v: getitem(x, key(v)), lambda x, *v: x[start:stop:step], X, *bounds)


def test_python_objects_with_an_index():
    class Second:
        def __index__(self) -> int:
            return 1

    same(lambda x: getitem(x, Second()), lambda x: x[1], X)


def test_an_index_out_of_range_names_the_array():
    x = Variable(tensor_type("float64", (3, None)), name="table")
    with pytest.raises(IndexingError, match=r"(?s)index 3 is out of range for axis 0 of length 3.*table.*indexing.py"):
        getitem(x, 3)
    with pytest.raises(IndexingError, match=r"(?s)index -4 is out of range for axis 0 .*table"):
        getitem(x, [0, -4])
    with pytest.raises(IndexingError, match=r"(?s)an index for 3 axes given to an array of 2.*table"):
        getitem(x, (0, 0, 0))
    with pytest.raises(IndexingError, match=r"(?s)has length 2.* the array 3.*table"):
        getitem(x, np.zeros(2, bool))
    later = getitem(x, (0, 5))
    with pytest.raises(IndexingError, match=r"(?s)index 5 is out of range for axis 1 of length 5.*table"):
        evaluate(later, [np.zeros((3, 5))])


def test_a_mask_of_another_length_is_an_error_when_the_function_runs():
    x, mask = Variable(tensor_type("float64", (None,))), Variable(tensor_type("bool", (None,)), name="mask")
    chosen = getitem(x, mask)
    np.testing.assert_array_equal(evaluate(chosen, [np.arange(3.0), np.array([True, False, True])]), [0.0, 2.0])
    with pytest.raises(IndexingError, match=r"(?s)a mask must have the lengths of the axes.*mask"):
        evaluate(chosen, [np.arange(3.0), np.array([True, False])])


def test_what_was_read_is_remembered():
    x = Variable(tensor_type("float64", (3,)))
    for key in (slice(None), ..., 1, [0, 1]):
        read = getitem(x, key)
        assert read is not x
        assert read.read == (x, key)


def test_lengths_are_inferred():
    x = Variable(tensor_type("float64", (4, None, 5)))
    assert getitem(x, (slice(1, 3), None, [0, 1, 2])).type.shape == (2, 1, 3, 5)
    assert getitem(x, ([0, 1], slice(None), [[0], [1]])).type.shape == (2, 2, None)
    assert getitem(x, (..., 0)).type.shape == (4, None)
    assert getitem(x, np.array([True, False, True, True])).type.shape == (3, None, 5)
    assert getitem(x, (True, [0, 1, 2])).type.shape == (3, None, 5)  # a known flag stretches to other indices
    assert getitem(x, (False, None)).type.shape == (0, 1, 4, None, 5)
    assert getitem(x, Variable(tensor_type("bool", (4,)))).type.shape == (None, None, 5)


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """A key of any kind for an array of `shape`: basic, integer arrays, masks, and all of them mixed."""
    kind = draw(st.sampled_from(["basic", "mixed", "mask"]))
    if kind == "mask":
        rank = draw(st.integers(0, len(shape)))
        return draw(hnp.arrays(bool, shape[:rank]))
    if kind == "basic":
        return draw(hnp.basic_indices(shape, allow_newaxis=True))
    together = draw(hnp.array_shapes(max_dims=2, max_side=3, min_dims=1))
    parts: list[Any] = []
    for n in shape[: draw(st.integers(0, len(shape)))]:
        part = draw(st.sampled_from(["slice", "integer", "array", "array", "mask", "new"]))
        if part == "new":
            parts.append(None)
        if part == "mask" and together == (1,):
            parts.append(np.arange(n) == draw(st.integers(0, n - 1)))
        elif part == "array" and n:
            parts.append(
                draw(hnp.arrays(int, draw(st.sampled_from([together, together[-1:]])), elements=st.integers(-n, n - 1)))
            )
        elif part == "integer" and n:
            parts.append(draw(st.integers(-n, n - 1)))
        else:
            parts.append(draw(st.slices(n)))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), ...)
    return tuple(parts)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_keys(data: st.DataObject):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    key = data.draw(keys(shape))
    x = np.arange(np.prod(shape)).reshape(shape)
    try:
        x[key]
    except IndexError:
        return  # an Ellipsis in front of the parts moves them to other axes
    same(lambda x: getitem(x, key), lambda x: x[key], x)


@pytest.mark.parametrize("dtype", ["bool", "int32", "float64", "complex64"])
def test_nonzero(dtype: str):
    for x in (X % 3, X[0, 0], X[:0]):
        x = x.astype(dtype)
        same(functions.nonzero, np.nonzero, x)
        same(functions.flatnonzero, np.flatnonzero, x)
        same(functions.argwhere, np.argwhere, x)
        same(functions.where, np.where, x)
    with pytest.raises(ShapeError, match="a scalar has no indices"):
        functions.nonzero(3)


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, 3])
def test_take(mode: str, axis: int | None):
    for indices in (1, -1, [0, 2], [[0, 1], [2, 0]], [], [7, -9, 100, -100], [True, False]):
        array = np.asarray(indices, int if np.size(indices) == 0 else None)
        same(
            lambda x, indices=indices: functions.take(x, indices, axis, mode),
            lambda x, array=array: np.take(x, array, axis, mode=mode),
            X,
        )
        same(
            lambda x, i: functions.take(x, i, axis, mode),
            lambda x, i: np.take(x, i, axis, mode=mode),
            X,
            array,
        )
    with pytest.raises(DtypeError, match="indices must be integers"):
        functions.take(X, 1.0)
    with pytest.raises(ArgumentError, match="the mode must be one of raise, wrap, clip"):
        functions.take(X, 1, mode="other")


@pytest.mark.parametrize("axis", [0, 1, 2, -1, None])
def test_take_along_axis(axis: int | None):
    x = np.random.default_rng(0).integers(0, 99, SHAPE)
    order = np.argsort(x, axis)
    same(lambda x, i: functions.take_along_axis(x, i, axis), lambda x, i: np.take_along_axis(x, i, axis), x, order)
    if axis is not None:
        first = np.argmax(x, axis, keepdims=True)
        same(lambda x, i: functions.take_along_axis(x, i, axis), lambda x, i: np.take_along_axis(x, i, axis), x, first)
    same(lambda x, i: functions.take_along_axis(x, i, axis), lambda x, i: np.take_along_axis(x, i, axis), x, order[0])


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choose(mode: str):
    choices = [np.arange(3), np.arange(10, 13), np.arange(20.0, 23)]
    for a in ([2, 0, 1], [[0], [1]], 1, [3, 0, 0], [-1, 0, 0], [-1, 7, 2]):
        same(
            lambda a, *c: functions.choose(a, c, mode),
            lambda a, *c: np.choose(a, c, mode=mode),
            np.asarray(a),
            *choices,
        )


def test_compress_and_extract():
    for condition in ([True, False, True], [False, True], [0, 1, 2], [False] * 3 + [True]):
        for axis in (0, 1, None):
            same(
                lambda c, x, axis=axis: functions.compress(c, x, axis),
                lambda c, x, axis=axis: np.compress(c, x, axis),
                np.asarray(condition),
                X,
            )
    same(functions.extract, np.extract, MASK, X)


def test_select():
    x = np.arange(6)
    same(
        lambda x: functions.select([x < 2, x > 3], [x, x**2], -1), lambda x: np.select([x < 2, x > 3], [x, x**2], -1), x
    )
    same(lambda x: functions.select([x < 2], [x * 0.5]), lambda x: np.select([x < 2], [x * 0.5]), x)
    with pytest.raises(DtypeError, match="must be boolean"):
        functions.select([x], [x])
    with pytest.raises(ArgumentError, match="1 conditions given for 2 choices"):
        functions.select([x > 1], [x, x])


def test_an_index_that_is_known_to_fit_costs_no_check():
    known, unknown = (getitem(Variable(tensor_type("float64", (n,))), 1) for n in (3, None))
    assert not any(isinstance(node.op, Check) for node in toposort([known]))
    assert any(isinstance(node.op, Check) for node in toposort([unknown]))


def test_piecewise():
    x = np.linspace(-2, 2, 9)
    for functions_of_x in ([-1, 1], [lambda x: -x, lambda x: x**2], [lambda x: x, 2, lambda x: x / 2]):
        same(
            lambda x, f=functions_of_x: functions.piecewise(x, [x < 0, x > 1], f),
            lambda x, f=functions_of_x: np.piecewise(x, [x < 0, x > 1], f),
            x,
        )
    with pytest.raises(ArgumentError, match="1 functions for 2 conditions"):
        functions.piecewise(x, [x < 0, x > 1], [0])


def test_isin():
    x, chosen = np.arange(12).reshape(3, 4), np.array([[2, 5], [11, 40]])
    for invert in (False, True):
        same(
            lambda x, t, invert=invert: functions.isin(x, t, invert=invert),
            lambda x, t, invert=invert: np.isin(x, t, invert=invert),
            x,
            chosen,
        )
    same(lambda x: functions.isin(x, []), lambda x: np.isin(x, []), x)
