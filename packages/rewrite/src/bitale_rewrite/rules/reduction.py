"""Reductions: merged, freed of factors and signs, and replaced where there is nothing to combine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph.dtypes import FLOATS
from bitale_graph.functions.apply import cast
from bitale_graph.ops.elementwise import (
    Elementwise,
    add,
    arcsinh,
    arctan,
    bitwise_and,
    bitwise_or,
    cbrt,
    ceil,
    erf,
    exp,
    exp2,
    expm1,
    floor,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    rint,
    sigmoid,
    sinh,
    softplus,
    tanh,
    true_divide,
    trunc,
)
from bitale_graph.ops.movement import Broadcast, ExpandDims, Reshape, Squeeze, Transpose
from bitale_graph.ops.reduction import ArgReduce, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_product
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_rewrite.constants import finite_factor, uniform
from bitale_rewrite.pattern import CONSTANT
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import source
from bitale_rewrite.samples import array
from bitale_rewrite.sizes import broadcast_to

IDEMPOTENT = (maximum, minimum, logical_and, logical_or, bitwise_and, bitwise_or)
ADD, LARGEST, LEAST = Reduce(add, (1,)), Reduce(maximum, (1,)), Reduce(minimum, (1,))

# Increasing, and defined for every number: the largest value is the value of the largest, NaN included.
MONOTONE = (exp, exp2, expm1, sigmoid, softplus, tanh, arctan, arcsinh, sinh, erf, cbrt, floor, ceil, trunc, rint)


def _nothing() -> Iterator[Variable]:
    yield Reduce(add, ())(array(2, None))
    yield Reduce(multiply, (0, 2))(array(1, None, 1))
    yield LARGEST(array(None, 1))
    yield Reduce(add, (0, 1))(array(1, None))


@rewrites(Reduce, name="reduce nothing", preserves="reals", samples=_nothing)
def reduce_nothing(node: Apply) -> Replacement:
    """An axis of length 1 is dropped, not combined (the sum of -0 alone would be +0)."""
    x, axes = node.inputs[0], node.op.axes
    if not axes:
        return x
    ones = tuple(axis for axis in axes if x.type.shape[axis] == 1)
    if not ones:
        return None
    rest = tuple(axis - sum(one < axis for one in ones) for axis in axes if axis not in ones)
    return node.op.over(rest)(Squeeze(ones)(x))


def _reductions() -> Iterator[Variable]:
    x = array(2, None, 3)
    yield Reduce(add, (0,))(Reduce(add, (1,))(x))
    yield Reduce(maximum, (0, 1))(Reduce(maximum, (0,))(x))


@rewrites(Reduce, name="reduction of a reduction", preserves="reals", having=(Reduce,), samples=_reductions)
def merge_reductions(node: Apply) -> Replacement:
    """sum(sum(x)) is one sum."""
    inner = source(node.inputs[0], Reduce)
    if inner is None or inner.op.function is not node.op.function or inner.op.of_none != node.op.of_none:
        return None
    x = inner.inputs[0]
    kept = [axis for axis in range(x.ndim) if axis not in inner.op.axes]
    return node.op.over(tuple(sorted([*inner.op.axes, *(kept[axis] for axis in node.op.axes)])))(x)


def _factors() -> Iterator[Variable]:
    x = array(None, 3)
    yield from (ADD(-x), ADD(x * 3.0), ADD(x / 4.0), Reduce(add, (0, 1))(-0.5 * x))


@rewrites(
    Reduce, name="factors out of sums", preserves="reals", having=(negative, multiply, true_divide), samples=_factors
)
def sum_of_multiple(node: Apply) -> Replacement:
    """sum(-x) -> -sum(x), sum(c x) -> c sum(x), sum(x / c) -> sum(x) / c for a constant c (0 and infinity would make
    a NaN of an infinity or a zero in x)."""
    inner = source(node.inputs[0], Elementwise)
    if inner is None or node.op.function is not add:
        return None
    if inner.op.function is negative:
        return -node.op(inner.inputs[0])
    for x, c in (inner.inputs, inner.inputs[::-1])[: {multiply: 2, true_divide: 1}.get(inner.op.function, 0)]:
        value = finite_factor(c)
        if value is not None and x.type == inner.outputs[0].type:
            return inner.op(node.op(x), value)
    return None


def _constant_along() -> Iterator[Variable]:
    x = array(None, 3)
    yield ADD(multiply(x, array(None, 1, name="b")))
    yield Reduce(add, (0, 1))(multiply(array(1, 1, name="b"), x))
    yield Reduce(add, (1,))(multiply(array(2, 3, 4, name="x"), array(2, 1, 1, name="b")))


@rewrites(Reduce, name="sum before scaling", preserves="reals", having=(multiply,), samples=_constant_along)
def sum_before_scaling(node: Apply) -> Replacement:
    """sum(x * b) -> b sum(x) for a b that has length 1 along the summed axes."""
    inner, axes = source(node.inputs[0], Elementwise), node.op.axes
    if inner is None or not axes or node.op.function is not add or inner.op.function is not multiply:
        return None
    whole = inner.outputs[0].type
    for x, b in (inner.inputs, inner.inputs[::-1]):
        if b.ndim == x.ndim and x.type == whole and all(b.type.shape[axis] == 1 for axis in axes):
            if all(whole.shape[axis] != 1 for axis in axes):
                return Squeeze(axes)(b) * node.op(x)
    return None


def _stretched() -> Iterator[Variable]:
    n = shape_of(array(None))[0]
    yield ADD(Broadcast((2, 4))(array(2, 1)))
    yield Reduce(add, (0,))(broadcast_to(array(1, 3), (n, 3)))
    yield Reduce(add, (0, 1))(Broadcast((4, 2))(array(1, 2)))
    yield LARGEST(Broadcast((2, 4))(array(2, 1)))
    yield Reduce(logical_or, (0,))(Broadcast((4,))(array(1, dtype="bool")))


@rewrites(Reduce, name="reduce before stretching", preserves="reals", having=(Broadcast,), samples=_stretched)
def reduce_stretched(node: Apply) -> Replacement:
    """sum(broadcast(x)) -> n x, max(broadcast(x)) -> x, over axes that were stretched."""
    inner, function = source(node.inputs[0], Broadcast), node.op.function
    if inner is None:
        return None
    x, lengths = inner.inputs[0], shape_of(inner.outputs[0])
    stretched = tuple(axis for axis in node.op.axes if x.type.shape[axis] == 1)
    if not stretched:
        return None
    count = size_product(lengths[axis] for axis in stretched)
    kept = [axis for axis in range(x.ndim) if axis not in stretched]
    rest = tuple(kept.index(axis) for axis in node.op.axes if axis not in stretched)
    squeezed = Squeeze(stretched)(x)
    sizes = [lengths[axis] for axis in kept]
    if function is add and x.dtype != "bool":
        squeezed = squeezed * cast(count, x.dtype)
    elif function not in IDEMPOTENT or not isinstance(count, int) or count == 0:
        return None
    return _reduced(node.op, rest, _stretch(squeezed, sizes))


def _stretch(x: Variable, sizes: list[int | Variable]) -> Variable:
    return broadcast_to(x, sizes) if sizes else x


def _reduced(op: Op, axes: tuple[int, ...], x: Variable) -> Variable:
    return op.over(axes)(x) if axes else x


def _filled() -> Iterator[Variable]:
    yield ADD(Constant(np.full((2, 3), 1.5)))
    yield Reduce(add, (0, 1))(Broadcast((400, 500))(Constant(np.full((1, 1), 2, "int64"))))


@rewrites(Reduce, name="sum of one value", preserves="reals", having=(CONSTANT,), samples=_filled)
def sum_of_constant(node: Apply) -> Replacement:
    """The sum of an array that has one value everywhere is the value times its size."""
    value, shape = uniform(node.inputs[0]), node.inputs[0].type.shape
    if value is None or node.op.function is not add or None in shape:
        return None
    return value * cast(size_product(shape[axis] for axis in node.op.axes), value.dtype)


def _moved() -> Iterator[Variable]:
    x = array(2, None, 3)
    yield Reduce(add, (0,))(Transpose((2, 0, 1))(x))
    yield Reduce(maximum, (0, 1, 2))(Transpose((2, 0, 1))(x))
    yield Reduce(add, (0, 2))(ExpandDims((1,))(x))
    yield Reduce(add, (0,))(Reshape((6,))(array(2, 3)))


@rewrites(
    Reduce, name="reduce before moving", preserves="reals", having=(Transpose, ExpandDims, Reshape), samples=_moved
)
def reduce_moved(node: Apply) -> Replacement:
    """Reductions of transposed arrays and of arrays with added axes are reductions of the arrays."""
    inner, axes = node.inputs[0].owner, node.op.axes
    if inner is None or type(inner.op) not in (Transpose, ExpandDims, Reshape):
        return None
    x = inner.inputs[0]
    if isinstance(inner.op, Reshape):
        return node.op.over(tuple(range(x.ndim)))(x) if len(axes) == node.inputs[0].ndim else None
    if isinstance(inner.op, Transpose):
        order = inner.op.axes
        taken = tuple(sorted(order[axis] for axis in axes))
        kept = [axis for axis in order if axis not in taken]
        result = node.op.over(taken)(x)
        return Transpose(tuple(sorted(kept).index(axis) for axis in kept))(result) if kept else result
    added = inner.op.axes
    if any(axis in added for axis in axes):
        return None
    taken = tuple(axis - sum(one < axis for one in added) for axis in axes)
    return ExpandDims(tuple(axis - sum(one < axis for one in axes) for axis in added))(node.op.over(taken)(x))


def _monotone() -> Iterator[Variable]:
    x = array(None, 3)
    yield from (LARGEST(exp(x)), LEAST(tanh(x)), LARGEST(-x), LEAST(-x))


@rewrites(
    Reduce,
    name="largest value of a monotone function",
    preserves="reals",
    having=(*MONOTONE, negative),
    samples=_monotone,
)
def extremum_of_monotone(node: Apply) -> Replacement:
    """max(f(x)) -> f(max(x)) for an increasing f, max(-x) -> -min(x)."""
    inner, function = source(node.inputs[0], Elementwise), node.op.function
    if inner is None or function not in (maximum, minimum) or node.op.of_none:
        return None
    if inner.op.function is negative and node.inputs[0].dtype in FLOATS:
        return -Reduce(minimum if function is maximum else maximum, node.op.axes)(inner.inputs[0])
    return inner.op(node.op(inner.inputs[0])) if inner.op.function in MONOTONE else None


def _indices() -> Iterator[Variable]:
    x = array(None, 3)
    yield ArgReduce(maximum, 1)(exp(x))


STRICT = (exp, sigmoid, tanh, softplus, expm1)


@rewrites(ArgReduce, name="position in a monotone function", preserves="reals", having=STRICT, samples=_indices)
def position_in_monotone(node: Apply) -> Replacement:
    """argmax(f(x)) -> argmax(x) for a strictly increasing f."""
    inner = source(node.inputs[0], Elementwise)
    return None if inner is None or inner.op.function not in STRICT else node.op(inner.inputs[0])


REDUCTION: tuple[Rule, ...] = (
    reduce_nothing,
    merge_reductions,
    sum_of_multiple,
    sum_before_scaling,
    reduce_stretched,
    sum_of_constant,
    reduce_moved,
    extremum_of_monotone,
    position_in_monotone,
)
