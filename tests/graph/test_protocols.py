"""NumPy's functions build graphs; Python's requests for a value are refused with a reason."""

from __future__ import annotations

import copy
import math
import weakref

import numpy as np
import pytest

from bitale_graph import Graph, Variable, tensor_type
from bitale_graph.errors import SymbolicError

X = np.array([[1.0, 4.0], [9.0, 16.0]])
Y = np.array([[0.5, -1.0], [2.0, 3.0]])


def matrix(name: str = "x", shape: tuple[int | None, ...] = (None, None)) -> Variable:
    return Variable(tensor_type("float64", shape), name=name)


# Each is called with two symbolic variables and with two arrays.
CALLS = {
    "ufunc": lambda x, y: np.sqrt(x),
    "ufunc of two": lambda x, y: np.maximum(x, y),
    "array on the left": lambda x, y: np.add(Y, x),
    "operator with an array on the left": lambda x, y: Y - x,
    "operator with a NumPy scalar on the left": lambda x, y: np.float64(3) * x,
    "comparison with an array on the left": lambda x, y: np.ones((2, 2)) < x,
    "matrix product": lambda x, y: np.matmul(x, y),
    "array @ variable": lambda x, y: Y @ x,
    "alias": lambda x, y: np.abs(y),
    "ufunc.reduce": lambda x, y: np.add.reduce(x),
    "ufunc.reduce along": lambda x, y: np.maximum.reduce(x, axis=1),
    "sum": lambda x, y: np.sum(x, axis=0),
    "mean": lambda x, y: np.mean(x, axis=1, keepdims=True),
    "var": lambda x, y: np.var(x, ddof=1),
    "argmax": lambda x, y: np.argmax(y),
    "where": lambda x, y: np.where(y > 0, x, y),
    "clip": lambda x, y: np.clip(x, 2, 10),
    "clip by name": lambda x, y: np.clip(x, a_min=2, a_max=None),
    "concatenate": lambda x, y: np.concatenate([x, y], axis=1),
    "concatenate with an array": lambda x, y: np.concatenate([Y, x]),
    "stack": lambda x, y: np.stack([x, y]),
    "transpose": lambda x, y: np.transpose(x),
    "reshape": lambda x, y: np.reshape(x, (4,)),
    "dot": lambda x, y: np.dot(x, y),
    "einsum": lambda x, y: np.einsum("ij,jk->k", x, y),
    "norm": lambda x, y: np.linalg.norm(x),
    "inv": lambda x, y: np.linalg.inv(x + np.eye(2) * 9),
    "solve": lambda x, y: np.linalg.solve(x + np.eye(2) * 9, x),
    "trace of matrices": lambda x, y: np.linalg.trace(x[None], offset=0),
    "svd values": lambda x, y: np.linalg.svd(x, compute_uv=False),
    "round": lambda x, y: np.round(y),
    "copy": lambda x, y: np.copy(x),
    "zeros_like": lambda x, y: np.zeros_like(x),
    "isclose": lambda x, y: np.isclose(x, x),
    "outer": lambda x, y: np.subtract.outer(x, y[0]),
    "outer with a scalar": lambda x, y: np.maximum.outer(x, 2.0),
    "accumulate": lambda x, y: np.add.accumulate(x),
    "accumulate along an axis": lambda x, y: np.multiply.accumulate(x, axis=1),
    "special function": lambda x, y: pytest.importorskip("scipy.special").erf(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_numpys_functions_build_graphs(name: str):
    x, y = matrix("x"), matrix("y")
    found = CALLS[name](x, y)
    assert isinstance(found, Variable)
    np.testing.assert_allclose(found.eval({x: X, y: Y}), CALLS[name](X, Y), rtol=1e-14)


def test_numpy_asks_for_attributes():
    x = matrix(shape=(2, None))
    assert np.ndim(x) == 2
    assert np.shape(x)[0] == 2
    assert np.result_type(x, np.float32) == np.float64
    assert not np.iscomplexobj(x)


REFUSED = {
    "bool": (lambda x: bool(x), "neither true nor false"),
    "if": (lambda x: 1 if x > 0 else 0, "where"),
    "int": (lambda x: int(x), r"Python int.*\n.*\n.*astype\('int64'\)"),
    "float": (lambda x: float(x), "Python float"),
    "complex": (lambda x: complex(x), "Python complex"),
    "index": (lambda x: [1, 2][x], "Python integer"),
    "math": (lambda x: math.sqrt(x), "Python float"),
    "range": (lambda x: range(x), "Python integer"),
    "len": (lambda x: len(x), "Use x.shape.0."),
    "iterate": (lambda x: list(x), "iteration needs a length of axis 0 that is known"),
    "unpack": (lambda x: [*x], "iteration"),
    "in": (lambda x: 1.0 in x, "any"),
    "assign": (lambda x: x.__setitem__(0, 1.0), r"variables do not change.*\n.*\n.*set"),
    "asarray": (lambda x: np.asarray(x), r"no value that could become a NumPy array\n.*\n.*\.eval\("),
    "array of variables": (lambda x: np.array([x, x]), "no value"),
    "in place": (lambda x: X.copy().__iadd__(x), "cannot write a symbolic value into an array"),
    "out": (lambda x: np.exp(x, out=X.copy()), "cannot write"),
    "out of a function": (lambda x: np.sum(x, out=X.copy()), "cannot write"),
    "unknown ufunc": (lambda x: np.spacing(x), "NumPy's spacing has no symbolic counterpart"),
    "unknown method": (lambda x: np.maximum.accumulate(x), "maximum.accumulate has no symbolic counterpart"),
    "option": (lambda x: np.add(x, x, where=True), r"add\(where=\) has no symbolic counterpart"),
    "unknown function": (lambda x: np.unwrap(x), "numpy.unwrap has no symbolic counterpart"),
    "another namespace": (
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=0), "sliding_window_view has no",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_requests_for_a_value_say_why_not(name: str):
    function, message = REFUSED[name]
    with pytest.raises(SymbolicError, match=message) as caught:
        function(matrix())
    assert isinstance(caught.value, TypeError)
    assert "test_protocols.py:" in str(caught.value)


def test_iteration_over_a_known_axis():
    x = matrix(shape=(2, None))
    first, second = x
    assert len(x) == 2
    np.testing.assert_array_equal((first - second).eval([X]), X[0] - X[1])
    with pytest.raises(SymbolicError, match="over a scalar"):
        iter(Variable(tensor_type("float64")))


def test_copies_are_the_variable_itself():
    x = matrix()
    y = x + 1
    graph = Graph([x], [y])
    for value in (x, y, graph):
        assert copy.copy(value) is value
        assert copy.deepcopy(value) is value
    assert y.copy() is not y


def test_weak_references():
    x = matrix()
    reference = weakref.ref(x)
    assert reference() is x
    del x
    assert reference() is None
