"""Generalised inverses and what is read off singular values: least squares, rank, condition; inverses of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.composite import composite
from bitale_graph.dtypes import SIZE, real_dtype
from bitale_graph.errors import ArgumentError, MatrixShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.contraction import matmul
from bitale_graph.functions.linalg.decompositions import eigvalsh, svdvals
from bitale_graph.functions.linalg.determinants import inv
from bitale_graph.functions.linalg.operands import adjoint, as_matrix, as_precise
from bitale_graph.functions.linalg.solving import solve
from bitale_graph.functions.movement import expand_dims, moveaxis
from bitale_graph.functions.norms import norm
from bitale_graph.functions.reshaping import reshape
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.linalg import Svd
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_maximum, size_product, size_variable
from bitale_graph.variable import Apply, Variable


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Variable:
    """The generalised inverse of Moore and Penrose; singular values up to `rcond` (1e-15) times the largest count as 0.

    Its derivative is that at constant rank. `hermitian`, a hint of NumPy's, makes no difference.
    """
    cutoff = 1e-15 if rcond is None and rtol is None else rtol if rcond is None else rcond
    a = as_matrix("pinv", a)
    return _generalised_inverse(a, cast(as_variable(cutoff), real_dtype(a.dtype)))


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Variable, Variable, Variable, Variable]:
    """x that minimises |b - A x|, the sums of squares that are left (always: a shape does not depend on values), the
    rank of A, its singular values. Values up to `rcond` (the rounding error of A) times the largest count as 0."""
    a, b = as_matrix("lstsq", a), as_precise("lstsq", b)
    limit = _rounding(a) if rcond is None or (isinstance(rcond, float | int) and rcond == -1) else as_variable(rcond)
    inverse = _generalised_inverse(a, cast(limit, real_dtype(a.dtype)))
    x = matmul(inverse, b)
    rest = row.absolute(b - matmul(a, x))
    s = svdvals(a)
    return x, reduction.sum(rest * rest, 0), cast(_count(s, cast(limit, s.dtype) * _largest(s)), "int32"), s


def matrix_rank(a: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Variable:
    """How many singular values are above `tol`, by default the rounding error of the largest."""
    a = as_precise("matrix_rank", a)
    if a.ndim < 2:
        return cast(reduction.any(row.not_equal(a, 0)), SIZE)
    s = row.absolute(eigvalsh(a)) if hermitian else svdvals(a)
    if tol is None:
        return _count(s, cast(_rounding(a) if rtol is None else as_variable(rtol), s.dtype) * _largest(s))
    return _count(s, expand_dims(as_variable(tol), -1))


def cond(x: Any, p: Any = None) -> Variable:
    """How much errors of b may grow in the solution of X y = b: the ratio of the extreme singular values, for p = 2 or
    None, or norm(x, p) norm(inv(x), p)."""
    x = as_matrix("cond", x)
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


def tensorinv(a: Any, ind: int = 2) -> Variable:
    """The inverse of tensordot with a over its first `ind` axes."""
    a = as_precise("tensorinv", a)
    if not isinstance(ind, int) or not 0 < ind <= a.ndim:
        raise ArgumentError(explain(f"tensorinv: ind must be a positive number of axes, not {ind!r}", [a]))
    shape = shape_of(a)
    first, rest = shape[:ind], shape[ind:]
    return reshape(inv(reshape(a, (size_product(first), size_product(rest)))), (*rest, *first))


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Variable:
    """x of tensordot(a, x, x.ndim) = b; `axes` of a are moved to its end before."""
    a, b = as_precise("tensorsolve", a), as_precise("tensorsolve", b)
    if axes is not None:
        a = moveaxis(a, list(axes), list(range(a.ndim - len(axes), a.ndim)))
    shape = shape_of(a)[b.ndim :]
    if not shape and b.ndim:
        raise MatrixShapeError(explain("tensorsolve: no axes of a are left for the solution", [a, b]))
    rows = reshape(b, (-1,))
    return reshape(solve(reshape(a, (size_product(shape_of(b)), size_product(shape))), rows), shape)


@composite
def _generalised_inverse(a: Variable, cutoff: Variable, /) -> Variable:
    u, s, v = Apply(Svd(), (a,)).outputs
    kept = row.greater(s, (expand_dims(cutoff, -1) if cutoff.ndim else cutoff) * _largest(s))
    values = row.where(kept, 1 / row.where(kept, s, 1), 0)
    return matmul(adjoint(v) * expand_dims(cast(values, a.dtype), -2), adjoint(u))


def _largest(s: Variable) -> Variable:
    return reduction.max(s, -1, True, initial=0)


def _count(s: Variable, limit: Variable) -> Variable:
    return reduction.sum(cast(row.greater(s, limit), SIZE), -1)


def _rounding(a: Variable) -> Variable:
    """The relative error that singular values have from rounding."""
    longer = size_variable(size_maximum(*shape_of(a)[-2:]))
    return cast(longer, real_dtype(a.dtype)) * float(np.finfo(a.dtype).eps)
