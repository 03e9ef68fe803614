"""Every distribution against SciPy's: goodness of fit, moments, edge parameters; C against the reference.

The seeds are fixed, so that a test passes always or never.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from bitale_backend_c import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type
from tests.conformance.distributions import CASES, CONTINUOUS, DISCRETE
from tests.support.agree import disagreement

COUNT = 20_000
FEW = 300
UNLIKELY = 1e-4  # a probability below which a fit is refused: there are about a hundred
KEY = np.array([20_26, 11], "uint64")


def graph(name: str, count: int) -> tuple[Graph, list[np.ndarray]]:
    """A row of `count` numbers per distribution, with the parameters as inputs."""
    case = CASES[name]
    columns = [np.array(c, "float64")[:, None] for c in zip(*case.parameters)]
    key = Variable(tensor_type("uint64", (2,)), name="key")
    inputs = [Variable(tensor_type("float64", (None, 1)), name=f"parameter_{k}") for k in range(len(columns))]
    used = [] if name == "categorical" else inputs
    shape = (len(case.parameters), count)
    return Graph([key, *used], [case.draw(key, inputs, shape)]), [KEY, *columns][: len(used) + 1]


@cache
def drawn(name: str) -> np.ndarray:
    made, arrays = graph(name, COUNT)
    return compile(made)(*arrays)[0]


def rows(name: str) -> list[tuple[np.ndarray, object]]:
    return [(row, CASES[name].scipy(*given)) for row, given in zip(drawn(name), CASES[name].parameters)]


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions_fit(name):
    for numbers, distribution in rows(name):
        low, high = distribution.support()
        assert np.isfinite(numbers).all() and low <= numbers.min() and numbers.max() <= high
        assert stats.kstest(numbers, distribution.cdf).pvalue > UNLIKELY, distribution.args


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions_fit(name):
    for numbers, distribution in rows(name):
        assert chi_square(numbers, distribution) > UNLIKELY, distribution.args


def chi_square(numbers: np.ndarray, distribution: object) -> float:
    """The probability of a worse fit, over bins of equal probability or single values."""
    with np.errstate(all="ignore"):
        edges = np.unique(distribution.ppf(np.linspace(0, 1, 41)[1:-1]))
        chances = np.diff([0, *distribution.cdf(edges), 1])
    observed = np.bincount(np.searchsorted(edges, numbers), minlength=len(edges) + 1)
    likely = chances * COUNT > 1e-6
    assert not observed[~likely].any()
    if sum(likely) == 1:
        return 1.0
    return stats.chisquare(observed[likely], chances[likely] / chances[likely].sum() * COUNT).pvalue


@pytest.mark.parametrize("name", CASES)
def test_moments(name):
    """Means and variances, where they exist, are within five standard errors."""
    for numbers, distribution in rows(name):
        with np.errstate(all="ignore"):
            mean, variance, _, kurtosis = distribution.stats(moments="mvsk")
        if np.isfinite(variance) and np.isfinite(kurtosis) and name != "truncated_normal":
            error = np.sqrt(variance / COUNT)
            assert abs(numbers.mean() - mean) <= 5 * error + 1e-12 * abs(mean), distribution.args
            spread = variance * np.sqrt((max(kurtosis, 0) + 2) / COUNT)
            assert abs(numbers.var() - variance) <= 5 * spread + 1e-12, distribution.args


@pytest.mark.parametrize("name", CASES)
def test_c_is_the_reference(name):
    made, arrays = graph(name, FEW)
    (found,), (wanted,) = compile(made)(*arrays), evaluate(made, arrays)
    scale = np.abs(np.median(wanted, axis=1, keepdims=True)) if found.dtype.kind == "f" else 0
    assert not disagreement(found, wanted, scale, ulps=64)  # of several functions one after the other


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if n not in ("gamma", "beta", "loggamma", "lognormal")])
def test_single_precision_fits_too(name):
    case = CONTINUOUS[name]
    column = [np.float32(v) for v in case.parameters[0]]
    key = Variable(tensor_type("uint64", (2,)), name="key")
    (numbers,) = compile(Graph([key], [case.draw(key, column, (COUNT,), dtype="float32")]))(KEY)
    assert numbers.dtype == "float32" and np.isfinite(numbers).all()
    assert stats.kstest(numbers.astype("float64"), case.scipy(*case.parameters[0]).cdf).pvalue > UNLIKELY
