"""Distributions made of gamma numbers, whose gradients go through the shape by implicit differentiation.

The gamma numbers are kept as logarithms, so that those of small shapes do not vanish: beta is a sigmoid of a
difference, Dirichlet a softmax. Figurnov, Mohamed, Mnih, Implicit reparameterization gradients, 2018.
"""

from __future__ import annotations

from typing import Any

from bitale_graph.errors import ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_sizes
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.composites import softmax
from bitale_graph.functions.random.continuous import not_negative, positive, standard_normal
from bitale_graph.functions.random.draws import Draw
from bitale_graph.ops.elementwise import exp, log, sigmoid
from bitale_graph.ops.random import log_gamma_variate
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Variable


def gamma(key: Any, a: Any, shape: Any = None, dtype: object = None, scale: Any = 1.0) -> Variable:
    """Gamma of shape `a` with mean a * scale (Marsaglia and Tsang, 2000). NumPy's parameters: shape and scale."""
    draw = Draw("gamma", key, shape, dtype, a=a, scale=scale)
    not_negative(draw, "a")
    not_negative(draw, "scale")
    return draw.result(draw["scale"] * cast(exp(standard_log_gamma(draw, draw["a"])), draw.computed))


def loggamma(key: Any, a: Any, shape: Any = None, dtype: object = None) -> Variable:
    """The logarithm of a gamma number of scale 1, exact where that would be 0."""
    draw = Draw("loggamma", key, shape, dtype, a=a)
    not_negative(draw, "a")
    return draw.result(cast(standard_log_gamma(draw, draw["a"]), draw.computed))


def standard_log_gamma(draw: Draw, a: Variable) -> Variable:
    """Logarithms of gamma numbers of scale 1, in float64."""
    return log_gamma_variate(*draw.words, draw.index, cast(a, "float64"))


def chisquare(key: Any, df: Any, shape: Any = None, dtype: object = None) -> Variable:
    """The sum of `df` squares of standard normal numbers; `df` need not be whole."""
    draw = Draw("chisquare", key, shape, dtype, df=df)
    positive(draw, "df")
    return draw.result(2 * cast(exp(standard_log_gamma(draw, 0.5 * draw["df"])), draw.computed))


def t(
    key: Any, df: Any, shape: Any = None, dtype: object = None, loc: Any = 0.0, scale: Any = 1.0
) -> Variable:
    """Student's t with `df` degrees of freedom: a normal number over the root of a mean of squares."""
    draw = Draw("t", key, shape, dtype, df=df, loc=loc, scale=scale)
    positive(draw, "df")
    not_negative(draw, "scale")
    half = cast(0.5 * draw["df"], "float64")
    spread = exp(0.5 * (log(half) - standard_log_gamma(draw.another(1), half)))
    return draw.result(draw["loc"] + draw["scale"] * (standard_normal(draw.another(2)) * cast(spread, draw.computed)))


def beta(key: Any, a: Any, b: Any, shape: Any = None, dtype: object = None) -> Variable:
    """Beta on (0, 1) with mean a / (a + b)."""
    draw = Draw("beta", key, shape, dtype, a=a, b=b)
    positive(draw, "a")
    positive(draw, "b")
    first, second = (standard_log_gamma(draw.another(k), draw[name]) for k, name in enumerate("ab"))
    return draw.result(cast(sigmoid(first - second), draw.computed))


def dirichlet(key: Any, alpha: Any, shape: Any = None, dtype: object = None) -> Variable:
    """Probabilities along the last axis, which add up to 1, with means alpha / sum(alpha).

    `shape` is that of the draws, without the last axis; unless given it is that of `alpha` before its last axis.
    """
    alpha = as_variable(alpha)
    if not alpha.ndim:
        raise ShapeError(explain("dirichlet: alpha must have an axis", [alpha]))
    length = shape_of(alpha)[-1]
    whole = shape_of(alpha) if shape is None else (*as_sizes("dirichlet", shape), length)
    draw = Draw("dirichlet", key, whole, dtype, alpha=alpha)
    positive(draw, "alpha")
    weights = standard_log_gamma(draw, draw["alpha"])
    return draw.result(cast(softmax(broadcast_to(weights, draw.shape), axis=-1), draw.computed))


