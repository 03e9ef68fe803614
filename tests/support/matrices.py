"""Samples of linear algebra: every decomposition and dtype, batches, matrices without elements."""

from __future__ import annotations

import itertools

import numpy as np

from bitale_graph.ops.linalg import Cholesky, Eig, Eigh, Lu, LuSolve, Qr, SolveTriangular, Svd
from bitale_graph.routine import PRECISE
from bitale_graph.variable import Op
from tests.support.values import generic

Case = tuple[Op, tuple[np.ndarray, ...]]


def case(op: Op, *arrays: np.ndarray) -> Case:
    return op, arrays


def array(*shape: int, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    return generic(shape, dtype, seed)


def triangles(*shape: int, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    """Matrices that are far from singular, so that results are exact to a few units."""
    return array(*shape, dtype=dtype, seed=seed) / 16 + np.eye(*shape[-2:], dtype=dtype)


def positive(*shape: int, dtype: str = "float64") -> np.ndarray:
    """Positive definite matrices."""
    factors = triangles(*shape, dtype=dtype)
    return factors @ factors.conj().swapaxes(-1, -2)


def spread(*shape: int, dtype: str = "float64") -> np.ndarray:
    """Matrices whose eigenvalues and singular values are far apart."""
    return triangles(*shape, dtype=dtype) * np.arange(1, shape[-1] + 1).astype(dtype)


def few(dtype: str) -> list[Case]:
    """Every routine once."""
    square, tall = (spread(*shape, dtype=dtype) for shape in ((5, 5), (5, 3)))
    pivots, b = np.array([3, 2, 3, 5, 5], "int32"), array(5, 3, dtype=dtype, seed=1)
    rows = [case(op, square) for op in (Lu(), Eig(), Qr(True))]
    rows += [case(LuSolve(), square, pivots, b), case(SolveTriangular(), square, b), case(Svd(), tall)]
    return [*rows, case(Eigh(), square + square.conj().T), case(Cholesky(), positive(5, 5, dtype=dtype))]


def decompositions(dtype: str) -> list[Case]:
    """Every form of every routine."""
    square, tall, wide = (spread(*shape, dtype=dtype) for shape in ((5, 5), (5, 3), (3, 5)))
    rows = [case(Qr(flag), a) for flag in (False, True) for a in (tall, wide)]
    pivots, b = np.array([3, 2, 3, 5, 5], "int32"), array(5, 3, dtype=dtype, seed=1)
    rows += [case(LuSolve(True), square, pivots, b), case(LuSolve(), square, pivots, b[:, :1])]
    rows += [case(Svd(True), a) for a in (tall, wide)] + [case(Svd(vectors=False), wide)]
    rows += [case(Eigh(False), square + square.conj().T), case(Eig(False), square)]
    triangle = triangles(5, 5, dtype=dtype)
    rows += [case(SolveTriangular(*flags), triangle, b) for flags in itertools.product((True, False), repeat=3)]
    return [*rows, *(case(SolveTriangular(True, flag), triangle, b[:, :1]) for flag in (True, False))]


def unusual() -> list[Case]:
    """Batches, pairs of complex eigenvalues, matrices with many blocks, and those without elements."""
    many, none = spread(2, 3, 4, 4), np.zeros(0, "int32")
    rotation = np.array([[0.0, -1.0, 0.5], [1.0, 0.25, 0.0], [0.0, 0.0, 3.0]])
    rows = [case(op, many) for op in (Lu(), Qr(), Qr(True), Svd(), Svd(True), Eig())]
    rows += [case(Eigh(), many + many.swapaxes(-1, -2)), case(Eig(), rotation), case(Eig(False), rotation)]
    rows += [case(Svd(vectors=False), array(130, 70)), case(Lu(), array(70, 70)), case(Cholesky(), positive(70, 70))]
    rows += [case(op, array(*shape)) for shape in ((0, 3), (3, 0), (1, 1)) for op in (Qr(), Qr(True), Svd(), Svd(True))]
    rows += [case(op, array(0, 0)) for op in (Cholesky(), Lu(), Eigh(), Eigh(False), Eig(), Svd(vectors=False))]
    rows += [case(LuSolve(), array(0, 0), none, array(0, 2)), case(Svd(), array(0, 3, 2))]
    rows += [case(SolveTriangular(), triangles(n, n), array(n, k)) for n, k in ((0, 2), (3, 0))]
    rows += [case(SolveTriangular(), triangles(2, 3, 3), array(2, 3, 2)), case(Cholesky(), positive(0, 3, 3))]
    return [*rows, case(Cholesky(), positive(2, 3, 4, 4)), case(Cholesky(), positive(1, 1))]


def cases() -> list[Case]:
    rows = [each for dtype in PRECISE for each in few(dtype)]
    return [*rows, *decompositions("float64"), *decompositions("complex128"), *unusual()]
