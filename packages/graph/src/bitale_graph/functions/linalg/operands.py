"""What functions of matrices take: dtypes, squares, and right-hand sides that are vectors or matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.dtypes import BOOL, INTEGERS
from bitale_graph.errors import DtypeError, MatrixShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import to_one_dtype
from bitale_graph.functions.broadcasting import broadcast_shapes, broadcast_to
from bitale_graph.functions.elementwise import conj
from bitale_graph.functions.movement import expand_dims, matrix_transpose, moveaxis, squeeze
from bitale_graph.functions.reshaping import reshape
from bitale_graph.routine import PRECISE
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Variable


def as_precise(what: str, x: Any) -> Variable:
    """x in a dtype that routines take: integers as float64. Raises DtypeError for float16, as NumPy does."""
    x = as_variable(x)
    if x.dtype in (*BOOL, *INTEGERS):
        return cast(x, "float64")
    if x.dtype not in PRECISE:
        raise DtypeError(explain(f"{what}: there is no linear algebra in {x.dtype}", [x], "Cast it to float32."))
    return x


def as_matrix(what: str, x: Any, square: bool = False) -> Variable:
    """Matrices, in the last two axes of x. Raises MatrixShapeError where there are none, or none that are `square`."""
    x = as_precise(what, x)
    if x.ndim < 2:
        raise MatrixShapeError(explain(f"{what}: a matrix is wanted, not {x.type}", [x]))
    rows, columns = x.type.shape[-2:]
    if square and rows is not None and columns is not None and rows != columns:
        raise MatrixShapeError(explain(f"{what}: the matrix is not square: {rows} x {columns}", [x]))
    return x


def adjoint(x: Variable) -> Variable:
    """The conjugate transpose of matrices."""
    return conj(matrix_transpose(x))


def solved(what: str, a: Any, b: Any, solve: Callable[[Variable, Variable], Variable]) -> Variable:
    """`solve` for a vector b, or for matrices whose batch axes stretch to those of a, and the other way round.

    One matrix a serves all of a batch: its right-hand sides are then the columns of one matrix.
    """
    a, b = to_one_dtype([as_matrix(what, a, square=True), as_precise(what, b)])
    if b.ndim == 0:
        raise MatrixShapeError(explain(f"{what}: the right-hand side is a vector or matrices, not a scalar", [b]))
    n, m = a.type.shape[-1], b.type.shape[0 if b.ndim == 1 else -2]
    if n is not None and m is not None and n != m:
        raise MatrixShapeError(explain(f"{what}: {n} rows of the matrix, {m} of the right-hand side", [a, b]))
    if b.ndim == 1:
        if a.ndim == 2:
            return squeeze(solve(a, expand_dims(b, 1)), 1)
        b = broadcast_to(expand_dims(b, 1), (*shape_of(a)[:-2], shape_of(b)[0], 1))
        return squeeze(solve(a, b), -1)
    if a.ndim == 2 and b.ndim > 2:
        rows = moveaxis(b, -2, 0)
        flat = solve(a, reshape(rows, (shape_of(rows)[0], -1)))
        return moveaxis(reshape(flat, shape_of(rows)), 0, -2)
    return solve(*stretched(a, b))


def stretched(*arrays: Variable) -> list[Variable]:
    """Matrices with the batch axes that they have together."""
    batches = [x.type.shape[:-2] for x in arrays]
    if all(len(batch) == len(batches[0]) for batch in batches):
        if all(len({n == 1 for n in lengths}) == 1 for lengths in zip(*batches, strict=True)):
            return list(arrays)
    batch = broadcast_shapes(*(shape_of(x)[:-2] for x in arrays))
    return [broadcast_to(x, (*batch, *shape_of(x)[-2:])) for x in arrays]
