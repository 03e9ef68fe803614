"""Continuous distributions by transformation of uniform numbers: their gradients are those of the transformations."""

from __future__ import annotations

import math
from typing import Any

from bitale_graph.functions.apply import cast
from bitale_graph.functions.random.draws import Draw
from bitale_graph.ops.elementwise import (
    clip,
    erfc,
    exp,
    expm1,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    log1p,
    logical_not,
    ndtri,
    sqrt,
    tan,
    where,
)
from bitale_graph.variable import Variable


def uniform(key: Any, shape: Any = None, dtype: object = None, minval: Any = 0.0, maxval: Any = 1.0) -> Variable:
    """Uniform on [minval, maxval), in steps of the spacing of floats below 1."""
    draw = Draw("uniform", key, shape, dtype, minval=minval, maxval=maxval)
    draw.require("maxval", "at least minval", lambda high: logical_not(less(high, draw["minval"])))
    low, high = draw["minval"], draw["maxval"]
    return draw.result(low + (high - low) * draw.half_open(draw.dtype))


def normal(key: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0) -> Variable:
    """Normal with mean `loc` and standard deviation `scale`: quantiles of uniform numbers (Wichura's AS 241).

    One word makes one number. The tails reach to 6.3 standard deviations in float32, 8.3 in float64.
    """
    draw = Draw("normal", key, shape, dtype, loc=loc, scale=scale)
    not_negative(draw, "scale")
    return draw.result(draw["loc"] + draw["scale"] * standard_normal(draw))


def standard_normal(draw: Draw) -> Variable:
    """Mean 0, standard deviation 1."""
    coin, tail = draw.two_sided()
    z = ndtri(tail)
    return where(coin, z, -z)


def lognormal(key: Any, sigma: Any = 1.0, shape: Any = None, dtype: object = None, mean: Any = 0.0) -> Variable:
    """exp of a normal number with mean `mean` and standard deviation `sigma`."""
    draw = Draw("lognormal", key, shape, dtype, mean=mean, sigma=sigma)
    not_negative(draw, "sigma")
    return draw.result(exp(draw["mean"] + draw["sigma"] * standard_normal(draw)))


def truncated_normal(
    key: Any, lower: Any, upper: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0
) -> Variable:
    """Normal, given that it lies between `lower` and `upper` standard deviations from `loc`; either may be infinite.

    Computed in float64, from whichever tail is nearer; beyond 37 standard deviations by the tail's leading term.
    """
    draw = Draw("truncated_normal", key, shape, dtype, lower=lower, upper=upper, loc=loc, scale=scale)
    draw.require("upper", "more than lower", lambda high: greater(high, draw["lower"]))
    not_negative(draw, "scale")
    wide = Draw("truncated_normal", key, draw.shape, "float64")
    low, high = (cast(draw[name], "float64") for name in ("lower", "upper"))
    z = clip(cast(_between(low, high, wide.open()), draw.computed), draw["lower"], draw["upper"])
    return draw.result(draw["loc"] + draw["scale"] * z)


def _between(low: Variable, high: Variable, u: Variable) -> Variable:
    """The quantile u of a standard normal variable between two bounds."""
    below, above = _lower_tail(low), _lower_tail(-high)  # the mass on either side
    mass = where(greater(low, 0), _lower_tail(-low) - above, _lower_tail(high) - below)
    left, right = below + u * mass, above + (1 - u) * mass
    near = where(less(left, right), ndtri(left), -ndtri(right))
    far = where(greater(low, FAR), _far(low, high, u), -_far(-high, -low, 1 - u))
    return where(greater(low, FAR) | less(high, -FAR), far, near)


FAR = 37.0  # from here on the mass of the tail is no normal number


def _far(low: Variable, high: Variable, u: Variable) -> Variable:
    """Far above 0 half the square is exponential, but for a factor that hardly changes."""
    low, high = where(greater(low, FAR), low, FAR), where(greater(high, FAR), high, FAR)
    span = expm1((low - high) * (0.5 * (low + high)))
    return sqrt(low * low - 2 * log1p(u * span))


