"""Linear algebra, under the names of numpy.linalg and, where that has none, scipy.linalg."""

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
from bitale_graph.functions.linalg import (
    cho_factor,
    cho_solve,
    cholesky,
    cond,
    det,
    diagonal,
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
    trace,
)

__all__ = [
    "LinAlgError", "cho_factor", "cho_solve", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "expm", "inv", "kron", "lstsq", "lu_factor", "lu_solve", "matmul", "matrix_dot", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip
