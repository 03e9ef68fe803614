"""Norms of vectors and matrices, as numpy.linalg defines them."""

from __future__ import annotations

from math import inf
from typing import Any

from bitale_graph.dtypes import INEXACT
from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.arguments import axes_of
from bitale_graph.functions.movement import expand_dims, moveaxis, squeeze
from bitale_graph.functions.reduction import Axes
from bitale_graph.functions.statistics import squared
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.linalg import Svd
from bitale_graph.variable import Variable

Order = float | str | None


def norm(x: Any, ord: Order = None, axis: Axes = None, keepdims: bool = False) -> Variable:
    """numpy.linalg.norm: of all elements without `ord` and `axis`, of vectors along one axis, of matrices along two.

    Raises ArgumentError for an unknown order.
    """
    x = as_variable(x)
    if axis is None and (ord is None or x.ndim == 1):
        return vector_norm(x, 2 if ord is None else ord, None, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axes_of("norm", axis, x)
    if len(axes) == 1:
        return vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes[0], axes[1], keepdims)
    raise ArgumentError(explain(f"norm: one or two axes are wanted, not {len(axes)}", [x], "Give `axis`."))


def vector_norm(x: Any, ord: Order = 2, axis: Axes = None, keepdims: bool = False) -> Variable:
    """sum(|x| ** ord) ** (1 / ord) over `axis` (all axes when None); the largest or smallest |x| for ord = ±inf,
    the number of elements that are not 0 for ord = 0. The derivative of the 2-norm at 0 is taken as 0."""
    x = _inexact(x)
    if isinstance(ord, str) or ord is None:
        raise ArgumentError(explain(f"norm: ord={ord!r} is not an order of vectors", [x], "Give a number."))
    if ord == 2:
        return _root(reduction.sum(squared(x), axis, None, keepdims))
    magnitude = row.absolute(x)
    if ord == inf:
        return reduction.max(magnitude, axis, keepdims, initial=0)
    if ord == -inf:
        return reduction.min(magnitude, axis, keepdims)
    if ord == 0:
        return cast(reduction.count_nonzero(x, axis, keepdims), magnitude.dtype)
    if ord == 1:
        return reduction.sum(magnitude, axis, None, keepdims)
    return reduction.sum(magnitude**ord, axis, None, keepdims) ** (1 / ord)


def matrix_norm(x: Any, ord: Order = "fro", keepdims: bool = False) -> Variable:
    """The norm of the matrices in the last two axes: "fro"; 1, -1, inf, -inf: extreme sums of columns or rows;
    2, -2, "nuc": the extreme singular values, or their sum."""
    return norm(x, ord, (-2, -1), keepdims)


def _matrix_norm(x: Variable, ord: Order, rows: int, columns: int, keepdims: bool) -> Variable:
    if ord in (None, "fro"):
        return vector_norm(x, 2, (rows, columns), keepdims)
    if ord in (2, -2, "nuc"):
        return _of_singular_values(x, ord, rows, columns, keepdims)
    if ord not in (1, -1, inf, -inf):
        problem = f"norm: ord={ord!r} is no norm of a matrix; known are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf"
        raise ArgumentError(explain(problem, [x]))
    added, compared = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = reduction.sum(row.absolute(_inexact(x)), added, None, True)
    found = reduction.max(sums, compared, True, initial=0) if ord > 0 else reduction.min(sums, compared, True)
    return found if keepdims else squeeze(found, (rows, columns))


def _of_singular_values(x: Variable, ord: Order, rows: int, columns: int, keepdims: bool) -> Variable:
    s = apply(Svd(vectors=False), moveaxis(_inexact(x), (rows, columns), (-2, -1)))
    found = s[..., -1] if ord == -2 else s[..., 0] if ord == 2 else reduction.sum(s, -1)
    return expand_dims(found, sorted((rows, columns))) if keepdims else found


def _root(x: Variable) -> Variable:
    """sqrt(x) with the derivative 0 at x = 0, where that of sqrt is infinite."""
    at_zero = row.equal(x, 0)
    return row.where(at_zero, 0, row.sqrt(row.where(at_zero, 1, x)))


def _inexact(x: Any) -> Variable:
    x = as_variable(x)
    return x if x.dtype in INEXACT else cast(x, "float64")
