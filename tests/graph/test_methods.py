"""Variables have NumPy's methods, attributes and operators, with NumPy's results."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError

VALUE = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]])

# Each is called with the symbolic variable and with the array.
METHODS = {
    "all": lambda x: (x > 0).all(axis=1),
    "any": lambda x: (x > 3).any(axis=0),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "astype": lambda x: x.astype("float32"),
    "clip": lambda x: x.clip(0, 2),
    "clip above": lambda x: x.clip(max=2),
    "conj": lambda x: x.conj(),
    "conjugate": lambda x: x.conjugate(),
    "copy": lambda x: x.copy(),
    "cumprod": lambda x: x.cumprod(axis=0),
    "cumsum": lambda x: x.cumsum(),
    "diagonal": lambda x: x.diagonal(),
    "dot": lambda x: x.dot(x.T),
    "flatten": lambda x: x.flatten(),
    "imag": lambda x: x.imag,
    "max": lambda x: x.max(axis=0, keepdims=True),
    "mean": lambda x: x.mean(),
    "min": lambda x: x.min(axis=(0, 1)),
    "nonzero": lambda x: (x > 0).nonzero()[0],
    "prod": lambda x: x.prod(axis=-1),
    "ravel": lambda x: x.ravel(),
    "real": lambda x: x.real,
    "repeat": lambda x: x.repeat(2, axis=0),
    "reshape": lambda x: x.reshape(3, 2),
    "reshape a tuple": lambda x: x.reshape((-1, 2)),
    "round": lambda x: x.round(),
    "round()": lambda x: round(x / 8, 1) if isinstance(x, Variable) else np.round(x / 8, 1),
    "round decimals": lambda x: (x / 8).round(1),
    "squeeze": lambda x: x[:1].squeeze(0),
    "std": lambda x: x.std(axis=0),
    "sum": lambda x: x.sum(1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "take": lambda x: x.take([1, 0], axis=0),
    "trace": lambda x: x.trace(),
    "transpose": lambda x: x.transpose(1, 0),
    "var": lambda x: x.var(ddof=1),
}


def matrix(shape: tuple[int | None, ...] = (None, None)) -> Variable:
    return Variable(tensor_type("float64", shape), name="x")


@pytest.mark.parametrize("shape", [(None, None), (2, 3)], ids=["unknown lengths", "known lengths"])
@pytest.mark.parametrize("name", METHODS)
def test_methods_are_numpys(name: str, shape):
    x = matrix(shape)
    found, expected = METHODS[name](x).eval({x: VALUE}), METHODS[name](VALUE)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-14)


BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.lt, operator.le, operator.gt, operator.ge, divmod,
]  # fmt: skip
INTEGER = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


@pytest.mark.parametrize("function", BINARY + INTEGER, ids=lambda f: f.__name__)
def test_operators_are_numpys_from_both_sides(function):
    dtype = "int64" if function in INTEGER else "float64"
    x, value = Variable(tensor_type(dtype, (None,))), np.array([1, 2, 5], dtype)
    for build in (lambda v: function(v, 2), lambda v: function(2, v), lambda v: function(v, v)):
        found, expected = build(x), build(value)
        pairs = zip(found, expected) if isinstance(found, tuple) else [(found, expected)]
        for mine, theirs in pairs:
            np.testing.assert_array_equal(mine.eval({x: value}), theirs, strict=True)


@pytest.mark.parametrize("function", [operator.neg, operator.pos, abs, operator.invert], ids=lambda f: f.__name__)
def test_unary_operators_are_numpys(function):
    x, value = Variable(tensor_type("int8", (None,))), np.array([1, -2, 127], "int8")
    np.testing.assert_array_equal(function(x).eval([value]), function(value), strict=True)


def test_matrix_products():
    x = matrix()
    np.testing.assert_array_equal((x @ x.T).eval([VALUE]), VALUE @ VALUE.T)
    np.testing.assert_array_equal(([1.0, 2.0] @ x).eval([VALUE]), [1.0, 2.0] @ VALUE)


def test_equality_is_identity():
    x, y = matrix(), matrix()
    assert x == x
    assert x != y
    assert len({x, y, x}) == 2


def test_shape_and_size_are_integers_where_known():
    assert matrix((2, 3)).shape == (2, 3)
    assert matrix((2, 3)).size == 6
    assert matrix((2, 3)).ndim == 2
    x = matrix((None, 3))
    rows, columns = x.shape
    assert columns == 3
    assert rows.eval({x: VALUE}) == 2
    assert x.size.eval({x: VALUE}) == 6


WRITES = {
    "set": [9.0, -1.0, 9.0],
    "add": [21.0, -1.0, 11.0],
    "multiply": [243.0, -1.0, 18.0],
    "maximum": [9.0, -1.0, 9.0],
    "minimum": [3.0, -1.0, 2.0],
}


@pytest.mark.parametrize("how", WRITES)
def test_writes_make_a_new_array(how: str):
    x = Variable(tensor_type("float64", (None,)))
    written = getattr(x[[0, 2, 0]], how)(9.0)
    np.testing.assert_array_equal(written.eval([VALUE[0]]), WRITES[how])


@pytest.mark.parametrize("how", WRITES)
def test_writing_without_an_index_is_an_error(how: str):
    with pytest.raises(ArgumentError, match=rf"x\[index\]\.{how}\(y\); this variable was not made by indexing"):
        getattr(matrix(), how)(1.0)
