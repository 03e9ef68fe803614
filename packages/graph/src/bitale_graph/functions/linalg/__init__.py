"""Linear algebra under NumPy's and SciPy's names (see numpy.linalg), which may be differentiated and batched."""

# A list of exports, packed to be read at a glance.
# ruff: noqa: F401
# isort: off
# fmt: off
from bitale_graph.functions.linalg.decompositions import (
    EigResult, EighResult, QRResult, SVDResult, cholesky, eig, eigh, eigvals, eigvalsh, lu_factor, qr, svd, svdvals,
)
from bitale_graph.functions.linalg.solving import (
    cho_factor, cho_solve, lu_solve, solve, solve_lower_triangular, solve_triangular, solve_upper_triangular,
)
from bitale_graph.functions.linalg.determinants import SlogdetResult, det, inv, slogdet
from bitale_graph.functions.linalg.inverses import cond, lstsq, matrix_rank, pinv, tensorinv, tensorsolve
from bitale_graph.functions.linalg.diagonals import diagonal, trace
from bitale_graph.functions.linalg.powers import expm, matrix_dot, matrix_power
