"""Covariances and correlations of observations."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import COMPLEX, real_dtype, result_type
from bitale_graph.errors import ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import to_one_dtype
from bitale_graph.functions.contraction import dot
from bitale_graph.functions.diagonals import diagonal
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims, squeeze, transpose
from bitale_graph.functions.statistics import mean
from bitale_graph.ops import elementwise as row
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_variable
from bitale_graph.variable import Variable


def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None) -> Variable:
    """The covariance of the rows of m (of its columns unless `rowvar`), and of y stacked below: a matrix.

    The sum of products is divided by the number of observations less `ddof`, which is 1, or 0 if `bias`. Vectors
    count as one row; the covariance of one row is a scalar. Raises ShapeError for more than two axes.
    """
    x = _observations(m, rowvar)
    if y is not None:
        x = concatenate(to_one_dtype([x, _observations(y, rowvar)]))
    x = cast(x, result_type(x.dtype, "float64"))
    distance = x - mean(x, 1, keepdims=True)
    count = cast(size_variable(shape_of(x)[1]), real_dtype(x.dtype)) - ((0 if bias else 1) if ddof is None else ddof)
    other = row.conjugate(distance) if x.dtype in COMPLEX else distance
    result = dot(distance, transpose(other)) / row.maximum(count, 0)
    single = tuple(axis for axis, n in enumerate(result.type.shape) if n == 1)
    return squeeze(result, single) if len(single) == 2 else result


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Variable:
    """The correlation coefficients of the rows (columns unless `rowvar`): the covariance divided by the deviations."""
    c = cov(x, y, rowvar)
    if not c.ndim:
        return c / c
    deviation = row.sqrt(row.real(diagonal(c)))
    found = c / expand_dims(deviation, 1) / expand_dims(deviation, 0)
    if found.dtype in COMPLEX:
        return row.make_complex(row.clip(row.real(found), -1, 1), row.clip(row.imag(found), -1, 1))
    return row.clip(found, -1, 1)


def _observations(value: Any, rowvar: bool) -> Variable:
    """One row per quantity, one column per observation."""
    x = as_variable(value)
    if x.ndim > 2:
        raise ShapeError(explain(f"cov: at most two axes are wanted, not {x.ndim}", [x]))
    if x.ndim < 2:
        return expand_dims(x, tuple(range(2 - x.ndim)))
    return x if rowvar else transpose(x)
