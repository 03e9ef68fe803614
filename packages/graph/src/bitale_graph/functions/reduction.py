"""Reductions under NumPy's names, with NumPy's dtypes: sums and products, extrema, truth, running totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.dtypes import SIGNED, SIZE, UNSIGNED
from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.arguments import axes_of, axis_of
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims, transpose
from bitale_graph.functions.reshaping import ravel, reshape
from bitale_graph.functions.slicing import slice_axis
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.elementwise import Function
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_product
from bitale_graph.variable import Variable

Axes = int | Sequence[int] | None


def reduced_axes(what: str, axis: Axes, x: Variable) -> tuple[int, ...]:
    """The sorted axes that `axis` names: all for None. Raises ArgumentError for one that is missing or stands twice."""
    return tuple(range(x.ndim)) if axis is None else tuple(sorted(axes_of(what, axis, x)))


def reduce(
    function: Function,
    x: Any,
    axis: Axes = None,
    keepdims: bool = False,
    what: str | None = None,
    of_none: bool = False,
) -> Variable:
    """Combine the elements along `axis` (all axes when None) with an associative `function`; the dtype stays.

    Errors begin with `what`, the name of the function unless given. `of_none` allows extrema of no elements: the value
    that every other one exceeds (for minimum: falls below).
    """
    x = as_variable(x)
    axes = reduced_axes(what or function.name, axis, x)
    result = apply(Reduce(function, axes, of_none), x) if axes else x
    return expand_dims(result, axes) if keepdims and axes else result


def sum(
    x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Variable:
    """The sum over `axis`; booleans and integers are added in int64 or uint64 unless `dtype` says otherwise.

    `initial` is added; elements for which `where` is false are left out.
    """
    return _combined(row.add, _chosen(_widened(x, dtype), where, 0), axis, keepdims, "sum", initial)


def prod(
    x: Any, axis: Axes = None, dtype: object = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Variable:
    """The product over `axis`; booleans and integers multiply in int64 or uint64 unless `dtype` says otherwise.

    `initial` is a further factor; elements for which `where` is false are left out.
    """
    return _combined(row.multiply, _chosen(_widened(x, dtype), where, 1), axis, keepdims, "prod", initial)


def max(x: Any, axis: Axes = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Variable:
    """The largest element along `axis`; NaN where there is one. Raises ShapeError where there are no elements.

    `initial` is a further element, which an empty axis then has too; `where` chooses elements and needs it.
    """
    return _extremum(row.maximum, x, axis, keepdims, "max", initial, where)


def min(x: Any, axis: Axes = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Variable:
    """The smallest element along `axis`; NaN where there is one. Raises ShapeError where there are no elements.

    `initial` is a further element, which an empty axis then has too; `where` chooses elements and needs it.
    """
    return _extremum(row.minimum, x, axis, keepdims, "min", initial, where)


def ptp(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Peak to peak: the largest less the smallest element along `axis`."""
    x = as_variable(x)
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def any(x: Any, axis: Axes = None, keepdims: bool = False, *, where: Any = None) -> Variable:
    """Whether some element along `axis` (of those that `where` chooses) is true: not zero."""
    return reduce(row.logical_or, _chosen(cast(as_variable(x), "bool"), where, False), axis, keepdims, "any")


def all(x: Any, axis: Axes = None, keepdims: bool = False, *, where: Any = None) -> Variable:
    """Whether every element along `axis` (of those that `where` chooses) is true: not zero."""
    return reduce(row.logical_and, _chosen(cast(as_variable(x), "bool"), where, True), axis, keepdims, "all")


