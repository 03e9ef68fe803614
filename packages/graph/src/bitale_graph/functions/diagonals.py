"""Diagonals and triangles of matrices: reading them, placing them, and masks made of them."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import SIGNED, UNSIGNED
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_integer, as_size, axes_of
from bitale_graph.functions.inputs import or_default
from bitale_graph.functions.movement import expand_dims
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reshaping import ravel
from bitale_graph.ops.elementwise import add, equal, greater_equal, where
from bitale_graph.ops.movement import Diagonal, Pad
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_subtract
from bitale_graph.variable import Variable


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The elements of two axes whose second index is the first plus `offset`, as the last axis of the result."""
    x = as_variable(x)
    _want_matrix("diagonal", x)
    return Diagonal(_offset("diagonal", offset), *axes_of("diagonal", (axis1, axis2), x))(x)


def diag(x: Any, k: int = 0) -> Variable:
    """The diagonal k of a matrix, or the square matrix that has a vector on diagonal k and zeros elsewhere."""
    x, k = as_variable(x), _offset("diag", k)
    if x.ndim == 1:
        n = size_add(shape_of(x)[0], abs(k))
        return alloc_diagonal(x, n, n, k)
    if x.ndim != 2:
        raise ShapeError(explain(f"diag: a vector or a matrix is wanted, not {x.ndim} axes", [x]))
    return diagonal(x, k)


def diagflat(x: Any, k: int = 0) -> Variable:
    """The square matrix with the elements of x, flattened, on diagonal k and zeros elsewhere."""
    return diag(ravel(x), k)


def alloc_diagonal(x: Any, rows: Any, columns: Any, offset: int = 0) -> Variable:
    """Matrices (the last two axes of the result) with the last axis of x on the diagonal `offset`, zeros elsewhere.

    The last axis of x has the length of that diagonal, so that diagonal(result, offset, -2, -1) is x.
    """
    x, rows, columns = as_variable(x), as_size("alloc_diagonal", rows), as_size("alloc_diagonal", columns)
    long = rows if offset >= 0 else columns  # the axis along which the diagonal begins at 0
    missing = size_subtract(long, shape_of(x)[-1])
    last = x.ndim - 1
    op = Pad((0,) * x.ndim, (0,) * last + (missing if isinstance(missing, int) else None,))
    padded = op(x, cast(0, x.dtype), *([missing] if isinstance(missing, Variable) else []))
    placed = expand_dims(padded, x.ndim if offset >= 0 else last)
    return where(_on_diagonal(rows, columns, offset), placed, cast(0, x.dtype))


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: object = None) -> Variable:
    """The sum of a diagonal; booleans and integers are added in int64 or uint64 unless `dtype` says otherwise."""
    elements = diagonal(x, offset, axis1, axis2)
    if dtype is None:
        wide = {**dict.fromkeys((*SIGNED, "bool"), "int64"), **dict.fromkeys(UNSIGNED, "uint64")}
        dtype = wide.get(elements.dtype, elements.dtype)
    return Reduce(add, (elements.ndim - 1,))(cast(elements, dtype))


def tril(x: Any, k: Any = 0) -> Variable:
    """x with zeros above diagonal k of its last two axes (a vector counts as equal rows); k may be a variable."""
    return _triangle("tril", x, as_integer("tril", k), lower=True)


def triu(x: Any, k: Any = 0) -> Variable:
    """x with zeros below diagonal k of its last two axes (a vector counts as equal rows); k may be a variable."""
    return _triangle("triu", x, size_add(as_integer("triu", k), -1), lower=False)


def tri(N: Any, M: Any = None, k: Any = 0, dtype: object = None) -> Variable:
    """N rows and M columns (N when None) with ones on and below diagonal k, zeros above."""
    rows = as_size("tri", N)
    columns = rows if M is None else as_size("tri", M)
    return cast(_on_or_below(rows, columns, as_integer("tri", k)), or_default(dtype))


def eye(N: Any, M: Any = None, k: Any = 0, dtype: object = None) -> Variable:
    """N rows and M columns (N when None) with ones on diagonal k, zeros elsewhere."""
    rows = as_size("eye", N)
    columns = rows if M is None else as_size("eye", M)
    return cast(_on_diagonal(rows, columns, as_integer("eye", k)), or_default(dtype))


def identity(n: Any, dtype: object = None) -> Variable:
    """The unit matrix of n rows."""
    return eye(n, dtype=dtype)


def _triangle(what: str, x: Any, k: Size, lower: bool) -> Variable:
    x = as_variable(x)
    if x.ndim == 0:
        raise ShapeError(explain(f"{what}: at least one axis is wanted", [x]))
    sizes = shape_of(x)
    mask = _on_or_below(sizes[max(x.ndim - 2, 0)], sizes[-1], k)
    x = expand_dims(x, 0) if x.ndim == 1 else x
    mask = expand_dims(mask, tuple(range(x.ndim - 2)))
    zero = cast(0, x.dtype)
    return where(mask, x, zero) if lower else where(mask, zero, x)


def _on_or_below(rows: Size, columns: Size, k: Size) -> Variable:
    """Whether column j is at most row i + k, as a matrix of booleans."""
    return greater_equal(_row_numbers(rows, k), _column_numbers(columns))


def _on_diagonal(rows: Size, columns: Size, k: Size) -> Variable:
    return equal(_row_numbers(rows, k), _column_numbers(columns))


def _row_numbers(rows: Size, k: Size) -> Variable:
    numbers = iota(rows)
    return expand_dims(numbers if isinstance(k, int) and k == 0 else numbers + k, 1)


def _column_numbers(columns: Size) -> Variable:
    return expand_dims(iota(columns), 0)


def _want_matrix(what: str, x: Variable) -> None:
    if x.ndim < 2:
        raise ShapeError(explain(f"{what}: at least two axes are wanted, not {x.ndim}", [x]))


def _offset(what: str, value: Any) -> int:
    offset = as_integer(what, value)
    if isinstance(offset, Variable):
        raise ArgumentError(explain(f"{what}: the offset must be a known integer", [offset]))
    return offset
