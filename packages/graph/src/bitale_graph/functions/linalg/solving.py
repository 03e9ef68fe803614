"""Systems of linear equations, by the factors that suit the matrix."""

from __future__ import annotations

from typing import Any

from bitale_graph.composite import composite
from bitale_graph.errors import ArgumentError, explain
from bitale_graph.functions.apply import cast
from bitale_graph.functions.elementwise import conj
from bitale_graph.functions.linalg.decompositions import cholesky
from bitale_graph.functions.linalg.operands import adjoint, as_matrix, solved, stretched
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.ops.linalg import PIVOT, Lu, LuSolve, SolveTriangular
from bitale_graph.variable import Apply, Variable

STRUCTURES = {
    "gen": "gen", "general": "gen", "sym": "gen", "symmetric": "gen", "her": "gen", "hermitian": "gen", "pos": "pos",
    "positive definite": "pos", "lower_triangular": "lower", "upper_triangular": "upper", "diagonal": "gen",
}  # fmt: skip
TRANSPOSED = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}


def solve(a: Any, b: Any, assume_a: str = "gen", lower: bool = False, transposed: bool = False) -> Variable:
    """x of A x = B, or of Aᵀ x = B. B is a vector if it has one axis, as in NumPy 2; the axes before stretch.

    `assume_a`: "gen", or "pos" for a positive definite matrix, which is solved by its Cholesky factor, from the lower
    or the upper triangle; SciPy's and Theano's other structures are solved as "gen", triangles as such.
    When the function runs, LinearAlgebraError (NumPy's LinAlgError) for a singular matrix.
    """
    structure = STRUCTURES.get(assume_a)
    if structure is None:
        raise ArgumentError(f"solve: assume_a={assume_a!r} is none of {', '.join(map(repr, STRUCTURES))}")
    if structure == "pos":
        a = as_matrix("solve", a, square=True)
        return cho_solve((cholesky(a if lower else adjoint(a)), True), b)
    if structure in ("lower", "upper"):
        return solve_triangular(a, b, int(transposed), structure == "lower")
    return solved("solve", a, b, lambda a, b: _solve(a, b, transposed=bool(transposed)))


def solve_triangular(
    a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> Variable:
    """x of A x = B for a triangle A; of Aᵀ x = B for trans=1 or "T", of Aᴴ x = B for 2 or "C". Nothing else of A is
    read, nor is its diagonal for `unit_diagonal`. LinearAlgebraError for a 0 on the diagonal."""
    if trans not in TRANSPOSED:
        raise ArgumentError(f"solve_triangular: trans is 0, 1 or 2, or 'N', 'T' or 'C', not {trans!r}")
    op = SolveTriangular(bool(lower), TRANSPOSED[trans] > 0, bool(unit_diagonal))
    return solved("solve_triangular", a, b, lambda a, b: op(conj(a) if TRANSPOSED[trans] == 2 else a, b))


def solve_lower_triangular(a: Any, b: Any) -> Variable:
    """x of A x = B, of whose A the lower triangle is read."""
    return solve_triangular(a, b, lower=True)


def solve_upper_triangular(a: Any, b: Any) -> Variable:
    """x of A x = B, of whose A the upper triangle is read."""
    return solve_triangular(a, b, lower=False)


def cho_factor(a: Any, lower: bool = False) -> tuple[Variable, bool]:
    """The Cholesky factor for cho_solve, and which triangle it is."""
    return cholesky(a, lower), bool(lower)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Variable:
    """x of A x = B, given the Cholesky factor of A: two triangular systems."""
    factor, lower = c_and_lower

    def both(c: Variable, b: Variable) -> Variable:
        first, second = SolveTriangular(lower, not lower), SolveTriangular(lower, bool(lower))
        return second(conj(c), first(c, b)) if lower else second(c, first(conj(c), b))

    return solved("cho_solve", factor, b, both)


def lu_solve(lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0) -> Variable:
    """x of A x = B, given what lu_factor made of A; of Aᵀ x = B for trans=1, of Aᴴ x = B for 2."""
    factors, pivots = lu_and_piv
    pivots = cast(pivots, PIVOT) + 1
    if trans not in (0, 1, 2):
        raise ArgumentError(explain(f"lu_solve: trans is 0, 1 or 2, not {trans!r}", [pivots]))

    def both(a: Variable, b: Variable) -> Variable:
        a, b, rows = stretched(a, b, expand_dims(pivots, -1))
        return LuSolve(trans > 0)(conj(a) if trans == 2 else a, squeeze(rows, -1), b)

    return solved("lu_solve", factors, b, both)


@composite
def _solve(a: Variable, b: Variable, /, *, transposed: bool) -> Variable:
    factors, pivots = Apply(Lu(), (a,)).outputs
    return LuSolve(transposed)(factors, pivots, b)


