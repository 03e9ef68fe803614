"""Powers and products of matrices, and the exponential."""

from __future__ import annotations

from functools import reduce
from typing import Any

from bitale_graph.composite import composite
from bitale_graph.dtypes import SIZE, real_dtype
from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.contraction import dot, matmul
from bitale_graph.functions.control.loop import fori_loop
from bitale_graph.functions.diagonals import eye
from bitale_graph.functions.linalg.determinants import inv
from bitale_graph.functions.linalg.operands import as_matrix
from bitale_graph.functions.linalg.solving import solve
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import StopGradient
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.variable import Variable


def matrix_dot(*matrices: Any) -> Variable:
    """The product of several matrices, from left to right; multi_dot chooses the cheapest order."""
    if not matrices:
        raise ArgumentError("matrix_dot: at least one matrix is wanted")
    return reduce(dot, map(as_variable, matrices))


def matrix_power(a: Any, n: int) -> Variable:
    """A times itself, n times, by squaring; the identity for n = 0, and powers of the inverse below."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise ArgumentError(explain(f"matrix_power: the power is an integer, not {n!r}", [as_variable(a)]))
    a = as_variable(a)
    if n <= 0 or a.ndim < 2:
        a = as_matrix("matrix_power", a, square=True) if n < 0 or a.ndim < 2 else a
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n % 2:
            result = a if result is None else matmul(result, a)
        n //= 2
        a = matmul(a, a) if n else a
    return broadcast(eye(shape_of(a)[-1], dtype=a.dtype), shape_of(a)) if result is None else result


def expm(a: Any) -> Variable:
    """The exponential of matrices: N. Higham, The scaling and squaring method for the matrix exponential revisited,
    SIAM J. Matrix Anal. Appl. 26 (2005), with the approximant of order 13."""
    return _expm(as_matrix("expm", a, square=True))


LIMIT = 5.371920351148152  # of the 1-norm, up to which the approximant is exact to double precision
PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


@composite
def _expm(a: Variable, /) -> Variable:
    size = reduction.max(reduction.sum(row.absolute(a), -2), initial=0)  # the same number of squarings for a batch
    halvings = StopGradient()(row.ceil(row.log2(row.maximum(size / LIMIT, 1))))
    halvings = cast(row.where(row.isfinite(halvings), halvings, 0), SIZE)
    small = a * cast(row.exp2(-cast(halvings, real_dtype(a.dtype))), a.dtype)
    return fori_loop(0, halvings, lambda _, x: matmul(x, x), _approximant(small))


def _approximant(a: Variable) -> Variable:
    """(V - U)⁻¹ (V + U), with the odd and the even terms."""
    b = PADE
    one = broadcast(eye(shape_of(a)[-1], dtype=a.dtype), shape_of(a))
    a2 = matmul(a, a)
    a4 = matmul(a2, a2)
    a6 = matmul(a2, a4)
    odd = matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one
    even = matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    odd = matmul(a, odd)
    return solve(even - odd, even + odd)