def count_nonzero(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """How many elements along `axis` are not zero, as int64."""
    return sum(cast(as_variable(x), "bool"), axis, SIZE, keepdims)


def argmax(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The index (int64) of the first largest element along `axis`, or of the raveled axes when there are several.

    A NaN counts as the largest. Raises ShapeError where there are no elements.
    """
    return _arg_reduce(row.maximum, x, axis, keepdims)


def argmin(x: Any, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The index (int64) of the first smallest element along `axis`, or of the raveled axes when there are several.

    A NaN counts as the smallest. Raises ShapeError where there are no elements.
    """
    return _arg_reduce(row.minimum, x, axis, keepdims)


def max_and_argmax(x: Any, axis: Axes = None, keepdims: bool = False) -> tuple[Variable, Variable]:
    """`max` and `argmax` of the same elements."""
    x = as_variable(x)
    return max(x, axis, keepdims), argmax(x, axis, keepdims)


def cumsum(x: Any, axis: int | None = None, dtype: object = None) -> Variable:
    """Running sums along `axis`, of the raveled array when None; dtypes as for `sum`."""
    return _cumulate(row.add, _widened(x, dtype), axis, "cumsum")


def cumprod(x: Any, axis: int | None = None, dtype: object = None) -> Variable:
    """Running products along `axis`, of the raveled array when None; dtypes as for `prod`."""
    return _cumulate(row.multiply, _widened(x, dtype), axis, "cumprod")


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Variable:
    """Differences of neighbours along `axis`, taken `n` times; of booleans whether they differ.

    `prepend` and `append` (scalars, or arrays as x is) stand before and after x first.
    """
    x = as_variable(x)
    if n < 0:
        raise ArgumentError(explain(f"diff: n must not be negative, not {n}", [x]))
    if n and not (prepend is None and append is None):
        axis = axis_of("diff", axis, x)
        sides = [[] if each is None else [_side(as_variable(each), x, axis)] for each in (prepend, append)]
        x = concatenate([*sides[0], x, *sides[1]], axis)
    for _ in range(n):
        later, earlier = slice_axis(x, axis, 1), slice_axis(x, axis, None, -1)
        x = row.not_equal(later, earlier) if x.dtype == "bool" else later - earlier
    return x


def _side(value: Variable, x: Variable, axis: int) -> Variable:
    """A scalar as one element for each place beside x along `axis`; an array as it is."""
    if value.ndim:
        return value
    sizes = shape_of(x)
    return broadcast_to(value, (*sizes[:axis], 1, *sizes[axis + 1 :]))


def _chosen(x: Variable, where: Any, neutral: Any) -> Variable:
    """x with `neutral` for the elements that `where` leaves out."""
    return x if where is None else row.where(where, x, cast(neutral, x.dtype))


def _combined(
    function: Function, x: Variable, axis: Axes, keepdims: bool, what: str, initial: Any
) -> Variable:
    result = reduce(function, x, axis, keepdims, what)
    return result if initial is None else function(result, cast(initial, x.dtype))


def _extremum(
    function: Function, x: Any, axis: Axes, keepdims: bool, what: str, initial: Any, where: Any
) -> Variable:
    x = as_variable(x)
    if initial is None:
        if where is not None:
            raise ArgumentError(explain(f"{what}: `where` needs `initial`, for where it chooses nothing", [x]))
        return reduce(function, x, axis, keepdims, what)
    chosen = _chosen(x, where, initial)
    return function(reduce(function, chosen, axis, keepdims, what, of_none=True), cast(initial, x.dtype))


def _widened(x: Any, dtype: object) -> Variable:
    """x in the dtype that NumPy adds and multiplies in: 64 bits for booleans and integers."""
    x = as_variable(x)
    if dtype is None:
        dtype = "int64" if x.dtype in ("bool", *SIGNED) else "uint64" if x.dtype in UNSIGNED else x.dtype
    return cast(x, dtype)


def _arg_reduce(function: Function, x: Any, axis: Axes, keepdims: bool) -> Variable:
    x = as_variable(x)
    axes = reduced_axes(f"arg{function.name[:3]}", axis, x)
    joined, position = _join(x, axes)
    result = apply(ArgReduce(function, position), joined)
    return expand_dims(result, axes) if keepdims and axes else result


def _join(x: Variable, axes: tuple[int, ...]) -> tuple[Variable, int]:
    """x with `axes` raveled into one axis, and where that axis is."""
    if len(axes) == x.ndim:
        return ravel(x), 0
    if len(axes) == 1:
        return x, axes[0]
    rest = tuple(axis for axis in range(x.ndim) if axis not in axes)
    sizes = shape_of(x)
    shape = (*[sizes[axis] for axis in rest], size_product(sizes[axis] for axis in axes))
    return reshape(transpose(x, (*rest, *axes)), shape), len(rest)


def _cumulate(function: Function, x: Variable, axis: int | None, what: str) -> Variable:
    if axis is None:
        return Cumulate(function, 0)(ravel(x))
    return Cumulate(function, axis_of(what, axis, x))(x)
