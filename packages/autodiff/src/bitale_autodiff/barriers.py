"""Expressions that are x itself, but change what is differentiated: stops, clips, scales."""

from __future__ import annotations

from typing import Any

from bitale_graph.composite import composite
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import as_variable
from bitale_graph.ops.control import StopGradient
from bitale_graph.ops.elementwise import identity
from bitale_graph.variable import Variable


def stop_gradient(x: Any) -> Variable:
    """x itself, on which nothing depends as far as differentiation is concerned: it counts as a constant."""
    return StopGradient()(as_variable(x))


disconnected_grad = stop_gradient  # Theano's name


def zero_grad(x: Any) -> Variable:
    """x itself, with derivative 0. Unlike after `stop_gradient`, the result still counts as depending on x."""
    return _zero_grad(x)


def undefined_grad(x: Any) -> Variable:
    """x itself; that its derivative is needed is an UndefinedGradientError."""
    return _undefined_grad(x)


def grad_clip(x: Any, low: float, high: float) -> Variable:
    """x itself; the cotangent that flows back through it is clipped to `low` and `high`."""
    if not low <= high:
        raise ArgumentError(f"grad_clip: the lower bound {low} is above the upper bound {high}")
    return _grad_clip(x, low=float(low), high=float(high))


def grad_scale(x: Any, factor: float) -> Variable:
    """x itself; the derivative is multiplied by `factor`."""
    return _grad_scale(x, factor=float(factor))


# Each is its argument; what it does to derivatives is the row of its label in the tables of composites.
@composite
def _zero_grad(x: Variable, /) -> Variable:
    return identity(x)


@composite
def _undefined_grad(x: Variable, /) -> Variable:
    return identity(x)


@composite
def _grad_clip(x: Variable, /, *, low: float, high: float) -> Variable:
    return identity(x)


@composite
def _grad_scale(x: Variable, /, *, factor: float) -> Variable:
    return identity(x)
