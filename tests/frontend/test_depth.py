"""Expressions of any depth: nothing recurses over a graph."""

from __future__ import annotations

import pickle

import numpy as np

import bitale as bt
import bitale.tensor as T


def chain(x: bt.Variable, length: int) -> bt.Variable:
    y = x
    for _ in range(length):
        y = T.sin(y)
    return y


def by_numpy(value: np.ndarray, length: int) -> np.ndarray:
    for _ in range(length):
        value = np.sin(value)
    return value


def test_a_hundred_thousand_nodes_in_numpy():
    x = T.vector("x")
    f = bt.function([x], chain(x, 100_000), mode="numpy")
    value = np.array([0.5, 1.0])
    wanted = by_numpy(value, 100_000)
    np.testing.assert_array_equal(f(value), wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(f))(value), wanted)
    assert repr(f) == "<function(x: float64[?]) -> float64[?]; mode numpy>"


def test_a_missing_input_is_found_at_any_depth():
    x = T.vector("x")
    try:
        bt.function([], chain(x, 20_000))
    except bt.MissingInputError as error:
        assert str(error).count("): float64[?]") == 5
    else:
        raise AssertionError("x is missing")


def test_five_thousand_nodes_in_c():
    x = T.vector("x")
    y = x
    for _ in range(2500):
        y = T.sqrt(y) + x
    f = bt.function([x], y)
    wanted = value = np.array([0.5, 1.0])
    for _ in range(2500):
        wanted = np.sqrt(wanted) + value
    np.testing.assert_allclose(f(value), wanted, rtol=1e-14)
    assert len(str(f.plan())) < 2000
    assert len(f.explain()) == 0
