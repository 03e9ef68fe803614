"""Covariances and correlation coefficients are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import functions
from bitale_graph.errors import ShapeError
from tests.graph.oracle import assert_equals_numpy

X = np.random.default_rng(0).normal(size=(3, 5))
OPTIONS = [{}, {"rowvar": False}, {"bias": True}, {"ddof": 0}, {"ddof": 2, "bias": True}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_cov(options: dict[str, object]):
    for x in (X, X + 1j * X[::-1], X[0], X[:1], (X * 9).astype("int8")):
        assert_equals_numpy(lambda x: functions.cov(x, **options), lambda x: np.cov(x, **options), x, ulps=16)
    assert_equals_numpy(
        lambda x, y: functions.cov(x, y, **options), lambda x, y: np.cov(x, y, **options), X, X[::-1], ulps=16
    )


def test_corrcoef():
    for x in (X, X[0], X - 2j * X[::-1]):
        assert_equals_numpy(functions.corrcoef, np.corrcoef, x, ulps=16)
        assert_equals_numpy(
            lambda x: functions.corrcoef(x, rowvar=False), lambda x: np.corrcoef(x, rowvar=False), X, ulps=16
        )


def test_three_axes_are_too_many():
    with pytest.raises(ShapeError, match="at most two axes are wanted, not 3"):
        functions.cov(np.zeros((2, 2, 2)))