def _lower_tail(x: Variable) -> Variable:
    return 0.5 * erfc(x * -math.sqrt(0.5))


def exponential(key: Any, shape: Any = None, dtype: object = None, scale: Any = 1.0) -> Variable:
    """Exponential with mean `scale`; never 0 before the scale is applied."""
    draw = Draw("exponential", key, shape, dtype, scale=scale)
    not_negative(draw, "scale")
    return draw.result(draw["scale"] * standard_exponential(draw))


def standard_exponential(draw: Draw) -> Variable:
    """Mean 1."""
    return -log(draw.open())


def laplace(key: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0) -> Variable:
    """Double exponential around `loc`; the mean distance from there is `scale`."""
    draw = Draw("laplace", key, shape, dtype, loc=loc, scale=scale)
    not_negative(draw, "scale")
    coin, tail = draw.two_sided()
    distance = log(2 * tail)
    return draw.result(draw["loc"] + draw["scale"] * where(coin, distance, -distance))


def logistic(key: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0) -> Variable:
    """The distribution whose cumulative function is sigmoid((x - loc) / scale)."""
    draw = Draw("logistic", key, shape, dtype, loc=loc, scale=scale)
    not_negative(draw, "scale")
    coin, tail = draw.two_sided()
    odds = log(tail) - log1p(-tail)
    return draw.result(draw["loc"] + draw["scale"] * where(coin, odds, -odds))


def gumbel(key: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0) -> Variable:
    """The limit of maxima: its cumulative function is exp(-exp(-(x - loc) / scale))."""
    draw = Draw("gumbel", key, shape, dtype, loc=loc, scale=scale)
    not_negative(draw, "scale")
    long_tail = log(-log1p(-draw.open()))  # fine where the uniform number is
    return draw.result(draw["loc"] - draw["scale"] * long_tail)


def cauchy(key: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0) -> Variable:
    """Cauchy (Lorentz) around `loc`; half of the numbers lie within `scale` of it."""
    draw = Draw("cauchy", key, shape, dtype, loc=loc, scale=scale)
    not_negative(draw, "scale")
    coin, tail = draw.two_sided()
    distance = 1 / tan(math.pi * tail)
    return draw.result(draw["loc"] + draw["scale"] * where(coin, distance, -distance))


def weibull(key: Any, a: Any, shape: Any = None, dtype: object = None, scale: Any = 1.0) -> Variable:
    """`scale` times the a-th root of an exponential number."""
    draw = Draw("weibull", key, shape, dtype, a=a, scale=scale)
    positive(draw, "a")
    not_negative(draw, "scale")
    return draw.result(draw["scale"] * exp(log(standard_exponential(draw)) / draw["a"]))


def pareto(key: Any, b: Any, shape: Any = None, dtype: object = None, scale: Any = 1.0) -> Variable:
    """Pareto's first law: numbers from `scale` up, whose density falls as x**-(b + 1). NumPy's pareto is 1 less."""
    draw = Draw("pareto", key, shape, dtype, b=b, scale=scale)
    positive(draw, "b")
    not_negative(draw, "scale")
    return draw.result(draw["scale"] * exp(standard_exponential(draw) / draw["b"]))


# ---- what parameters must be ---------------------------------------------------------------------------------------


def not_negative(draw: Draw, name: str) -> None:
    """At least 0; NaN makes NaN."""
    draw.require(name, "at least 0", lambda v: logical_not(less(v, 0)))


def positive(draw: Draw, name: str) -> None:
    """More than 0; NaN makes NaN."""
    draw.require(name, "more than 0", lambda v: logical_not(less_equal(v, 0)))


def probability(draw: Draw, name: str) -> None:
    """From 0 to 1."""
    draw.require(name, "from 0 to 1", lambda v: greater_equal(v, 0) & less_equal(v, 1))
