"""Linear algebra, under the names of numpy.linalg and, where that has none, scipy.linalg."""

from typing import Any

from bitale_graph.errors import LinearAlgebraError as LinAlgError
from bitale_graph.functions import (
    cross,
    kron,
    matmul,
    matrix_norm,
    matrix_transpose,
    multi_dot,
    norm,
    outer,
    tensordot,
    vecdot,
    vector_norm,
)
from bitale_graph.functions import diagonal as _diagonal
from bitale_graph.functions import trace as _trace
from bitale_graph.functions.linalg import (
    cho_factor,
    cho_solve,
    cholesky,
    cond,
    det,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    expm,
    inv,
    lstsq,
    lu_factor,
    lu_solve,
    matrix_dot,
    matrix_power,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
    tensorinv,
    tensorsolve,
)
from bitale_graph.variable import Variable

__all__ = [
    "LinAlgError", "cho_factor", "cho_solve", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "expm", "inv", "kron", "lstsq", "lu_factor", "lu_solve", "matmul", "matrix_dot", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip


def diagonal(x: Any, offset: int = 0) -> Variable:
    """The diagonals of matrices, in the last two axes of x."""
    return _diagonal(x, offset, -2, -1)


def trace(x: Any, offset: int = 0) -> Variable:
    """The sums of the diagonals of matrices, in the last two axes of x."""
    return _trace(x, offset, -2, -1)
