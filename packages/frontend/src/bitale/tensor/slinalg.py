"""Linear algebra of SciPy's, under the names of theano.tensor.slinalg."""

from dataclasses import dataclass
from typing import Any

from bitale_graph.functions import kron
from bitale_graph.functions.linalg import (
    cho_solve,
    cholesky,
    expm,
    lu_factor,
    lu_solve,
    solve,
    solve_lower_triangular,
    solve_triangular,
    solve_upper_triangular,
)
from bitale_graph.functions.linalg import eigvalsh as _eigvalsh
from bitale_graph.functions.linalg import inv as _inv
from bitale_graph.functions.linalg.operands import adjoint
from bitale_graph.variable import Variable

__all__ = [
    "Cholesky", "Solve", "cho_solve", "cholesky", "eigvalsh", "expm", "kron", "lu_factor", "lu_solve", "solve",
    "solve_lower_triangular", "solve_symmetric", "solve_triangular", "solve_upper_triangular",
]  # fmt: skip


@dataclass(frozen=True)
class Cholesky:
    """A function that makes the lower (or upper) Cholesky factor. Where there is none, that is an error."""

    lower: bool = True
    destructive: bool = False
    on_error: str = "raise"

    def __call__(self, a: Any) -> Variable:
        return cholesky(a, self.lower)


@dataclass(frozen=True)
class Solve:
    """A function that solves A x = b for A of the given structure."""

    A_structure: str = "general"
    lower: bool = False
    overwrite_A: bool = False
    overwrite_b: bool = False

    def __call__(self, a: Any, b: Any) -> Variable:
        return solve(a, b, self.A_structure, self.lower)


def solve_symmetric(a: Any, b: Any) -> Variable:
    """x of A x = b for a symmetric A."""
    return solve(a, b, "sym")


def eigvalsh(a: Any, b: Any = None, lower: bool = True) -> Variable:
    """The eigenvalues of A = Aᴴ, in ascending order; with B, which is positive definite, those w of A x = w B x."""
    if b is None:
        return _eigvalsh(a, "L" if lower else "U")
    inverse = _inv(cholesky(b))
    return _eigvalsh(inverse @ a @ adjoint(inverse))
