"""Stretching arrays to a shape, and stating what a shape is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.errors import ShapeError, explain
from bitale_graph.functions.apply import as_variable, expand_rank
from bitale_graph.functions.arguments import apply_sized, as_integers, as_sizes, axes_of
from bitale_graph.ops.movement import Broadcast
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Sizes, size_variable
from bitale_graph.variable import Variable

STRETCHING = "Only an axis whose length is statically 1 stretches: see expand_dims and specify_shape."


def broadcast_to(x: Any, shape: Any) -> Variable:
    """x stretched to `shape` (ints, integer scalars, or a vector of known length), new axes in front.

    An axis stretches where its length is statically 1. Raises ShapeError where another does not fit: now where
    lengths are known, else when the function runs.
    """
    x, sizes = as_variable(x), as_sizes("broadcast_to", shape)
    if x.ndim > len(sizes):
        raise ShapeError(explain(f"broadcast_to: {x.ndim} axes cannot become {len(sizes)}", [x]))
    return _stretch(expand_rank(x, len(sizes)), sizes)


def broadcast_shapes(*shapes: Any) -> Sizes:
    """The shape that arrays of these shapes have together; lengths are ints or integer scalars. Raises ShapeError."""
    rows = [as_sizes("broadcast_shapes", shape) for shape in shapes]
    rank = max(map(len, rows), default=0)
    columns = zip(*[(1,) * (rank - len(row)) + row for row in rows], strict=True)
    return tuple(_joint_size(axis, column) for axis, column in enumerate(columns))


def _joint_size(axis: int, sizes: Sizes) -> Any:
    known = {n for n in sizes if isinstance(n, int) and n != 1}
    if len(known) > 1:
        raise ShapeError(f"broadcast: lengths {sorted(known)} on axis {axis} differ")
    return known.pop() if known else next((n for n in sizes if isinstance(n, Variable)), 1)


def broadcast_arrays(*arrays: Any) -> tuple[Variable, ...]:
    """The arrays stretched to the one shape they have together."""
    variables = [as_variable(x) for x in arrays]
    try:
        shape = broadcast_shapes(*map(shape_of, variables))
    except ShapeError as error:
        raise ShapeError(explain(str(error), variables, STRETCHING)) from None
    return tuple(broadcast_to(x, shape) for x in variables)


def specify_shape(x: Any, shape: Any) -> Variable:
    """x itself, whose lengths are said to be `shape` (None: nothing is said of that axis).

    The type gets the known lengths. Raises ShapeError where a length is another: now where both are known, else when
    the function runs.
    """
    x = as_variable(x)
    given = shape if isinstance(shape, (tuple, list)) else as_integers("specify_shape", shape)
    if len(given) != x.ndim:
        raise ShapeError(explain(f"specify_shape: {len(given)} lengths given for {x.ndim} axes", [x]))
    own = shape_of(x)
    sizes = tuple(n if m is None else as_sizes("specify_shape", m)[0] for n, m in zip(own, given, strict=True))
    for axis, (n, m) in enumerate(zip(x.type.shape, sizes, strict=True)):
        if n is not None and isinstance(m, int) and n != m:
            raise ShapeError(explain(f"specify_shape: axis {axis} has length {n}, not {m}", [x]))
    return _stretch(x, sizes)


def addbroadcast(x: Any, *axes: int) -> Variable:
    """x, whose `axes` are said to have length 1 (checked when the function runs), so that they stretch."""
    x = as_variable(x)
    ones = axes_of("addbroadcast", axes, x)
    return specify_shape(x, tuple(1 if axis in ones else n for axis, n in enumerate(x.type.shape)))


def unbroadcast(x: Any, *axes: int) -> Variable:
    """x, of whose `axes` nothing is known any more: where the length is 1, it stretches no longer."""
    x = as_variable(x)
    hidden = axes_of("unbroadcast", axes, x)
    shape = tuple(None if axis in hidden else n for axis, n in enumerate(x.type.shape))
    if shape == x.type.shape:
        return x
    return Broadcast(shape)(x, *[size_variable(n) for n, m in zip(shape_of(x), shape, strict=True) if m is None])


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> Variable:
    """x, whose axes stretch where `broadcastable` says so: addbroadcast of these axes, unbroadcast of the others."""
    x = as_variable(x)
    if len(broadcastable) != x.ndim:
        raise ShapeError(explain(f"patternbroadcast: {len(broadcastable)} flags given for {x.ndim} axes", [x]))
    ones = [axis for axis, one in enumerate(broadcastable) if one]
    others = [axis for axis, n in enumerate(x.type.shape) if n == 1 and axis not in ones]
    return unbroadcast(addbroadcast(x, *ones), *others)


def _stretch(x: Variable, sizes: Sizes) -> Variable:
    fitting = zip(x.type.shape, shape_of(x), sizes, strict=True)
    if all(known == n if isinstance(n, int) else same_size(own, n) for known, own, n in fitting):
        return x
    return apply_sized(Broadcast, x, sizes, STRETCHING)
