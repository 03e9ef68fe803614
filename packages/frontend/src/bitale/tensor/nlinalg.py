"""Linear algebra of NumPy's, under the names of theano.tensor.nlinalg."""

from bitale_graph.functions import alloc_diagonal as alloc_diag
from bitale_graph.functions import diag, norm, trace
from bitale_graph.functions import diagonal as extract_diag
from bitale_graph.functions.linalg import (
    det,
    eig,
    eigh,
    inv,
    lstsq,
    matrix_dot,
    matrix_power,
    pinv,
    qr,
    slogdet,
    svd,
    tensorinv,
    tensorsolve,
)

matrix_inverse = inv

__all__ = [
    "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "inv", "lstsq", "matrix_dot", "matrix_inverse",
    "matrix_power", "norm", "pinv", "qr", "slogdet", "svd", "tensorinv", "tensorsolve", "trace",
]  # fmt: skip
