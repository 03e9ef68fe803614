"""Theano's random streams: RandomStreams and MRG_RandomStreams, whose draws name their size first."""

from __future__ import annotations

from typing import Any

import bitale_graph.functions as functions
from bitale.random_stream import Stream
from bitale_graph.functions import random
from bitale_graph.functions.arguments import as_size, as_sizes
from bitale_graph.ops.random import Permutation
from bitale_graph.sizes import size_product, size_variable
from bitale_graph.variable import Variable


class RandomStreams(Stream):
    """Random numbers that change from call to call, with Theano's methods and order of arguments.

    The generator is Philox, whatever the name says. `ndim` and `nstreams` are accepted and not needed.
    """

    def uniform(
        self, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: Any = None, dtype: object = None,
        nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """Uniform on [low, high)."""
        return random.uniform(self.key(), size, dtype, low, high)

    def normal(
        self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None, dtype: object = None,
        nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """Normal with mean `avg` and standard deviation `std`."""
        return random.normal(self.key(), size, dtype, avg, std)

    def truncated_normal(
        self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None, dtype: object = None,
        nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """Normal, given that it lies within two standard deviations of `avg`."""
        return random.truncated_normal(self.key(), -2.0, 2.0, size, dtype, avg, std)

    def binomial(
        self, size: Any = None, n: Any = 1, p: Any = 0.5, ndim: Any = None, dtype: object = "int64",
        nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """How many of `n` tries succeed, in any dtype."""
        return functions.cast(random.binomial(self.key(), n, p, size), dtype)

    def poisson(self, size: Any = None, lam: Any = 1.0, ndim: Any = None, dtype: object = "int64") -> Variable:
        """Counts of mean `lam`."""
        return functions.cast(random.poisson(self.key(), lam, size), dtype)

    def random_integers(
        self, size: Any = None, low: Any = 0, high: Any = 1, ndim: Any = None, dtype: object = "int64"
    ) -> Variable:
        """Whole numbers from `low` to `high`, both included."""
        return functions.cast(random.integers(self.key(), low, high, size, endpoint=True), dtype)

    def choice(
        self, size: Any = (), a: Any = 2, replace: bool = True, p: Any = None, ndim: Any = None,
        dtype: object = "int64", nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """Numbers below `a`, or elements of the vector `a`."""
        return functions.cast(random.choice(self.key(), a, () if size is None else size, replace, p), dtype)

    def permutation(self, size: Any = None, n: Any = 1, ndim: Any = None, dtype: object = "int64") -> Variable:
        """Numbers below `n` in random order along the last axis, in as many orders as `size` says."""
        key, length = self.key(), as_size("permutation", n)
        if size is None:
            return functions.cast(random.permutation(key, n), dtype)
        sizes = as_sizes("permutation", size)
        keys = random.split(key, size_product(sizes))
        known = length if isinstance(length, int) else None
        orders = Permutation(known)(keys[:, 0], keys[:, 1], *([] if known is not None else [size_variable(length)]))
        return functions.cast(functions.reshape(orders, (*sizes, length)), dtype)

    def multinomial(
        self, size: Any = None, n: Any = 1, pvals: Any = (0.5, 0.5), ndim: Any = None, dtype: object = "int64",
        nstreams: Any = None,
    ) -> Variable:  # fmt: skip
        """How often each category is chosen in `n` choices, along the last axis."""
        return functions.cast(random.multinomial(self.key(), n, pvals, size), dtype)

    def shuffle_row_elements(self, input: Any) -> Variable:
        """The elements of every row, of a matrix or a vector, in a random order of its own."""
        x = functions.as_variable(input)
        order = self.permutation(x.shape[:-1] if x.ndim > 1 else None, x.shape[-1])
        return functions.take_along_axis(x, order, axis=-1)


MRG_RandomStreams = RandomStreams
