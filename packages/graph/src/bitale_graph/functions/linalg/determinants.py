"""Determinants and inverses, from the factors of matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

from bitale_graph.composite import composite
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import cast
from bitale_graph.functions.diagonals import diagonal, eye
from bitale_graph.functions.linalg.operands import as_matrix
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.elementwise import absolute, equal, log, sign, where
from bitale_graph.ops.linalg import PIVOT, Lu, LuSolve
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.variable import Apply, Variable


class SlogdetResult(NamedTuple):
    """The determinant is sign * exp(logabsdet)."""

    sign: Variable
    logabsdet: Variable


def det(a: Any) -> Variable:
    """The determinant. Its derivative needs a matrix that is not singular."""
    return _det(as_matrix("det", a, square=True))


def slogdet(a: Any) -> SlogdetResult:
    """The sign (or phase) of the determinant, and the logarithm of its size, which does not overflow."""
    return SlogdetResult(*_slogdet(as_matrix("slogdet", a, square=True)))


def inv(a: Any) -> Variable:
    """The inverse matrix. To solve equations, solve(a, b) is faster and more exact; inv(a) @ b becomes that.

    When the function runs, LinearAlgebraError (NumPy's LinAlgError) for a singular matrix.
    """
    return _inverse_matrix(as_matrix("inv", a, square=True))


@composite
def _det(a: Variable, /) -> Variable:
    elements, parity = _diagonal(a)
    return reduction.prod(elements, -1) * parity


@composite
def _slogdet(a: Variable, /) -> tuple[Variable, Variable]:
    elements, parity = _diagonal(a)
    return reduction.prod(sign(elements), -1) * parity, reduction.sum(log(absolute(elements)), -1)


@composite
def _inverse_matrix(a: Variable, /) -> Variable:
    factors, pivots = Apply(Lu(), (a,)).outputs
    n = shape_of(a)[-1]
    return LuSolve()(factors, pivots, broadcast(eye(n, dtype=a.dtype), shape_of(a)))


def _diagonal(a: Variable) -> tuple[Variable, Variable]:
    """The diagonal of U, and the sign of the permutation: -1 for each exchange of rows."""
    factors, pivots = Apply(Lu(), (a,)).outputs
    stays = equal(pivots, cast(iota(shape_of(a)[-1]) + 1, PIVOT))
    one = cast(1, a.dtype)
    return diagonal(factors, 0, -2, -1), reduction.prod(where(stays, one, -one), -1)
