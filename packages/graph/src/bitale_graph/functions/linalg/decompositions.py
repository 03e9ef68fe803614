"""Matrices as products: Cholesky, L U, Q R, eigenvectors, singular vectors."""

from __future__ import annotations

from typing import Any, NamedTuple

from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions.apply import apply
from bitale_graph.functions.linalg.operands import adjoint, as_matrix
from bitale_graph.ops.linalg import Cholesky, Eig, Eigh, Lu, Qr, Svd
from bitale_graph.variable import Apply, Op, Variable


class QRResult(NamedTuple):
    """A = Q R."""

    Q: Variable
    R: Variable


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as the columns of a matrix."""

    eigenvalues: Variable
    eigenvectors: Variable


class EighResult(NamedTuple):
    """Eigenvalues of a Hermitian matrix in ascending order, and eigenvectors as the columns of a matrix."""

    eigenvalues: Variable
    eigenvectors: Variable


class SVDResult(NamedTuple):
    """A = U diag(S) Vh."""

    U: Variable
    S: Variable
    Vh: Variable


def cholesky(a: Any, lower: bool = True, *, upper: bool = False) -> Variable:
    """L of A = L Lᴴ, of which the lower triangle is read; U of A = Uᴴ U for `upper` (or Theano's lower=False).

    When the function runs, LinearAlgebraError (NumPy's LinAlgError) for a matrix that is not positive definite.
    """
    a = as_matrix("cholesky", a, square=True)
    if lower and not upper:
        return apply(Cholesky(), a)
    return adjoint(apply(Cholesky(), adjoint(a)))


def lu_factor(a: Any) -> tuple[Variable, Variable]:
    """U with L below it, and pivots, as scipy.linalg.lu_factor gives them: row i was exchanged with row pivots[i]."""
    factors, pivots = Apply(Lu(), (as_matrix("lu_factor", a, square=True),)).outputs
    return factors, pivots - 1


def qr(a: Any, mode: str = "reduced") -> Any:
    """Q and R of A = Q R: as many columns as the smaller side has ("reduced"), all ("complete"), or R alone ("r").

    Theano's "full" is "reduced". Derivatives of "complete" exist where Q has no column too many: m <= n, known.
    """
    a = as_matrix("qr", a)
    if mode not in ("reduced", "full", "complete", "r"):
        raise ArgumentError(explain(f"qr: mode {mode!r} is none of 'reduced', 'complete', 'r'", [a]))
    found = Apply(Qr(mode == "complete"), (a,)).outputs
    return found[1] if mode == "r" else QRResult(*found)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, ascending, and eigenvectors of A = Aᴴ, of which one triangle is read. Their derivatives exist where
    the values are distinct."""
    return EighResult(*_several(Eigh(), _lower("eigh", a, UPLO)))


def eigvalsh(a: Any, UPLO: str = "L") -> Variable:
    """Eigenvalues, ascending, of A = Aᴴ, of which one triangle is read."""
    return apply(Eigh(False), _lower("eigvalsh", a, UPLO))


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of a square matrix: always complex numbers, as a type does not depend on values."""
    return EigResult(*_several(Eig(), as_matrix("eig", a, square=True)))


def eigvals(a: Any) -> Variable:
    """Eigenvalues of a square matrix: always complex numbers."""
    return apply(Eig(False), as_matrix("eigvals", a, square=True))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, S and Vh of A = U diag(S) Vh, the values in descending order; S alone without `compute_uv`. Derivatives of the
    vectors exist for full_matrices=False, or a matrix known to be square, where the values are distinct.

    `hermitian`, a hint of NumPy's, makes no difference.
    """
    a = as_matrix("svd", a)
    return SVDResult(*_several(Svd(bool(full_matrices)), a)) if compute_uv else svdvals(a)


def svdvals(a: Any) -> Variable:
    """The singular values in descending order."""
    return apply(Svd(vectors=False), as_matrix("svdvals", a))


def _several(op: Op, a: Variable) -> tuple[Variable, ...]:
    return Apply(op, (a,)).outputs


def _lower(what: str, a: Any, triangle: str) -> Variable:
    """Matrices whose lower triangle is what is wanted."""
    a = as_matrix(what, a, square=True)
    if triangle.upper() not in ("L", "U"):
        raise ArgumentError(explain(f"{what}: UPLO is 'L' or 'U', not {triangle!r}", [a]))
    return a if triangle.upper() == "L" else adjoint(a)
