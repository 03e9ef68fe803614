"""The functions of float32 whose C is our own: within few units in the last place, and right at the ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bitale_backend_c import compile
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F

x = Variable(tensor_type("float32", (None,)), name="x")
NAMES = ("exp", "log", "log1p", "tanh")
UNITS = {"exp": 1.1, "log": 1.0, "log1p": 1.6, "tanh": 2.5}
ENDS = [
    *(-np.inf, -1e9, -104.5, -104, -103.9, -103.2, -87.4, -87.3, -10, -9.1, -2, -1, -0.5, -1e-3, -1e-40, -0.0),
    *(0.0, 1e-45, 1e-40, 1.2e-38, 1e-3, 1 / 3, 2 / 3, 4 / 3, 9.1, 10, 88.7, 88.72283, 88.73, 1e9, 1e36, 3.4e38, np.inf),
]


@pytest.fixture(scope="module")
def functions() -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    function = compile(Graph([x], [getattr(F, name)(x) for name in NAMES]))
    return lambda a: dict(zip(NAMES, function(a), strict=True))


def test_error_and_special_values(functions: Callable[[np.ndarray], dict[str, np.ndarray]]) -> None:
    rng = np.random.default_rng(0)
    anything = rng.integers(0, 2**32, 400_000, dtype="uint32").view("float32")
    usual = [rng.uniform(-105, 89, 200_000), rng.normal(size=200_000), rng.uniform(-1, 2, 100_000)]
    a = np.concatenate([np.array(ENDS, "float32"), anything, *(each.astype("float32") for each in usual)])
    for name, got in functions(a).items():
        with np.errstate(all="ignore"):
            exact = getattr(np, name)(a.astype("float64"))
            nearest = exact.astype("float32")
        finite = np.isfinite(nearest)
        np.testing.assert_array_equal(got[~finite], nearest[~finite])
        error = np.abs(got[finite] - exact[finite]) / np.spacing(np.abs(nearest[finite]))
        assert error.max() < UNITS[name], name
        zero = nearest == 0
        np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(nearest[zero]))


def test_nan_in_vectors_and_in_what_is_left_over(functions: Callable[[np.ndarray], dict[str, np.ndarray]]) -> None:
    for length in (1, 7, 16, 40):
        for got in functions(np.full(length, np.nan, "float32")).values():
            assert np.isnan(got).all()
