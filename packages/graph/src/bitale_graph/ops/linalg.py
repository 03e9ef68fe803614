"""Linear algebra: the decompositions that everything else is made of, and solving with their factors."""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.routine import Routine


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
