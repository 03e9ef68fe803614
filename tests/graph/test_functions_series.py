"""Convolutions, differences, areas and polynomials are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from tests.graph.oracle import assert_equals_numpy

A, V = np.array([1.0, -2, 3, 0.5, 4]), np.array([2.0, 1, -1])
WITH_NAN = np.array([[1.0, np.nan, 3], [np.nan, 5, 6]])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", [(5, 3), (3, 5), (4, 2), (2, 4), (3, 3), (1, 1), (5, 1)], ids=str)
def test_convolve_and_correlate(lengths: tuple[int, int], mode: str):
    a, v = np.arange(1.0, lengths[0] + 1), np.arange(2, lengths[1] + 2) * (1 - 1j)
    assert_equals_numpy(lambda a, v: functions.convolve(a, v, mode), lambda a, v: np.convolve(a, v, mode), a, v, ulps=8)
    if mode == "full" or lengths[0] >= lengths[1]:
        assert_equals_numpy(
            lambda a, v: functions.correlate(a, v, mode), lambda a, v: np.correlate(a, v, mode), a, v, ulps=8
        )


def test_trapezoid():
    y = np.arange(12.0).reshape(3, 4) ** 2
    for axis, x in ((-1, None), (0, None), (1, np.array([0.0, 1, 3, 4])), (0, np.array([0.0, 1, 5])), (0, y / 2)):
        if x is None:
            assert_equals_numpy(
                lambda y, axis=axis: functions.trapezoid(y, dx=0.5, axis=axis),
                lambda y, axis=axis: np.trapezoid(y, dx=0.5, axis=axis), y, ulps=8,
            )  # fmt: skip
        else:
            assert_equals_numpy(
                lambda y, x, axis=axis: functions.trapezoid(y, x, axis=axis),
                lambda y, x, axis=axis: np.trapezoid(y, x, axis=axis), y, x, ulps=8,
            )  # fmt: skip


def test_differences_and_running_totals():
    assert_equals_numpy(functions.ediff1d, np.ediff1d, WITH_NAN)
    assert_equals_numpy(
        lambda x: functions.ediff1d(x, [7, 8], 9), lambda x: np.ediff1d(x, [7, 8], 9), np.arange(4) ** 2
    )
    for name in ("nancumsum", "nancumprod"):
        for axis in (None, 0, 1):
            assert_equals_numpy(
                lambda x, axis=axis, name=name: getattr(functions, name)(x, axis),
                lambda x, axis=axis, name=name: getattr(np, name)(x, axis), WITH_NAN,
            )  # fmt: skip


@pytest.mark.parametrize("p", [[2], [1, 2, 3], [1.5, 0, -1], []], ids=str)
def test_polyval(p: list[float]):
    for x in (np.arange(4.0), np.arange(6).reshape(2, 3)):
        assert_equals_numpy(lambda x: functions.polyval(p, x), lambda x: np.polyval(p, x), x)


def test_errors():
    with pytest.raises(ShapeError, match=r"convolve: a vector is wanted, not float64\[2, 3\]"):
        functions.convolve(WITH_NAN, V)
    with pytest.raises(ArgumentError, match="the mode must be full, same or valid, not 'middle'"):
        functions.convolve(A, V, "middle")
    with pytest.raises(ArgumentError, match="the second vector is longer"):
        functions.correlate(V, A)
    with pytest.raises(ShapeError, match="how many coefficients there are must be known"):
        functions.polyval(Variable(tensor_type("float64", (None,))), 2.0)
