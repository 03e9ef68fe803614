"""exp of float32, whose C is our own: within 1.1 units in the last place, and right at the ends of its range."""

from __future__ import annotations

import numpy as np

from bitale_backend_c import compile
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F

x = Variable(tensor_type("float32", (None,)), name="x")


def test_error_and_special_values() -> None:
    function = compile(Graph([x], [F.exp(x)]))
    rng = np.random.default_rng(0)
    ends = [-np.inf, -1e9, -104.5, -104, -103.9, -103.2, -87.4, -87.3, -0.0, 0.0, 1e-40, 88.7, 88.72283, 88.73, np.inf]
    a = np.concatenate([ends, rng.uniform(-105, 89, 400_000), rng.normal(size=100_000)]).astype("float32")
    (got,) = function(a)
    with np.errstate(over="ignore"):
        exact = np.exp(a.astype("float64"))
        nearest = exact.astype("float32")
    finite = np.isfinite(nearest)
    assert np.array_equal(np.isinf(got), ~finite) and not np.isnan(got).any()
    error = np.abs(got[finite] - exact[finite]) / np.spacing(nearest[finite])
    assert error.max() < 1.1
    assert (got[a == 0] == 1).all() and (got[a == -np.inf] == 0).all()
    for length in (1, 7, 16, 40):  # NaN in vectors and in what is left over
        special = np.full(length, np.nan, "float32")
        assert np.isnan(function(special)[0]).all()
