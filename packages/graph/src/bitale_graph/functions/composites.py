"""Functions that appear in graphs as one node, because their stable form is more than the formula."""

from __future__ import annotations

from typing import Any

from bitale_graph.composite import composite
from bitale_graph.dtypes import FLOATS
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.elementwise import as_inexact
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.functions.reduction import Axes, reduced_axes
from bitale_graph.functions.statistics import mean
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import StopGradient
from bitale_graph.variable import Variable


def softmax(x: Any, axis: Axes = -1) -> Variable:
    """exp(x) / sum(exp(x)) along `axis` (all axes when None), without overflow."""
    x = as_inexact(x, "softmax", FLOATS)
    return _softmax(x, axis=reduced_axes("softmax", axis, x))


def log_softmax(x: Any, axis: Axes = -1) -> Variable:
    """log(softmax(x)) along `axis` (all axes when None), exact where softmax(x) is tiny."""
    x = as_inexact(x, "log_softmax", FLOATS)
    return _log_softmax(x, axis=reduced_axes("log_softmax", axis, x))


def logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """log(sum(exp(x))) along `axis` (all axes when None), without overflow; infinities are what they are in a sum.

    Of no elements -inf.
    """
    x = as_inexact(x, "logsumexp", FLOATS)
    return _logsumexp(x, axis=reduced_axes("logsumexp", axis, x), keepdims=bool(keepdims))


def layer_norm(x: Any, gamma: Any = None, beta: Any = None, axis: Axes = -1, eps: float = 1e-5) -> Variable:
    """x with mean 0 and variance 1 along `axis`, times `gamma`, plus `beta`. Ba, Kiros, Hinton, 2016.

    `gamma` and `beta` have the axes `axis` of x, or stretch to x; None leaves them out. `eps` is added to the variance.
    """
    x = as_inexact(x, "layer_norm", FLOATS)
    axes = reduced_axes("layer_norm", axis, x)
    result = _layer_norm(x, axis=axes, eps=float(eps))
    if gamma is not None:
        result = result * _on_axes(gamma, x, axes)
    return result if beta is None else result + _on_axes(beta, x, axes)


@composite
def _softmax(x: Variable, /, *, axis: tuple[int, ...]) -> Variable:
    powers = row.exp(x - _largest(x, axis))
    return powers / reduction.sum(powers, axis, None, True)


@composite
def _log_softmax(x: Variable, /, *, axis: tuple[int, ...]) -> Variable:
    below = x - _largest(x, axis)
    return below - row.log(reduction.sum(row.exp(below), axis, None, True))


@composite
def _logsumexp(x: Variable, /, *, axis: tuple[int, ...], keepdims: bool) -> Variable:
    largest = _largest(x, axis)
    largest = row.where(row.isfinite(largest), largest, 0)  # inf - inf would be NaN
    total = row.log(reduction.sum(row.exp(x - largest), axis, None, True)) + largest
    return total if keepdims else squeeze(total, axis)


@composite
def _layer_norm(x: Variable, /, *, axis: tuple[int, ...], eps: float) -> Variable:
    distance = x - mean(x, axis, None, True)
    return distance / row.sqrt(mean(row.square(distance), axis, None, True) + eps)


def _largest(x: Variable, axis: tuple[int, ...]) -> Variable:
    """The largest elements, through which no derivative flows: they cancel in what is made of them."""
    return StopGradient()(reduction.reduce(row.maximum, x, axis, True, of_none=True))


def _on_axes(parameter: Any, x: Variable, axes: tuple[int, ...]) -> Variable:
    """A parameter with one axis for each of `axes`, aligned with them."""
    parameter = as_variable(parameter)
    if parameter.ndim != len(axes):
        return parameter
    return expand_dims(parameter, [axis for axis in range(x.ndim) if axis not in axes])
