"""Division by an unchanging square root is a product with its reciprocal; other divisions stay as they are."""

from __future__ import annotations

import numpy as np

from bitale_backend_c import compile
from bitale_backend_c.emit import emit
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F
from bitale_rewrite.loops.lower import lower

x = Variable(tensor_type("float32", (None, None)), name="x")
s = Variable(tensor_type("float32", (None,)), name="s")


def test_values_at_the_ends_of_the_range() -> None:
    function = compile(Graph([x, s], [x / F.sqrt(s)[:, None]]))
    tiny, largest = np.float32(1e-45), np.finfo("float32").max
    divisors = np.array([0, tiny, 1e-38, 2, 1e38, largest, np.inf, -1, np.nan], "float32")
    row = np.array([0, -0.0, tiny, 1e-38, 1, -3, largest, np.inf, -np.inf, np.nan], "float32")
    rows = np.tile(row, (len(divisors), 1))
    with np.errstate(all="ignore"):
        expected = rows / np.sqrt(divisors)[:, None]
    (got,) = function(rows, divisors)
    np.testing.assert_allclose(got, expected, rtol=2.5e-7, atol=3e-45)
    np.testing.assert_array_equal(np.signbit(got[:7]), np.signbit(expected[:7]))


def test_only_roots_are_turned_over() -> None:
    root = emit(lower(Graph([x, s], [x / F.sqrt(s)[:, None]]), row_major=(0, 1)))
    assert "= 1.0f / sqrtf(" in root and root.count(" / sqrtf(") == 1
    assert "1.0f / " not in emit(lower(Graph([x, s], [x / F.sum(x, axis=1, keepdims=True)])))
