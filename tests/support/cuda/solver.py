"""What cuSOLVER computes, in NumPy, on matrices as they lie in memory: those of columns are the transposed ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bitale_backend_cuda.solver import SolverCall
from bitale_graph.ops.linalg import Lu, LuSolve
from bitale_graph.reference import REFERENCE

Flags = Sequence[bool]


def solve(call: SolverCall, arrays: Sequence[np.ndarray]) -> None:
    """Run a call on arrays of a batch each; the last are its words."""
    for each in range(call.sizes[0]):
        matrices = [array[each] for array in arrays[:-1]]
        try:
            ROUTINES[call.routine](call.flags, *matrices)
            arrays[-1][each] = 0
        except np.linalg.LinAlgError:
            arrays[-1][each] = 1


def _potrf(flags: Flags, a: np.ndarray) -> None:
    """What is above the diagonal in memory stays."""
    below = np.tril_indices(len(a))
    a[below] = np.linalg.cholesky(a)[below]


def _trsm(flags: Flags, a: np.ndarray, x: np.ndarray) -> None:
    lower, transposed, unit = flags
    triangle = np.tril(a) if lower else np.triu(a)
    if unit:
        np.fill_diagonal(triangle, 1)
    x[...] = _solution(triangle.T if transposed else triangle, x)


def _solution(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:  # the routines divide by 0
        return np.full(b.shape, np.nan, b.dtype)


def _getrf(flags: Flags, a: np.ndarray, pivots: np.ndarray) -> None:
    factors, pivots[...] = REFERENCE[Lu()](Lu(), a.T)
    a[...] = factors.T


def _getrs(flags: Flags, a: np.ndarray, pivots: np.ndarray, x: np.ndarray) -> None:
    op = LuSolve(*flags)
    if np.all(np.diagonal(a) != 0):
        x[...] = REFERENCE[op](op, a.T, pivots, x.T).T
    else:
        x[...] = np.nan


def _geqrf(flags: Flags, a: np.ndarray, tau: np.ndarray) -> None:
    a[...], tau[...] = np.linalg.qr(a.T, mode="raw")


def _orgqr(flags: Flags, tau: np.ndarray, q: np.ndarray) -> None:
    columns, m = q.shape
    made = np.eye(m, columns, dtype=q.dtype)
    for j in reversed(range(len(tau))):
        v = np.concatenate([np.zeros(j), [1], q[j, j + 1 :]]).astype(q.dtype)
        made -= tau[j] * np.outer(v, v.conj() @ made)
    q[...] = made.T


def _syevd(flags: Flags, a: np.ndarray, w: np.ndarray) -> None:
    w[...], vectors = np.linalg.eigh(a.T, "U")
    a[...] = vectors.T if flags[0] else np.nan


def _gesvdj(flags: Flags, a: np.ndarray, s: np.ndarray, *vectors: np.ndarray) -> None:
    """The right vectors as such, not their adjoint."""
    left, s[...], right = np.linalg.svd(a.T, full_matrices=flags[1])
    if flags[0]:
        vectors[0][...], vectors[1][...] = left.T, right.conj()
    a[...] = np.nan


ROUTINES: dict[str, Callable[..., None]] = {
    "potrf": _potrf, "trsm": _trsm, "getrf": _getrf, "getrs": _getrs, "geqrf": _geqrf, "orgqr": _orgqr,
    "syevd": _syevd, "gesvdj": _gesvdj,
}  # fmt: skip
