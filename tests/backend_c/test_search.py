"""Searches in blocks: argmax and argmin find the first place, also of NaN, wherever blocks begin and end."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_backend_c import compile
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "int16"])
def test_the_first_place_is_found(dtype: str) -> None:
    x = Variable(tensor_type(dtype, (None, None)), name="x")
    function = compile(Graph([x], [F.argmax(x, axis=1), F.argmin(x, axis=1), F.max(x, axis=1), F.argmax(x, axis=0)]))
    rng = np.random.default_rng(0)
    for length in (1, 255, 256, 257, 1000):
        rows = rng.integers(-4, 4, (40, length)).astype(dtype)
        rows[0], rows[1], rows[2] = 3, -4, np.arange(length)
        rows[3] = -np.arange(length)
        if dtype != "int16":
            rows[4, length // 2] = np.nan
            rows[5, [0, length - 1]] = np.nan
            rows[6], rows[7] = -np.inf, np.inf
            rows[8, length - 1] = np.nan
        expected = [rows.argmax(axis=1), rows.argmin(axis=1), rows.max(axis=1), rows.argmax(axis=0)]
        for given in (rows, np.asfortranarray(rows)):
            for got, wanted in zip(function(given), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)


def test_the_place_of_what_is_no_extremum() -> None:
    """A search among elements that were changed since, and the place of another array's largest element."""
    x, y = (Variable(tensor_type("float64", (None,)), name=name) for name in "xy")
    both = compile(Graph([x, y], [F.argmax(x) + F.argmax(-x), F.argmax(x * y), F.argmin(F.absolute(y)), F.max(x)]))
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=700), rng.normal(size=700)
    expected = [a.argmax() + (-a).argmax(), (a * b).argmax(), np.abs(b).argmin(), a.max()]
    for got, wanted in zip(both(a, b), expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
