"""Pullbacks of reductions and running reductions; none divides by an element that may be 0."""

from __future__ import annotations

import numpy as np

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_autodiff.shaping import conj, full_like, zeros_like
from bitale_graph.functions import cast, concatenate, moveaxis
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.functions.control.scan import scan
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.slicing import flip
from bitale_graph.ops.elementwise import add, equal, maximum, minimum, multiply, where
from bitale_graph.ops.indexing import Scatter
from bitale_graph.ops.movement import ExpandDims, Pad, Slice
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast, sized
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Constant, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


@PULLBACKS.register(Reduce)
def _reduce(node: Apply, g: Variable) -> Contributions:
    rule = {add: _sum, multiply: _prod, maximum: _extremum, minimum: _extremum}[node.op.function]
    return [rule(node, g)]


def _sum(node: Apply, g: Variable) -> Variable:
    return _spread(g, node.op.axes, node.inputs[0])


def _spread(g: Variable, axes: tuple[int, ...], x: Variable) -> Variable:
    """g, from which `axes` of x were reduced, with the shape of x."""
    return broadcast(ExpandDims(axes)(g) if axes else g, shape_of(x))


def _extremum(node: Apply, g: Variable) -> Variable:
    """The elements that are equal to the extremum share g evenly."""
    (x,), (z,), axes = node.inputs, node.outputs, node.op.axes
    chosen = equal(x, _spread(z, axes, x))
    sharers = Reduce(add, axes)(cast(chosen, g.dtype))
    return where(chosen, _spread(g / sharers, axes, x), 0)


def _prod(node: Apply, g: Variable) -> Variable:
    """One axis after another: the derivative to an element is the product of those before and those after it."""
    axes = node.op.axes
    steps = [node.inputs[0]]
    for axis in reversed(axes[1:]):
        steps.append(Reduce(multiply, (axis,))(steps[-1]))
    for axis, x in zip(axes, reversed(steps), strict=True):
        others = _product_before(x, axis) * flip(_product_before(flip(x, axis), axis), axis)
        g = _spread(g, (axis,), x) * conj(others)
    return g


def _product_before(x: Variable, axis: int) -> Variable:
    """Element i is the product of the elements before i along `axis`; 1 for the first."""
    before = tuple(int(k == axis) for k in range(x.ndim))
    none = (0,) * x.ndim
    padded = Pad(before, none)(x, Constant(np.asarray(1, x.dtype)))
    products = Cumulate(multiply, axis)(padded)
    lengths = shape_of(x)
    return sized(Slice, none, lengths, (1,) * x.ndim)(products, *unknown_lengths(lengths))


@PULLBACKS.register(Cumulate)
def _cumulate(node: Apply, g: Variable) -> Contributions:
    rules = {add: _cumsum, multiply: _cumprod, maximum: _running_extremum, minimum: _running_extremum}
    return [rules[node.op.function](node, g)]


def _cumsum(node: Apply, g: Variable) -> Variable:
    return _sum_after(g, node.op.axis)


def _sum_after(g: Variable, axis: int) -> Variable:
    """Element j is the sum of the elements from j on along `axis`."""
    return flip(Cumulate(add, axis)(flip(g, axis)), axis)


def _cumprod(node: Apply, g: Variable) -> Variable:
    """The product of the elements before j, times g[j] + x[j+1] (g[j+1] + x[j+2] (g[j+2] + ...)).

    Nothing is divided: zeros and infinities are elements like others.
    """
    (x,), axis = node.inputs, node.op.axis
    before, x, g = conj(_product_before(x, axis)), moveaxis(conj(x), axis, 0), moveaxis(g, axis, 0)
    following = concatenate([x[1:], full_like(x[:1], 1)])
    nothing = broadcast(Constant(np.asarray(0, x.dtype)), shape_of(x)[1:]) if x.ndim > 1 else np.asarray(0, x.dtype)
    after, _ = scan(lambda g, x, rest: g + x * rest, [g, following], nothing, go_backwards=True, name="cumprod")
    return before * moveaxis(flip(after, 0), 0, axis)


def _running_extremum(node: Apply, g: Variable) -> Variable:
    """Each g goes to the last element so far that equals the extremum."""
    (x,), (z,), axis = node.inputs, node.outputs, node.op.axis
    places = [_positions(x, k) for k in range(x.ndim)]
    place = broadcast(places[axis], shape_of(x))
    places[axis] = Cumulate(maximum, axis)(where(equal(x, z), place, 0))
    return Scatter(tuple(range(x.ndim)), add)(zeros_like(x), g, *places)


def _positions(x: Variable, axis: int) -> Variable:
    """The index along `axis`, as an array of the rank of x that stretches along the other axes."""
    others = tuple(k for k in range(x.ndim) if k != axis)
    steps = iota(shape_of(x)[axis])
    return ExpandDims(others)(steps) if others else steps
