"""Discrete distributions. Counts are int64 unless another integer dtype is asked for; they have no gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS, as_dtype
from bitale_graph.errors import ArgumentError, DtypeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.random.continuous import positive, probability, standard_exponential
from bitale_graph.functions.random.draws import Draw, required
from bitale_graph.functions.random.gammas import standard_log_gamma
from bitale_graph.ops.elementwise import (
    equal,
    exp,
    floor,
    greater_equal,
    less,
    less_equal,
    log,
    log1p,
    minimum,
    where,
)
from bitale_graph.ops.random import binomial_variate, multiply_high, poisson_variate
from bitale_graph.variable import Constant, Variable

LARGEST_MEAN = 2.0**62  # of counts that int64 holds


def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Variable:
    """Booleans that are True with probability `p`."""
    draw = Draw("bernoulli", key, shape, None, p=p)
    probability(draw, "p")
    return _whole(draw, less(draw.half_open(), draw["p"]), "bool")


def geometric(key: Any, p: Any, shape: Any = None, dtype: object = "int64") -> Variable:
    """The number of the first success, from 1 on, when each try succeeds with probability `p` above 0."""
    draw = Draw("geometric", key, shape, "float64", p=p)
    draw.require("p", "more than 0 and at most 1", lambda v: less(0, v) & less_equal(v, 1))
    tries = floor(-standard_exponential(draw) / log1p(-draw["p"])) + 1
    return _whole(draw, minimum(tries, 2.0**63 - 1024), _integers("geometric", dtype))


def poisson(key: Any, lam: Any = 1.0, shape: Any = None, dtype: object = "int64") -> Variable:
    """Counts of independent events with mean `lam` (Hörmann's PTRS, 1993; below 10 by search)."""
    draw = Draw("poisson", key, shape, "float64", lam=lam)
    draw.require("lam", "from 0 to 2**62", lambda v: greater_equal(v, 0) & less_equal(v, LARGEST_MEAN))
    return _whole(draw, poisson_variate(*draw.words, draw.index, draw["lam"]), _integers("poisson", dtype))


def binomial(key: Any, n: Any, p: Any, shape: Any = None, dtype: object = "int64") -> Variable:
    """How many of `n` tries succeed, each with probability `p` (Hörmann's BTRS, 1993; below means of 10 by search)."""
    draw = Draw("binomial", key, shape, "float64", n=_counts("binomial", "n", n), p=p)
    probability(draw, "p")
    tries = draw.fitted("n", _counts("binomial", "n", n))
    return _whole(draw, binomial_variate(*draw.words, draw.index, tries, draw["p"]), _integers("binomial", dtype))


def negative_binomial(key: Any, n: Any, p: Any, shape: Any = None, dtype: object = "int64") -> Variable:
    """Failures before the n-th success, each try succeeding with probability `p` above 0; `n` need not be whole.

    A Poisson count whose mean is a gamma number.
    """
    draw = Draw("negative_binomial", key, shape, "float64", n=n, p=p)
    positive(draw, "n")
    draw.require("p", "more than 0 and at most 1", lambda v: less(0, v) & less_equal(v, 1))
    odds = (1 - draw["p"]) / draw["p"]
    means = where(equal(odds, 0), 0, exp(standard_log_gamma(draw.another(1), draw["n"]) + log(odds)))
    count = poisson_variate(*draw.another(2).words, draw.index, minimum(means, LARGEST_MEAN))
    return _whole(draw, count, _integers("negative_binomial", dtype))


def integers(
    key: Any, low: Any, high: Any = None, shape: Any = None, dtype: object = "int64", endpoint: bool = False
) -> Variable:
    """Whole numbers from `low` up to, not including, `high`; from 0 up to `low` where there is no `high`.

    `endpoint` includes `high`. A number is the upper half of the product of a word of 64 bits and the count of numbers:
    for counts below 2**32 no number is likelier than another by more than one part in 2**32.
    """
    name = as_dtype(dtype)
    if name not in INTEGERS:
        raise DtypeError(f"integers: {name} is no integer dtype")
    low, high = (as_variable(0), as_variable(low)) if high is None else (as_variable(low), as_variable(high))
    for value in (low, high):
        if value.dtype not in (*INTEGERS, "bool"):
            raise DtypeError(explain(f"integers: bounds are integers, not {value.dtype}", [value]))
        _within(value, name, endpoint or value is low)
    draw = Draw("integers", key, shape, "float64", low=low, high=high)
    wide = "uint64" if name == "uint64" else "int64"
    low, high = draw.fitted("low", cast(low, wide)), draw.fitted("high", cast(high, wide))
    text = "at least low" if endpoint else "more than low"
    compare = greater_equal if endpoint else _greater
    high = required("integers", high, "high", text, lambda v: compare(v, low))
    count = cast(high, "uint64") - cast(low, "uint64") + Constant(np.asarray(int(endpoint), "uint64"))
    word = draw.bits(64)
    number = where(equal(count, Constant(np.asarray(0, "uint64"))), word, multiply_high(word, count))  # 0: all of 2**64
    return _whole(draw, cast(low, "uint64") + number, name)


def randint(key: Any, shape: Any, minval: Any, maxval: Any, dtype: object = "int64") -> Variable:
    """Whole numbers from `minval` up to, not including, `maxval`, with JAX's order of arguments."""
    return integers(key, minval, maxval, shape, dtype)


def _greater(x: Variable, y: Variable) -> Variable:
    return less(y, x)


def _within(bound: Variable, dtype: str, inclusive: bool) -> None:
    """A bound that is known must be one of the dtype; the exclusive upper one may be 1 more where 64 bits hold that."""
    if isinstance(bound, Constant):
        limits, data = np.iinfo(dtype), bound.data
        highest = limits.max + (not inclusive and limits.bits < 64)
        if data.size and not (limits.min <= int(data.min()) and int(data.max()) <= highest):
            raise ArgumentError(explain(f"integers: a bound is out of range for {dtype}", [bound]))


def _counts(what: str, name: str, value: Any) -> Variable:
    """Counts, which must be integers and at least 0."""
    count = as_variable(value)
    if count.dtype not in INTEGERS:
        raise DtypeError(explain(f"{what}: {name} must be integers, not {count.dtype}", [count]))
    return required(what, cast(count, "int64"), name, "at least 0", lambda v: greater_equal(v, 0), count)


def _integers(what: str, dtype: object) -> str:
    name = as_dtype(dtype)
    if name not in INTEGERS:
        raise DtypeError(f"{what}: counts are integers, not {name}; cast the result")
    return name


def _whole(draw: Draw, x: Variable, dtype: str) -> Variable:
    """The result of a draw in an integer dtype."""
    draw.dtype = dtype
    return draw.result(x)


