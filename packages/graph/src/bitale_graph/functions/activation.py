"""Activation functions of neural networks that are one elementwise expression."""

from __future__ import annotations

import math
from typing import Any

from bitale_graph.dtypes import FLOATS
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.elementwise import as_inexact, clip, where
from bitale_graph.ops.elementwise import absolute, erf, expm1, greater, maximum, sigmoid
from bitale_graph.variable import Variable


def relu(x: Any, alpha: Any = 0) -> Variable:
    """x where positive, else alpha x."""
    x = as_variable(x)
    if type(alpha) in (int, float) and alpha == 0:
        return maximum(x, 0)
    return where(greater(x, 0), x, alpha * x)


def leaky_relu(x: Any, alpha: Any = 0.01) -> Variable:
    """x where positive, else alpha x."""
    return relu(x, alpha)


def elu(x: Any, alpha: Any = 1.0) -> Variable:
    """x where positive, else alpha (exp(x) - 1). Clevert, Unterthiner, Hochreiter, 2015."""
    x = as_inexact(x, "elu", FLOATS)
    return where(greater(x, 0), x, alpha * expm1(x))


def selu(x: Any) -> Variable:
    """elu scaled to keep mean 0 and variance 1. Klambauer et al., Self-Normalizing Neural Networks, 2017."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softsign(x: Any) -> Variable:
    """x / (1 + |x|)."""
    x = as_variable(x)
    return x / (1 + absolute(x))


def hard_sigmoid(x: Any) -> Variable:
    """0.2 x + 0.5 between 0 and 1."""
    return clip(0.2 * as_inexact(x, "hard_sigmoid", FLOATS) + 0.5, 0.0, 1.0)


def silu(x: Any) -> Variable:
    """x sigmoid(x), also called swish."""
    x = as_inexact(x, "silu", FLOATS)
    return x * sigmoid(x)


def gelu(x: Any) -> Variable:
    """x times the normal distribution function of x. Hendrycks, Gimpel, 2016."""
    x = as_inexact(x, "gelu", FLOATS)
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))
