"""Linear algebra: the decompositions that everything else is made of, and solving with their factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.dtypes import complex_dtype, real_dtype
from bitale_graph.errors import DtypeError
from bitale_graph.routine import Routine
from bitale_graph.types import TensorType

PIVOT = "int32"  # as LAPACK and cuSOLVER count


@dataclass(frozen=True)
class Cholesky(Routine):
    """The lower triangle L of A = L Lᴴ, read from the lower triangle of A."""

    signature = "nn->nn"
    problem = "is not positive definite"


@dataclass(frozen=True)
class SolveTriangular(Routine):
    """X of A X = B, where A is a triangle (Aᵀ X = B if `transposed`); the other triangle is not read, and neither is
    the diagonal if it is all ones: `unit`."""

    lower: bool = True
    transposed: bool = False
    unit: bool = False

    signature = "nn,nk->nk"
    problem = "is singular: an element of its diagonal is 0"


@dataclass(frozen=True)
class Lu(Routine):
    """P A = L U by partial pivoting: U with L below it (whose diagonal is all ones), and the pivots (int32): row i was
    exchanged with row pivots[i] - 1, for i from 0 on, as LAPACK says it. No matrix fails: U may have zeros."""

    signature = "nn->nn,n"

    def dtypes(self, dtype: str) -> list[str]:
        return [dtype, PIVOT]


@dataclass(frozen=True)
class LuSolve(Routine):
    """X of A X = B (Aᵀ X = B if `transposed`), given what Lu made of A, and B."""

    transposed: bool = False

    signature = "nn,n,nk->nk"
    problem = "is singular"

    def check_dtypes(self, inputs: Sequence[TensorType]) -> None:
        factors, pivots, b = inputs
        if pivots.dtype != PIVOT:
            raise DtypeError(f"{self.name}: pivots are {PIVOT}, not {pivots.dtype}")
        super().check_dtypes((factors, b))


@dataclass(frozen=True)
class Qr(Routine):
    """A = Q R with orthonormal columns Q and an upper triangle R: as many columns as the smaller side of A has, or, if
    `complete`, a square Q."""

    complete: bool = False

    @property
    def signature(self) -> str:  # type: ignore[override]
        return "mn->mm,mn" if self.complete else "mn->mk,kn"


@dataclass(frozen=True)
class Eigh(Routine):
    """The eigenvalues of A = Aᴴ, of which the lower triangle is read, in ascending order, and the eigenvectors, as the
    columns of a matrix, if `vectors`."""

    vectors: bool = True

    problem = "has eigenvalues to which the iteration did not converge"

    @property
    def name(self) -> str:
        return "eigh" if self.vectors else "eigvalsh"

    @property
    def signature(self) -> str:  # type: ignore[override]
        return "nn->n,nn" if self.vectors else "nn->n"

    def dtypes(self, dtype: str) -> list[str]:
        return [real_dtype(dtype), dtype][: 1 + self.vectors]


@dataclass(frozen=True)
class Svd(Routine):
    """The singular values of A, in descending order; if `vectors`, A = U diag(s) Vᴴ: U, s and Vᴴ, the unitary ones with
    as many columns or rows as there are values, or square if `full`."""

    full: bool = False
    vectors: bool = True

    problem = "has singular values to which the iteration did not converge"

    @property
    def name(self) -> str:
        return "svd" if self.vectors else "svdvals"

    @property
    def signature(self) -> str:  # type: ignore[override]
        if not self.vectors:
            return "mn->k"
        return "mn->mm,k,nn" if self.full else "mn->mk,k,kn"

    def dtypes(self, dtype: str) -> list[str]:
        return [dtype, real_dtype(dtype), dtype] if self.vectors else [real_dtype(dtype)]


@dataclass(frozen=True)
class Eig(Routine):
    """The eigenvalues of a square matrix, and the eigenvectors, of length 1, as the columns of a matrix, if `vectors`:
    complex numbers, also where all are real."""

    vectors: bool = True

    problem = "has eigenvalues to which the iteration did not converge"

    @property
    def name(self) -> str:
        return "eig" if self.vectors else "eigvals"

    @property
    def signature(self) -> str:  # type: ignore[override]
        return "nn->n,nn" if self.vectors else "nn->n"

    def dtypes(self, dtype: str) -> list[str]:
        return [complex_dtype(dtype)] * (1 + self.vectors)
