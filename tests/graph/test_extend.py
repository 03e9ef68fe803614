"""Users' elementwise functions behave as the built-in ones: dtypes, graphs, evaluation, pickling, errors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.extend import elementwise_function
from bitale_graph.ops.elementwise import FUNCTIONS, maximum


@pytest.fixture(autouse=True)
def _forget():
    before = dict(FUNCTIONS)
    yield
    FUNCTIONS.clear()
    FUNCTIONS.update(before)


def variable(dtype: str, shape: tuple[int | None, ...] = (None,)) -> Variable:
    return Variable(tensor_type(dtype, shape), name="x")


def test_a_function_builds_evaluates_and_pickles():
    cube = elementwise_function("cube", 1, lambda x: x * x * x)
    y = cube(variable("float32"))
    assert (y.dtype, repr(y)) == ("float32", "cube(x)")
    for each in (y, pickle.loads(pickle.dumps(y))):
        np.testing.assert_array_equal(each.eval([[1, 2, 3]]), np.float32([1, 8, 27]), strict=True)


def test_operands_broadcast_and_scalars_adapt():
    span = elementwise_function("span", 3, lambda x, low, high: (x - low) / (high - low))
    y = span(variable("float32", (2, 1)), 1.0, variable("float32", (3,)))
    assert y.type == tensor_type("float32", (2, 3))


DTYPES = [(None, "int64", "float64"), (None, "float16", "float16"), (np.maximum, "int8", "int8"),
          (maximum, "float32", "float32"), ("bool", "float32", "bool"), (np.less, "int8", "bool")]  # fmt: skip


@pytest.mark.parametrize("like, given, wanted", DTYPES)
def test_dtypes_follow(like, given: str, wanted: str):
    second = elementwise_function("second", 2, lambda x, y: y if wanted != "bool" else y > 0, like=like)
    x = variable(given)
    found = second(x, x).eval([np.array([0, 1], given)])
    assert found.dtype == wanted


def test_a_function_may_be_made_again_but_not_bitales_own():
    first = elementwise_function("mine", 1, np.sin)
    second = elementwise_function("mine", 1, np.cos)
    assert first is not second
    assert pickle.loads(pickle.dumps(second)) is second
    with pytest.raises(ArgumentError, match="exp is a function of Bitale"):
        elementwise_function("exp", 1, np.sin)


def test_mistakes_get_an_answer():
    with pytest.raises(ArgumentError, match="odd: it has 2 arguments"):
        elementwise_function("odd", 2, np.sin, like=np.sin)
    with pytest.raises(ArgumentError, match="`like` is a NumPy ufunc"):
        elementwise_function("odd", 1, np.sin, like="text")
    with pytest.raises(ArgumentError, match="constant"):
        elementwise_function("odd", 0, np.sin)
    total = elementwise_function("total", 1, np.sum)
    with pytest.raises(ShapeError, match=r"total: the NumPy function gave shape \(\), not \(2,\)"):
        total(variable("float64")).eval([[1.0, 2.0]])
    imaginary = elementwise_function("imaginary", 1, lambda x: x * 1j)
    with pytest.raises(DtypeError, match="complex128"):
        imaginary(variable("float64")).eval([[1.0, 2.0]])
    with pytest.raises(DtypeError, match="total is not defined for complex64"):
        total(variable("complex64"))
