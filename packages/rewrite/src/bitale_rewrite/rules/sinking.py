"""Elementwise functions and movement: what is stretched is computed before it is stretched, constants become scalars,
and reshapes sink to the leaves, so that trees of elementwise functions stay whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph.ops.elementwise import (
    CASTS,
    Elementwise,
    absolute,
    add,
    exp,
    identity,
    maximum,
    minimum,
    multiply,
    negative,
    square,
    subtract,
    where,
)
from bitale_graph.ops.movement import Broadcast, ExpandDims, Reshape
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.constants import uniform
from bitale_rewrite.pattern import CONSTANT
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import source
from bitale_rewrite.samples import array
from bitale_rewrite.sizes import broadcast_to, reshape_to, same_lengths

# Computed twice rather than stored: sinking a reshape into these costs less than an array in memory.
CHEAP = frozenset(
    {add, subtract, multiply, negative, absolute, square, maximum, minimum, where, identity, *CASTS.values()}
)


def _stretched() -> Iterator[Variable]:
    x = array(None, 3)
    sizes = shape_of(x)
    row = array(1, 3, name="row")
    yield add(x, broadcast_to(row, sizes))
    yield multiply(broadcast_to(ExpandDims((0, 1))(array(name="s")), sizes), x)
    yield multiply(ExpandDims((0, 1))(array(name="s")), x)
    yield add(x, broadcast_to(ExpandDims((0, 1))(add(array(name="s"), 1.0)), (sizes[0], 1)))


@rewrites(Elementwise, name="operands stretch by themselves", having=(Broadcast, ExpandDims), samples=_stretched)
def drop_stretching(node: Apply) -> Replacement:
    """f(x, broadcast(y)) -> f(x, y) where x gives the lengths; a scalar with added axes becomes the scalar."""
    inputs = list(node.inputs)
    for k, x in enumerate(inputs):
        others = [v for i, v in enumerate(inputs) if i != k and v.ndim]
        if others and type(x.owner.op if x.owner else None) in (Broadcast, ExpandDims):
            inputs[k] = _unstretched(x, others)
    return None if all(a is b for a, b in zip(inputs, node.inputs)) else node.op(*inputs)


def _unstretched(x: Variable, others: list[Variable]) -> Variable:
    """The operand of the broadcast or the scalar in `x`, if `others` surely give each length that `x` gives."""
    inner = x.owner.inputs[0]  # type: ignore[union-attr]
    if type(x.owner.op) is Broadcast:  # type: ignore[union-attr]
        lengths = zip(shape_of(inner), shape_of(x), strict=True)
        lost = [axis for axis, (n, m) in enumerate(lengths) if not same_size(n, m)]
        return inner if all(_given(x, axis, others) for axis in lost) else x
    if inner.ndim == 0:
        return inner  # lengths of 1 always stretch
    return x


def _given(x: Variable, axis: int, others: list[Variable]) -> bool:
    wanted = shape_of(x)[axis]
    return any(same_size(shape_of(v)[axis], wanted) for v in others if v.type.shape[axis] != 1)


def _constants() -> Iterator[Variable]:
    x = array(2, None)
    yield multiply(x, Constant(np.full((2, 1), 3.0)))
    yield multiply(ExpandDims((0,))(Constant(np.full(1, 3.0))), x)


@rewrites(Elementwise, name="constant operands are scalars", having=(CONSTANT,), samples=_constants)
def scalar_constants(node: Apply) -> Replacement:
    """f(x, an array of one value) -> f(x, the value) where x gives the lengths."""
    inputs = list(node.inputs)
    for k, c in enumerate(inputs):
        value = uniform(c) if c.ndim else None
        if value is None:
            continue
        others = [v for i, v in enumerate(inputs) if i != k and v.ndim]
        if others and all(n == 1 or _given(c, axis, others) for axis, n in enumerate(c.type.shape)):
            inputs[k] = value
    return None if all(a is b for a, b in zip(inputs, node.inputs)) else node.op(*inputs)


def _small() -> Iterator[Variable]:
    x = array(1, 3)
    stretched = Broadcast((4, 3))(x)
    yield exp(stretched)
    yield add(stretched, array(name="s"))
    yield add(broadcast_to(array(1, None), (shape_of(array(None))[0], shape_of(array(None))[0])), 2.0)


@rewrites(Elementwise, name="compute before stretching", having=(Broadcast,), samples=_small)
def stretch_later(node: Apply) -> Replacement:
    """f(broadcast(x), scalars) -> broadcast(f(x, scalars))."""
    arrays = [k for k, v in enumerate(node.inputs) if v.ndim]
    inner = source(node.inputs[arrays[0]], Broadcast) if len(arrays) == 1 else None
    if inner is None:
        return None
    inputs = [inner.inputs[0] if k == arrays[0] else v for k, v in enumerate(node.inputs)]
    return broadcast_to(node.op(*inputs), shape_of(node.inputs[arrays[0]]))


def _reshaped() -> Iterator[Variable]:
    x, y = array(2, 3, name="x"), array(2, 3, name="y")
    yield reshape_to(add(x, y) * 2.0, (6,))
    z = array(None, 4)
    yield reshape_to(-z, (shape_of(z)[0], 2, 2))


@rewrites(Reshape, name="reshapes sink", having=tuple(CHEAP), alone=True, samples=_reshaped)
def sink_reshape(node: Apply) -> Replacement:
    """reshape(f(x, y)) -> f(reshape(x), reshape(y)) for a cheap f of arrays that do not stretch."""
    x = node.inputs[0]
    inner = source(x, Elementwise)
    if inner is None or inner.op.function not in CHEAP:
        return None
    arrays = [v for v in inner.inputs if v.ndim]
    if not all(same_lengths(v, x) and _full(v, x) for v in arrays):
        return None
    sizes = shape_of(node.outputs[0])
    return inner.op(*[reshape_to(v, sizes) if v.ndim else v for v in inner.inputs])


def _full(v: Variable, whole: Variable) -> bool:
    return all(n != 1 or m == 1 for n, m in zip(v.type.shape, whole.type.shape))


SINKING: tuple[Rule, ...] = (drop_stretching, scalar_constants, stretch_later, sink_reshape)
