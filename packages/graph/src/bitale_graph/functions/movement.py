"""Moving axes: inserting, dropping and permuting them, under NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable
from bitale_graph.functions.arguments import axes_of, axis_of
from bitale_graph.ops.movement import ExpandDims, Squeeze, Transpose
from bitale_graph.variable import Variable


def expand_dims(x: Any, axis: int | Sequence[int]) -> Variable:
    """x with axes of length 1 inserted, which have the positions `axis` in the result."""
    x = as_variable(x)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = axes_of("expand_dims", axis, x, extra=count)
    return ExpandDims(tuple(sorted(axes)))(x) if axes else x


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Variable:
    """x without the axes `axis`, which have length 1 (checked when the function runs where it is not known).

    None drops the axes whose length is statically 1. Raises ShapeError for an axis of another length.
    """
    x = as_variable(x)
    if axis is None:
        axes = tuple(k for k, n in enumerate(x.type.shape) if n == 1)
    else:
        axes = tuple(sorted(axes_of("squeeze", axis, x)))
    return apply(Squeeze(axes), x) if axes else x


def transpose(x: Any, *axes: Any) -> Variable:
    """Axis k of the result is axis `axes[k]` of x; without axes (or for None) their order is reversed.

    The axes may be given as one sequence or one by one. Raises ArgumentError when they are no permutation.
    """
    x = as_variable(x)
    one = len(axes) == 1 and not isinstance(axes[0], int)
    given = axes[0] if one else axes or None
    order = tuple(reversed(range(x.ndim))) if given is None else axes_of("transpose", given, x)
    return _permuted("transpose", x, order)


def permute_dims(x: Any, axes: Sequence[int]) -> Variable:
    """The same as `transpose(x, axes)`."""
    return transpose(x, axes)


def matrix_transpose(x: Any) -> Variable:
    """x with its last two axes exchanged. Raises ShapeError for fewer than two."""
    x = as_variable(x)
    if x.ndim < 2:
        raise ShapeError(explain(f"matrix_transpose: at least two axes are wanted, not {x.ndim}", [x]))
    return swapaxes(x, -1, -2)


def swapaxes(x: Any, axis1: int, axis2: int) -> Variable:
    """x with two axes exchanged."""
    x = as_variable(x)
    first, second = axis_of("swapaxes", axis1, x), axis_of("swapaxes", axis2, x)
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return _permuted("swapaxes", x, tuple(order))


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Variable:
    """x with the axes `source` at the positions `destination`; the others keep their order."""
    x = as_variable(x)
    old, new = axes_of("moveaxis", source, x), axes_of("moveaxis", destination, x)
    if len(old) != len(new):
        raise ArgumentError(explain(f"moveaxis: {len(old)} axes cannot move to {len(new)} positions", [x]))
    order = [axis for axis in range(x.ndim) if axis not in old]
    for position, axis in sorted(zip(new, old, strict=True)):
        order.insert(position, axis)
    return _permuted("moveaxis", x, tuple(order))


def rollaxis(x: Any, axis: int, start: int = 0) -> Variable:
    """x with `axis` moved before the axis that stands at `start`."""
    x = as_variable(x)
    axis = axis_of("rollaxis", axis, x)
    start = axis_of("rollaxis", start, x, extra=1) if start >= 0 else axis_of("rollaxis", start, x)
    return moveaxis(x, axis, start - 1 if start > axis else start)


def dimshuffle(x: Any, *pattern: Any) -> Variable:
    """Axis k of the result is axis `pattern[k]` of x, or a new axis of length 1 for "x".

    The pattern may be given as one sequence or one by one. Axes that it leaves out must have length 1 (checked when
    the function runs where it is not known). Raises ShapeError where they have not.
    """
    x = as_variable(x)
    if len(pattern) == 1 and isinstance(pattern[0], (tuple, list)):
        pattern = tuple(pattern[0])
    kept = axes_of("dimshuffle", [axis for axis in pattern if axis != "x"], x)
    dropped = [axis for axis in range(x.ndim) if axis not in kept]
    order = sorted(kept)
    moved = _permuted("dimshuffle", squeeze(x, dropped), tuple(order.index(axis) for axis in kept))
    return expand_dims(moved, [k for k, axis in enumerate(pattern) if axis == "x"])


def shape_padleft(x: Any, n_ones: int = 1) -> Variable:
    """x with `n_ones` axes of length 1 in front."""
    return expand_dims(x, tuple(range(n_ones)))


def shape_padright(x: Any, n_ones: int = 1) -> Variable:
    """x with `n_ones` axes of length 1 at the end."""
    x = as_variable(x)
    return expand_dims(x, tuple(range(x.ndim, x.ndim + n_ones)))


def shape_padaxis(x: Any, axis: int) -> Variable:
    """x with one axis of length 1, which has the position `axis` in the result."""
    return expand_dims(x, axis)


def _permuted(what: str, x: Variable, order: tuple[int, ...]) -> Variable:
    if sorted(order) != list(range(x.ndim)):
        raise ArgumentError(explain(f"{what}: {order} is no permutation of {x.ndim} axes", [x]))
    return x if order == tuple(range(x.ndim)) else Transpose(order)(x)
