"""Random numbers as functions of a key: `normal(key, shape)`. The same key gives the same numbers anywhere."""

# A list of exports, packed to be read at a glance.
# ruff: noqa: F401
# isort: off
# fmt: off
from bitale_graph.functions.random.keys import PRNGKey, fold_in, key, split
from bitale_graph.functions.random.continuous import (
    cauchy, exponential, gumbel, laplace, logistic, lognormal, normal, pareto, truncated_normal, uniform, weibull,
)
from bitale_graph.functions.random.gammas import beta, chisquare, dirichlet, gamma, loggamma, t
from bitale_graph.functions.random.discrete import (
    bernoulli, binomial, geometric, integers, negative_binomial, poisson, randint,
)
from bitale_graph.functions.random.choosing import categorical, choice, multinomial, permutation, shuffle
from bitale_graph.functions.random.multivariate import multivariate_normal
