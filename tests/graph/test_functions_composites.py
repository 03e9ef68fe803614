"""softmax and its kin agree with SciPy, and stay finite where the formula overflows."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy

X = np.random.default_rng(0).normal(size=(2, 3, 4))
LARGE = np.array([[1000.0, 1001.0, -1000.0], [-1e300, 0.0, 1e300]])
INFINITE = np.array([[-np.inf, -np.inf], [-np.inf, 1.0], [np.inf, 1.0], [np.nan, 1.0]])
NAMES = ["softmax", "log_softmax", "logsumexp"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), (2, 1, 0), None])
def test_every_axis(name: str, axis):
    assert_equals_numpy(
        lambda x: getattr(functions, name)(x, axis=axis),
        lambda x: getattr(scipy.special, name)(x, axis=axis),
        X,
        ulps=8,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(name: str, dtype: str):
    assert_equals_numpy(
        lambda x: getattr(functions, name)(x, axis=-1),
        lambda x: getattr(scipy.special, name)(x, axis=-1),
        X.astype(dtype),
        ulps=8,
    )


@pytest.mark.parametrize("name", NAMES)
def test_integers_become_floats(name: str):
    x = np.array([1, 2, 3])
    assert_equals_numpy(
        lambda x: getattr(functions, name)(x, axis=0),
        lambda x: getattr(scipy.special, name)(x.astype(float), axis=0),
        x,
        ulps=4,
    )
    with pytest.raises(DtypeError, match=f"{name} is not defined for complex128"):
        getattr(functions, name)(np.array([1j]))


@pytest.mark.parametrize("name", NAMES)
def test_large_numbers(name: str):
    assert_equals_numpy(
        lambda x: getattr(functions, name)(x, axis=1), lambda x: getattr(scipy.special, name)(x, axis=1), LARGE, ulps=2
    )


def test_infinities_in_logsumexp():
    wanted = np.array([-np.inf, 1.0, np.inf, np.nan])
    for keepdims in (False, True):
        shape = (4, 1) if keepdims else (4,)
        assert_equals_numpy(
            lambda x, keep=keepdims: functions.logsumexp(x, 1, keep),
            lambda x, shape=shape: wanted.reshape(shape),
            INFINITE,
        )


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_no_elements(shape: tuple[int, ...]):
    x = np.zeros(shape)
    assert_equals_numpy(lambda x: functions.logsumexp(x, 0), lambda x: np.logaddexp.reduce(x, 0), x)
    for name in ("softmax", "log_softmax"):
        assert_equals_numpy(lambda x, name=name: getattr(functions, name)(x, 0), lambda x: x, x)


def test_minus_infinity_has_no_share():
    row = INFINITE[1:2]
    np.testing.assert_array_equal(evaluate(functions.softmax(row)), [[0.0, 1.0]])
    np.testing.assert_array_equal(evaluate(functions.log_softmax(row)), [[-np.inf, 0.0]])


def test_equal_calls_are_equal_ops():
    x = Variable(tensor_type("float64", (None, 3)))
    assert functions.softmax(x).owner.op is functions.softmax(x, axis=1).owner.op
    assert functions.softmax(x).owner.op != functions.softmax(x, axis=0).owner.op
    with pytest.raises(ArgumentError, match="softmax: axis 2 does not exist"):
        functions.softmax(x, axis=2)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), (0,)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layer_norm(axis, dtype: str):
    axes = axis if isinstance(axis, tuple) else (axis,)
    shape = [X.shape[a] for a in sorted(a % 3 for a in axes)]
    gamma, beta = np.random.default_rng(1).normal(size=(2, *shape)).astype(dtype)
    x = X.astype(dtype)

    def normed(x, gamma, beta):
        full = [n if k in [a % 3 for a in axes] else 1 for k, n in enumerate(x.shape)]
        standard = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 0.001)
        return (standard * gamma.reshape(full) + beta.reshape(full)).astype(dtype)

    assert_equals_numpy(lambda x, g, b: functions.layer_norm(x, g, b, axis, eps=0.001), normed, x, gamma, beta, ulps=16)
    assert_equals_numpy(
        lambda x: functions.layer_norm(x, axis=axis, eps=0.001),
        lambda x: normed(x, np.ones_like(gamma), np.zeros_like(beta)),
        x,
        ulps=16,
    )
