"""The meaning of linear algebra: NumPy's functions. Where one fails, the error says which matrix of a batch it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bitale_graph.errors import LinearAlgebraError
from bitale_graph.ops.linalg import Cholesky, SolveTriangular
from bitale_graph.reference.evaluate import Rule
from bitale_graph.routine import Routine
from bitale_graph.table import RuleTable

LINALG: RuleTable[Rule] = RuleTable("NumPy reference")
Arrays = np.ndarray | tuple[np.ndarray, ...]


def naming(rule: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """`rule`, whose errors say which matrix cannot be worked on."""

    def named(op: Routine, *arrays: np.ndarray) -> Arrays:
        try:
            return rule(op, *arrays)
        except np.linalg.LinAlgError as error:
            raise op_error(op, _first_failing(rule, op, arrays), arrays[0].ndim > 2) from error

    return named


def op_error(op: Routine, number: int, batched: bool) -> LinearAlgebraError:
    """The error that matrix `number` makes."""
    which = f"matrix {number} of the batch" if batched else "the matrix"
    return LinearAlgebraError(f"{op.name}: {which} {op.problem}", number)


def _first_failing(rule: Callable[..., Arrays], op: Routine, arrays: tuple[np.ndarray, ...]) -> int:
    flat = [a.reshape(-1, *a.shape[op.core(k, a.ndim).start :]) for k, a in enumerate(arrays)]
    for number, matrices in enumerate(zip(*flat, strict=True)):
        try:
            rule(op, *matrices)
        except np.linalg.LinAlgError:
            return number
    return 0


@LINALG.register(Cholesky)
@naming
def _cholesky(op: Cholesky, a: np.ndarray) -> np.ndarray:
    return np.linalg.cholesky(a)


@LINALG.register(SolveTriangular)
@naming
def _solve_triangular(op: SolveTriangular, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if op.unit:
        a = a * (1 - np.eye(a.shape[-1], dtype=a.dtype)) + np.eye(a.shape[-1], dtype=a.dtype)
    elif np.any(np.diagonal(a, axis1=-2, axis2=-1) == 0):
        raise np.linalg.LinAlgError("Singular matrix")
    a = np.tril(a) if op.lower else np.triu(a)
    return np.linalg.solve(a.swapaxes(-1, -2) if op.transposed else a, b)
