"""Expressions that are x itself, but change what is differentiated: stops, clips, scales."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import is_differentiable
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Composite, StopGradient
from bitale_graph.ops.elementwise import identity
from bitale_graph.variable import Variable


def stop_gradient(x: Any) -> Variable:
    """x itself, on which nothing depends as far as differentiation is concerned: it counts as a constant."""
    return StopGradient()(as_variable(x))


disconnected_grad = stop_gradient  # Theano's name


def zero_grad(x: Any) -> Variable:
    """x itself, with derivative 0. Unlike after `stop_gradient`, the result still counts as depending on x."""
    return _itself("zero_grad", x)


def undefined_grad(x: Any) -> Variable:
    """x itself; that its derivative is needed is an UndefinedGradientError."""
    return _itself("undefined_grad", x)


def grad_clip(x: Any, low: float, high: float) -> Variable:
    """x itself; the cotangent that flows back through it is clipped to `low` and `high`."""
    if not low <= high:
        raise ArgumentError(f"grad_clip: the lower bound {low} is above the upper bound {high}")
    return _itself("grad_clip", x, low=float(low), high=float(high))


def grad_scale(x: Any, factor: float) -> Variable:
    """x itself; the derivative is multiplied by `factor`."""
    return _itself("grad_scale", x, factor=float(factor))


def _itself(label: str, x: Any, **parameters: float) -> Variable:
    """A composite that is x, with the rule of its label. Integers have no derivative and are returned as they are."""
    x = as_variable(x)
    if not is_differentiable(x.dtype):
        return x
    inside = Variable(x.type)
    return Composite(label, tuple(parameters.items()), Graph([inside], [identity(inside)], label))(x)
