"""RandomStream: draws whose numbers are new at every call of a function, without keys in the user's hands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from bitale.shared import SharedVariable
from bitale_graph.functions import random
from bitale_graph.functions.random.keys import DERIVED, seed_words
from bitale_graph.reference.random import pair_of_words
from bitale_graph.variable import Constant, Variable

NEXT = Constant(np.array([0, 1], "uint64"))


class Stream:
    """Where the keys of draws come from.

    Every draw has a key of its own: a shared variable whose `default_update` makes another key of it after each call of
    a function that reads it.
    """

    def __init__(self, seed: Any = None) -> None:
        self.words = seed_words(seed)
        self.states: list[SharedVariable] = []

    def key(self) -> SharedVariable:
        """The key of one more draw: equal seeds give equal keys, in the order in which draws are made."""
        number = len(self.states)
        state = SharedVariable(self._start(number), f"random_state_{number}", (2,))
        state.default_update = state + NEXT
        self.states.append(state)
        return state

    def seed(self, seed: Any = None) -> None:
        """Start again: the draws made so far give the numbers they would give had the stream been made with `seed`."""
        self.words = seed_words(seed)
        for number, state in enumerate(self.states):
            state.set_value(self._start(number))

    def updates(self) -> list[tuple[SharedVariable, Variable]]:
        """The keys of the draws and their updates, for `function(updates=...)`, which finds them by itself too."""
        return [(state, state.default_update) for state in self.states if state.default_update is not None]

    state_updates = property(updates)  # Theano's name

    def _start(self, number: int) -> np.ndarray:
        return pair_of_words(int(self.words[0]), int(self.words[1]), number | DERIVED)


class RandomStream(Stream):
    """Random numbers that change from call to call, with NumPy's distributions and order of arguments.

    `seed` is a whole number, or None for one from the system. Parameters and `size` may be symbolic; without `size` a
    draw has the shape of its parameters. Two draws are independent; a draw that is used twice is the same numbers. Real
    numbers have the default float's dtype or `dtype`; see `bitale.random` for each distribution, its checks and its
    gradients.
    """

    # ---- continuous ------------------------------------------------------------------------------------------------

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.uniform(self.key(), size, dtype, low, high)

    def random(self, size: Any = None, dtype: object = None) -> Variable:
        return random.uniform(self.key(), size, dtype)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.normal(self.key(), size, dtype, loc, scale)

    def standard_normal(self, size: Any = None, dtype: object = None) -> Variable:
        return random.normal(self.key(), size, dtype)

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.lognormal(self.key(), sigma, size, dtype, mean)

    def truncated_normal(
        self, loc: Any = 0.0, scale: Any = 1.0, lower: Any = -2.0, upper: Any = 2.0, size: Any = None,
        dtype: object = None,
    ) -> Variable:  # fmt: skip
        """`lower` and `upper` are in units of `scale` from `loc`."""
        return random.truncated_normal(self.key(), lower, upper, size, dtype, loc, scale)

    def exponential(self, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.exponential(self.key(), size, dtype, scale)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.gamma(self.key(), shape, size, dtype, scale)

    def beta(self, a: Any, b: Any, size: Any = None, dtype: object = None) -> Variable:
        return random.beta(self.key(), a, b, size, dtype)

    def dirichlet(self, alpha: Any, size: Any = None, dtype: object = None) -> Variable:
        return random.dirichlet(self.key(), alpha, size, dtype)

    def chisquare(self, df: Any, size: Any = None, dtype: object = None) -> Variable:
        return random.chisquare(self.key(), df, size, dtype)

    def standard_t(self, df: Any, size: Any = None, dtype: object = None) -> Variable:
        return random.t(self.key(), df, size, dtype)

    def t(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.t(self.key(), df, size, dtype, loc, scale)

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.laplace(self.key(), size, dtype, loc, scale)

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.logistic(self.key(), size, dtype, loc, scale)

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.gumbel(self.key(), size, dtype, loc, scale)

    def cauchy(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.cauchy(self.key(), size, dtype, loc, scale)

    def weibull(self, a: Any, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        return random.weibull(self.key(), a, size, dtype, scale)

    def pareto(self, b: Any, scale: Any = 1.0, size: Any = None, dtype: object = None) -> Variable:
        """From `scale` up; with scale 1 NumPy's numbers are 1 less."""
        return random.pareto(self.key(), b, size, dtype, scale)

    def multivariate_normal(
        self, mean: Any, cov: Any = None, size: Any = None, dtype: object = None, cholesky: Any = None
    ) -> Variable:
        return random.multivariate_normal(self.key(), mean, cov, size, dtype, cholesky)

    # ---- discrete ---------------------------------------------------------------------------------------------------

    def bernoulli(self, p: Any = 0.5, size: Any = None) -> Variable:
        return random.bernoulli(self.key(), p, size)

    def binomial(self, n: Any, p: Any, size: Any = None, dtype: object = "int64") -> Variable:
        return random.binomial(self.key(), n, p, size, dtype)

    def poisson(self, lam: Any = 1.0, size: Any = None, dtype: object = "int64") -> Variable:
        return random.poisson(self.key(), lam, size, dtype)

    def geometric(self, p: Any, size: Any = None, dtype: object = "int64") -> Variable:
        return random.geometric(self.key(), p, size, dtype)

    def negative_binomial(self, n: Any, p: Any, size: Any = None, dtype: object = "int64") -> Variable:
        return random.negative_binomial(self.key(), n, p, size, dtype)

    def integers(
        self, low: Any, high: Any = None, size: Any = None, dtype: object = "int64", endpoint: bool = False
    ) -> Variable:
        return random.integers(self.key(), low, high, size, dtype, endpoint)

    def categorical(self, p: Any = None, size: Any = None, logits: Any = None) -> Variable:
        """`p` are probabilities along the last axis; or give `logits`."""
        return random.categorical(self.key(), logits, p=p, shape=size)

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Variable:
        return random.multinomial(self.key(), n, pvals, size)

    def choice(self, a: Any, size: Any = (), replace: bool = True, p: Any = None, axis: int = 0) -> Variable:
        return random.choice(self.key(), a, () if size is None else size, replace, p, axis)

    def permutation(self, x: Any, axis: int = 0) -> Variable:
        return random.permutation(self.key(), x, axis)

    def shuffle(self, x: Any, axis: int = 0) -> Variable:
        """The result is shuffled; x stays as it is."""
        return random.shuffle(self.key(), x, axis)


OTHERWISE = {"random": "uniform", "standard_normal": "normal", "standard_t": "t"}


def _explain(methods: Iterable[str]) -> None:
    """Methods say what the functions of their names say, and then what they add to that."""
    for name in methods:
        method = getattr(RandomStream, name)
        texts = (getattr(random, OTHERWISE.get(name, name)).__doc__, method.__doc__)
        method.__doc__ = "\n\n".join(text for text in texts if text)


_explain(name for name in vars(RandomStream) if not name.startswith("_"))
