"""Reductions give NumPy's dtypes, shapes and values, over any axes, of any length."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.oracle import NUMPYS, assert_equals_numpy

PLAIN = ["sum", "prod", "max", "min", "ptp", "any", "all", "count_nonzero", "amax", "amin"]
STATISTICS = ["mean", "var", "std"]
WITHOUT_NAN = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]
RUNNING = ["cumsum", "cumprod"]
SHAPES = [(4,), (1,), (0,), (3, 4), (2, 1, 3), (0, 3), (2, 0, 3)]
AXES = [None, 0, -1, 1, (0,), (0, 1), (-1, 0), (0, 1, 2), (), (0, 0), 3]


def numbers(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    random = np.random.default_rng(0)
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu":
        return random.integers(0, 5, shape).astype(dtype)
    values = random.normal(size=shape) + (1j * random.normal(size=shape) if dtype.startswith("c") else 0)
    return values.astype(dtype)


def with_nan(shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    values = numbers(dtype, shape)
    values[np.random.default_rng(1).random(shape) < 0.4] = np.nan
    return values


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PLAIN + STATISTICS)
def test_every_axis_and_every_length(name: str, shape: tuple[int, ...]):
    x = numbers("float64", shape)
    for axis in AXES:
        for keepdims in (False, True):
            assert_equals_numpy(
                lambda x, axis=axis, keep=keepdims: getattr(functions, name)(x, axis=axis, keepdims=keep),
                lambda x, axis=axis, keep=keepdims: getattr(np, name)(x, axis=axis, keepdims=keep),
                x,
                ulps=8,
            )


@pytest.mark.parametrize("dtype", NUMPYS)
@pytest.mark.parametrize("name", [*PLAIN, *STATISTICS, *RUNNING, "argmax", "argmin", "diff"])
def test_every_dtype(name: str, dtype: str):
    for axis in (None, 1) if name != "diff" else (0, -1):
        assert_equals_numpy(
            lambda x, axis=axis: getattr(functions, name)(x, axis=axis),
            lambda x, axis=axis: getattr(np, name)(x, axis=axis),
            numbers(dtype, (3, 4)),
            ulps=8,
        )


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "cumsum", "cumprod", "nansum", "nanmean"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "complex64"])
@pytest.mark.parametrize("given", ["int32", "uint8", "float16", "float64"])
def test_the_dtype_that_is_asked_for(name: str, given: str, dtype: str):
    x = numbers(given, (3, 4))
    assert_equals_numpy(
        lambda x: getattr(functions, name)(x, axis=0, dtype=dtype),
        lambda x: getattr(np, name)(x, axis=0, dtype=dtype),
        x,
        ulps=8,
    )


@pytest.mark.parametrize("ddof", [0, 1, 2, 0.5, 5])
@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_degrees_of_freedom(name: str, ddof: float):
    for x in (numbers("float64", (3, 4)), numbers("complex128", (4,)), with_nan((3, 4))):
        assert_equals_numpy(
            lambda x: getattr(functions, name)(x, axis=0, ddof=ddof),
            lambda x: getattr(np, name)(x, axis=0, ddof=ddof),
            x,
            ulps=8,
        )


@pytest.mark.parametrize("name", [*PLAIN, *STATISTICS, "argmax", "argmin", "cumsum", "cumprod"])
def test_scalars(name: str):
    """NumPy lets axis 0 of a scalar pass; Bitale refuses an axis that does not exist."""
    assert_equals_numpy(getattr(functions, name), getattr(np, name), 2.5)
    with pytest.raises(ArgumentError, match="axis 0 does not exist"):
        getattr(functions, name)(2.5, axis=0)


def test_the_variance_of_large_numbers_keeps_its_digits():
    x = 1e9 + np.arange(10.0)
    assert_equals_numpy(functions.var, np.var, x)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_where_the_extremum_is(name: str, shape: tuple[int, ...]):
    for x in (numbers("float64", shape), numbers("int8", shape), np.full(shape, 2.0), with_nan(shape)):
        for axis in (None, 0, -1, 1, 3):
            for keepdims in (False, True):
                assert_equals_numpy(
                    lambda x, axis=axis, keep=keepdims: getattr(functions, name)(x, axis=axis, keepdims=keep),
                    lambda x, axis=axis, keep=keepdims: getattr(np, name)(x, axis=axis, keepdims=keep),
                    x,
                )


def test_several_axes_of_an_extremum_are_raveled():
    x = numbers("float64", (2, 3, 4))
    wanted = np.argmax(x.transpose(1, 0, 2).reshape(3, 8), axis=1)
    assert_equals_numpy(lambda x: functions.argmax(x, (0, 2)), lambda x: wanted, x)
    assert_equals_numpy(
        lambda x: functions.max_and_argmax(x, (0, 2), keepdims=True),
        lambda x: (x.max((0, 2), keepdims=True), wanted.reshape(1, 3, 1)),
        x,
    )


@pytest.mark.parametrize("name", WITHOUT_NAN)
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_nan_is_left_out(name: str, axis):
    nothing = np.full((2, 3), np.nan)
    for x in (with_nan((3, 4)), nothing, numbers("int32", (3, 4)), with_nan((3, 4), "float32")):
        for keepdims in (False, True):
            assert_equals_numpy(
                lambda x, keep=keepdims: getattr(functions, name)(x, axis=axis, keepdims=keep),
                lambda x, keep=keepdims: getattr(np, name)(x, axis=axis, keepdims=keep),
                x,
                ulps=8,
            )


@pytest.mark.parametrize("name", ["nanargmax", "nanargmin"])
def test_the_index_of_an_extremum_without_nan(name: str):
    x = with_nan((4, 5))
    x[:, 0] = 0.0
    assert_equals_numpy(lambda x: getattr(functions, name)(x, 1), lambda x: getattr(np, name)(x, 1), x)
    x[2] = np.nan
    assert_equals_numpy(lambda x: getattr(functions, name)(x, 1), lambda x: getattr(np, name)(x, 1), x)


@pytest.mark.parametrize("name", RUNNING)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_running_totals(name: str, shape: tuple[int, ...]):
    for axis in (None, 0, -1, 5):
        assert_equals_numpy(
            lambda x, axis=axis: getattr(functions, name)(x, axis),
            lambda x, axis=axis: getattr(np, name)(x, axis),
            numbers("float64", shape),
        )


@pytest.mark.parametrize("n", [-1, 0, 1, 2, 5])
@pytest.mark.parametrize("axis", [0, -1, 2])
def test_differences(n: int, axis: int):
    for x in (numbers("float64", (3, 4)), numbers("bool", (3, 4)), numbers("uint8", (3, 1))):
        assert_equals_numpy(lambda x: functions.diff(x, n, axis), lambda x: np.diff(x, n, axis), x)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
def test_weighted_means(axis):
    x, weights = numbers("float64", (3, 4)), np.random.default_rng(2).random((3, 4))
    for keepdims in (False, True):
        assert_equals_numpy(
            lambda x, w, keep=keepdims: functions.average(x, axis, w, keep),
            lambda x, w, keep=keepdims: np.average(x, axis, w, keepdims=keep),
            x, weights, ulps=8,
        )  # fmt: skip


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, -1, np.inf, -np.inf])
def test_norms_of_vectors(order):
    for x in (numbers("float64", (5,)), numbers("complex64", (4,)), numbers("int32", (5,)), np.zeros(3)):
        assert_equals_numpy(lambda x: functions.norm(x, order), lambda x: np.linalg.norm(x, order), x, ulps=16)
    for x, keep in product((numbers("float64", (3, 4)), np.zeros((3, 0)), np.zeros((0, 3))), (False, True)):
        assert_equals_numpy(
            lambda x, keep=keep: functions.norm(x, order, 1, keep),
            lambda x, keep=keep: np.linalg.norm(x, order, 1, keep),
            x,
            ulps=16,
        )
    power = 2 if order is None else order
    assert_equals_numpy(
        lambda x: functions.vector_norm(x, power), lambda x: np.linalg.vector_norm(x, ord=power), x, ulps=16
    )


@pytest.mark.parametrize("order", [None, "fro", 1, -1, np.inf, -np.inf, 7])
def test_norms_of_matrices(order):
    assert_equals_numpy(
        lambda x: functions.norm(x, order), lambda x: np.linalg.norm(x, order), numbers("float64", (3, 4)), ulps=16
    )
    for axes in ((0, 1), (2, 0), (-1, 1)):
        for keep in (False, True):
            assert_equals_numpy(
                lambda x, axes=axes, keep=keep: functions.norm(x, order, axes, keep),
                lambda x, axes=axes, keep=keep: np.linalg.norm(x, order, axes, keep),
                numbers("float64", (2, 3, 4)),
                ulps=16,
            )


def test_norms_of_singular_values():
    x, value = Variable(tensor_type("float64", (3, 2))), np.random.default_rng(0).normal(size=(3, 2))
    for order in (2, -2, "nuc"):
        np.testing.assert_allclose(evaluate(functions.norm(x, order), {x: value}), np.linalg.norm(value, order))
    with pytest.raises(ArgumentError, match="is no norm of a matrix"):
        functions.norm(x, 3)


def test_the_largest_of_no_elements_is_an_error_that_names_the_variable():
    x = Variable(tensor_type("float64", (None, 0)), name="rows")
    with pytest.raises(ShapeError, match=r"(?s)maximum.*rows.*test_functions_reduction"):
        functions.max(x, axis=1)
    y = Variable(tensor_type("float64", (None,)), name="later")
    with pytest.raises(ShapeError, match="later"):
        evaluate(functions.max(y), [np.zeros(0)])


def test_reducing_no_axis_gives_the_elements():
    x = Variable(tensor_type("float64", (None,)))
    assert functions.max(x, axis=()) is x


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (0, 0), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "any", "all"])
def test_an_initial_value_and_chosen_elements(name: str, shape: tuple[int, ...]):
    x, mask = numbers("float64", shape), numbers("bool", shape)
    given = {} if name in ("any", "all") else {"initial": 0.5}
    for axis in (None, 0, -1, (0, 1)):
        assert_equals_numpy(
            lambda x, mask, axis=axis: getattr(functions, name)(x, axis=axis, where=mask, **given),
            lambda x, mask, axis=axis: getattr(np, name)(x, axis=axis, where=mask, **given),
            x,
            mask,
            ulps=8,
        )
        assert_equals_numpy(
            lambda x, axis=axis: getattr(functions, name)(x, axis=axis, **given),
            lambda x, axis=axis: getattr(np, name)(x, axis=axis, **given),
            x,
            ulps=8,
        )
    if name in ("max", "min"):
        with pytest.raises(ArgumentError, match="`where` needs `initial`"):
            getattr(functions, name)(x, where=mask)


def test_weights_of_some_axes():
    x = numbers("float64", (2, 3, 4))
    for axis, weights in ((1, [1.0, 2, 3]), (-1, [1.0, 0, 0, 2]), ((0, 2), np.arange(8.0).reshape(2, 4))):
        assert_equals_numpy(
            lambda x, w, axis=axis: functions.average(x, axis, w), lambda x, w, axis=axis: np.average(x, axis, w),
            x, np.asarray(weights), ulps=8,
        )  # fmt: skip
    with pytest.raises(ShapeError, match="weights of 1 axes for 3 of the 3 axes of x"):
        functions.average(x, weights=[1.0, 2])


def test_deviations_are_not_integers():
    with pytest.raises(DtypeError, match="cannot be int8"):
        functions.var(np.arange(3), dtype="int8")


def test_differences_with_ends():
    x = numbers("float64", (3, 4)) ** 2
    for axis, options in ((-1, {"prepend": 0}), (0, {"append": 2.5}), (1, {"prepend": x[:, :1], "append": 1})):
        for n in (0, 1, 2):
            assert_equals_numpy(
                lambda x, axis=axis, n=n, options=options: functions.diff(x, n, axis, **options),
                lambda x, axis=axis, n=n, options=options: np.diff(x, n, axis, **options),
                x,
            )
