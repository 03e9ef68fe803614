"""Random numbers: distributions as functions of a key, and streams, whose draws change from call to call."""

from bitale.random_stream import RandomStream
from bitale.random_theano import MRG_RandomStreams, RandomStreams
from bitale_graph.functions.random import (
    PRNGKey,
    bernoulli,
    beta,
    binomial,
    categorical,
    cauchy,
    chisquare,
    choice,
    dirichlet,
    exponential,
    fold_in,
    gamma,
    geometric,
    gumbel,
    integers,
    key,
    laplace,
    loggamma,
    logistic,
    lognormal,
    multinomial,
    multivariate_normal,
    negative_binomial,
    normal,
    pareto,
    permutation,
    poisson,
    randint,
    shuffle,
    split,
    t,
    truncated_normal,
    uniform,
    weibull,
)

__all__ = [
    "MRG_RandomStreams", "PRNGKey", "RandomStream", "RandomStreams", "bernoulli", "beta", "binomial", "categorical",
    "cauchy", "chisquare", "choice", "dirichlet", "exponential", "fold_in", "gamma", "geometric", "gumbel", "integers",
    "key", "laplace", "loggamma", "logistic", "lognormal", "multinomial", "multivariate_normal", "negative_binomial",
    "normal", "pareto", "permutation", "poisson", "randint", "shuffle", "split", "t", "truncated_normal", "uniform",
    "weibull",
]  # fmt: skip
