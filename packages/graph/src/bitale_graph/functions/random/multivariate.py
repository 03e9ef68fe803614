"""The multivariate normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_sizes
from bitale_graph.functions.contraction import matmul
from bitale_graph.functions.joining import stack
from bitale_graph.functions.random.continuous import standard_normal
from bitale_graph.functions.random.draws import Draw
from bitale_graph.ops.elementwise import sqrt
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Constant, Variable

LARGEST = 32  # variables, up to which a covariance that is no constant is factored here


def multivariate_normal(
    key: Any, mean: Any, cov: Any = None, shape: Any = None, dtype: object = None, cholesky: Any = None
) -> Variable:
    """Normal vectors along the last axis, with mean `mean` (..., n) and covariance `cov` (n, n).

    `cholesky` is a matrix L with L @ L.T = cov, given instead. A constant `cov` is factored by NumPy when the graph is
    built, another one when the function runs, for up to 32 variables in known number; use `cholesky` beyond that.
    `shape` is that of the draws before the last axis. Gradients flow to all three. Raises ArgumentError for a constant
    covariance that is not positive definite (another one gives NaN), ShapeError for lengths that do not fit.
    """
    if (cov is None) == (cholesky is None):
        raise ArgumentError("multivariate_normal: either cov or cholesky is wanted")
    mean, factor = as_variable(mean), _square(as_variable(cov if cholesky is None else cholesky))
    if not mean.ndim:
        raise ShapeError(explain("multivariate_normal: the mean is a vector", [mean]))
    whole = shape_of(mean) if shape is None else (*as_sizes("multivariate_normal", shape), shape_of(mean)[-1])
    draw = Draw("multivariate_normal", key, whole, dtype, mean=mean)
    factor = cast(factor, draw.computed)
    factor = _factored(factor) if cholesky is None else factor
    return draw.result(draw["mean"] + matmul(standard_normal(draw), factor.T))


def _square(matrix: Variable) -> Variable:
    if matrix.ndim != 2:
        raise ShapeError(explain(f"multivariate_normal: a square matrix is wanted, not {matrix.type}", [matrix]))
    return matrix


def _factored(cov: Variable) -> Variable:
    """Cholesky's lower triangular factor."""
    if isinstance(cov, Constant):
        try:
            return Constant(np.linalg.cholesky(cov.data))
        except np.linalg.LinAlgError:
            raise ArgumentError(explain("multivariate_normal: cov is not positive definite", [cov])) from None
    n = cov.type.shape[0]
    if n is None or n > LARGEST or cov.type.shape[1] not in (n, None):
        raise ShapeError(
            explain(f"multivariate_normal: up to {LARGEST} variables in known number are factored", [cov],
                    "Give a factor as cholesky=, or use specify_shape.")
        )
    rows: list[list[Any]] = [[0.0] * n for _ in range(n)]
    zero = cast(0.0, cov.dtype)
    for j in range(n):
        for i in range(j, n):
            rest = cov[i, j]
            for k in range(j):
                rest = rest - rows[i][k] * rows[j][k]
            rows[i][j] = sqrt(rest) if i == j else rest / rows[j][j]
    return stack([stack([cast(v, cov.dtype) if isinstance(v, Variable) else zero for v in row]) for row in rows])
