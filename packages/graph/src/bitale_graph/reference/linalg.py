"""The meaning of linear algebra: NumPy's functions. Where one fails, the error says which matrix of a batch it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

import numpy as np

from bitale_graph.dtypes import complex_dtype
from bitale_graph.errors import LinearAlgebraError
from bitale_graph.ops.linalg import PIVOT, Cholesky, Eig, Eigh, Lu, LuSolve, Qr, SolveTriangular, Svd
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


@LINALG.register(Lu)
def _lu(op: Lu, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Column by column, for all of the batch at once: Golub, Van Loan, Matrix Computations, algorithm 3.4.1."""
    n, count = a.shape[-1], prod(a.shape[:-2])
    factors, pivots = a.reshape(count, n, n).copy(), np.empty((count, n), PIVOT)
    every = np.arange(count)
    for j in range(n):
        column = factors[:, j:, j]
        pivot = j + np.argmax(np.abs(column.real) + np.abs(column.imag), axis=1)
        pivots[:, j] = pivot + 1
        swapped = factors[every, pivot].copy()
        factors[every, pivot] = factors[:, j]
        factors[:, j] = swapped
        diagonal = factors[:, j, j, None]
        factors[:, j + 1 :, j] /= np.where(diagonal == 0, 1, diagonal)
        factors[:, j + 1 :, j + 1 :] -= factors[:, j + 1 :, j, None] * factors[:, j, None, j + 1 :]
    return factors.reshape(a.shape), pivots.reshape(a.shape[:-1])


@LINALG.register(LuSolve)
@naming
def _lu_solve(op: LuSolve, factors: np.ndarray, pivots: np.ndarray, b: np.ndarray) -> np.ndarray:
    *batch, n, k = b.shape
    flat = (prod(batch), n, k)
    if np.any(np.diagonal(factors, axis1=-2, axis2=-1) == 0):
        raise np.linalg.LinAlgError("Singular matrix")
    rows: np.ndarray = b.reshape(flat).copy()
    swaps = pivots.reshape(flat[:2]) - 1
    lower, upper = np.tril(factors, -1) + np.eye(n, dtype=b.dtype), np.triu(factors)
    if not op.transposed:
        rows = _exchanged(rows, swaps, range(n)).reshape(b.shape)
        return np.linalg.solve(upper, np.linalg.solve(lower, rows))
    inner: np.ndarray = np.linalg.solve(upper.swapaxes(-1, -2), b)
    inner = np.linalg.solve(lower.swapaxes(-1, -2), inner).reshape(flat)
    return _exchanged(inner, swaps, reversed(range(n))).reshape(b.shape)


def _exchanged(rows: np.ndarray, swaps: np.ndarray, order: Iterable[int]) -> np.ndarray:
    every = np.arange(len(rows))
    for i in order:
        kept = rows[every, swaps[:, i]].copy()
        rows[every, swaps[:, i]] = rows[:, i]
        rows[:, i] = kept
    return rows


@LINALG.register(Qr)
def _qr(op: Qr, a: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.qr(a, "complete" if op.complete else "reduced"))


@LINALG.register(Eigh)
@naming
def _eigh(op: Eigh, a: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.eigh(a)) if op.vectors else (np.linalg.eigvalsh(a),)


@LINALG.register(Svd)
@naming
def _svd(op: Svd, a: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.svd(a, op.full)) if op.vectors else (np.linalg.svd(a, compute_uv=False),)


@LINALG.register(Eig)
@naming
def _eig(op: Eig, a: np.ndarray) -> tuple[np.ndarray, ...]:
    found = np.linalg.eig(a) if op.vectors else (np.linalg.eigvals(a),)
    return tuple(each.astype(complex_dtype(a.dtype.name)) for each in found)
