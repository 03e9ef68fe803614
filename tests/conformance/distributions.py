"""What is drawn in the tests of distributions: each with several parameters, and SciPy's distribution for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from bitale_graph.functions import random


class Case(NamedTuple):
    """`draw(key, parameters as columns, shape)`, the parameters (one row per distribution), and SciPy's for a row."""

    draw: Callable[..., Any]
    parameters: Sequence[Sequence[float]]
    scipy: Callable[..., Any]


def of(function: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """A draw whose parameters have these names."""
    return lambda key, columns, shape, **more: function(key, shape=shape, **dict(zip(names, columns)), **more)


INF = np.inf
LOCATED = [(0, 1), (-3, 0.5), (1e3, 20)]
CONTINUOUS = {
    "uniform": Case(of(random.uniform, "minval", "maxval"), [(0, 1), (-3, 7)], lambda a, b: stats.uniform(a, b - a)),
    "normal": Case(of(random.normal, "loc", "scale"), LOCATED, stats.norm),
    "lognormal": Case(of(random.lognormal, "mean", "sigma"), [(0, 1), (1, 0.1), (-1, 3)],
                      lambda m, s: stats.lognorm(s, scale=np.exp(m))),
    "truncated_normal": Case(of(random.truncated_normal, "lower", "upper"),
                             [(-1, 2), (-INF, INF), (5, INF), (-9, -8.5), (30, 30.1), (0.5, 0.6), (-3, INF)],
                             stats.truncnorm),
    "exponential": Case(of(random.exponential, "scale"), [(1,), (0.01,), (1e6,)], lambda s: stats.expon(scale=s)),
    "gamma": Case(of(random.gamma, "a", "scale"), [(1, 1), (0.3, 2), (0.02, 1), (4.5, 0.1), (1e6, 3)],
                  lambda a, s: stats.gamma(a, scale=s)),
    "loggamma": Case(of(random.loggamma, "a"), [(1e-2,), (0.7,), (30,)], stats.loggamma),
    "beta": Case(of(random.beta, "a", "b"), [(1, 1), (0.1, 0.2), (3, 40), (1e4, 1e4)], stats.beta),
    "chisquare": Case(of(random.chisquare, "df"), [(1,), (0.5,), (17,)], stats.chi2),
    "t": Case(of(random.t, "df", "loc", "scale"), [(1, 0, 1), (3.5, 2, 5), (1e3, 0, 1)], stats.t),
    "laplace": Case(of(random.laplace, "loc", "scale"), LOCATED, stats.laplace),
    "logistic": Case(of(random.logistic, "loc", "scale"), LOCATED, stats.logistic),
    "gumbel": Case(of(random.gumbel, "loc", "scale"), LOCATED, stats.gumbel_r),
    "cauchy": Case(of(random.cauchy, "loc", "scale"), LOCATED, stats.cauchy),
    "weibull": Case(of(random.weibull, "a", "scale"), [(1, 1), (0.4, 2), (6, 0.1)],
                    lambda a, s: stats.weibull_min(a, scale=s)),
    "pareto": Case(of(random.pareto, "b", "scale"), [(1, 1), (3, 2), (0.5, 0.1)],
                   lambda b, s: stats.pareto(b, scale=s)),
}  # fmt: skip
DISCRETE = {
    "bernoulli": Case(of(random.bernoulli, "p"), [(0.5,), (0.03,), (1,), (0,)], stats.bernoulli),
    "binomial": Case(
        lambda key, columns, shape: random.binomial(key, columns[0].astype("int64"), columns[1], shape),
        [(10, 0.3), (1, 0.5), (100, 0.5), (1000, 0.97), (10**6, 1e-6), (10**9, 0.2), (0, 0.5), (7, 0), (7, 1)],
        stats.binom,
    ),
    "poisson": Case(of(random.poisson, "lam"), [(0.2,), (9.99,), (10,), (35,), (1e4,), (1e9,), (0,)], stats.poisson),
    "geometric": Case(of(random.geometric, "p"), [(0.5,), (0.01,), (1,), (1e-6,)], stats.geom),
    "negative_binomial": Case(of(random.negative_binomial, "n", "p"), [(5, 0.5), (0.7, 0.1), (40, 0.01), (3, 1)],
                              stats.nbinom),
    "integers": Case(
        lambda key, columns, shape: random.integers(key, *(c.astype("int64") for c in columns), shape),
        [(0, 10), (-5, 2), (0, 2**40), (7, 8), (-(2**62), 2**62)],
        lambda low, high: stats.randint(float(low), float(high)),  # SciPy's moments overflow in int64
    ),
    "categorical": Case(
        lambda key, columns, shape: random.categorical(key, p=np.stack([np.ones(5) / 5, PROBABILITIES])[:, None],
                                                       shape=shape),
        [(0,), (1,)],
        lambda row: stats.rv_discrete(values=(range(5), PROBABILITIES if row else np.ones(5) / 5)),
    ),
}  # fmt: skip
PROBABILITIES = np.array([0.5, 0, 0.25, 0.05, 0.2])
CASES = CONTINUOUS | DISCRETE
