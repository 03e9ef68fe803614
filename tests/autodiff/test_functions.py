"""Functions that are made of several ops, differentiated as users write them, with known and unknown lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import check_gradient
from tests.autodiff.samples import array

A, B, SQUARE, VECTOR = array(2, 3), array(3, 2, seed=1), array(3, 3, seed=2), array(4, seed=3)
MASK = np.array([[True, False, True], [False, True, True]])

CASES = {
    "mean": (lambda x: F.mean(x, axis=0), [A]),
    "var": (lambda x: F.var(x, axis=1, ddof=1), [A]),
    "std": (lambda x: F.std(x, keepdims=True), [A]),
    "norm": (lambda x: F.norm(x, axis=1), [A]),
    "norm of order 3": (lambda x: F.norm(x, 3), [VECTOR]),
    "norm of order 1": (lambda x: F.norm(x, 1), [VECTOR]),
    "norm of order inf": (lambda x: F.norm(x, np.inf), [VECTOR]),
    "ptp": (F.ptp, [A]),
    "nansum": (F.nansum, [A]),
    "diff": (lambda x: F.diff(x, 2), [VECTOR]),
    "matmul": (lambda x, y: x @ y, [A, B]),
    "matrix and vector": (lambda x, y: x @ y, [A, B[:, 0].copy()]),
    "batched matmul": (lambda x, y: x @ y, [array(2, 2, 3), array(1, 3, 2)]),
    "tensordot": (lambda x, y: F.tensordot(x, y, 1), [array(2, 3, 2), B[:2]]),
    "outer": (F.outer, [VECTOR, A]),
    "einsum": (lambda x, y, z: F.einsum("ij,jk,k->i", x, y, z), [A, B, VECTOR[:2].copy()]),
    "einsum trace": (lambda x: F.einsum("ii->", x), [SQUARE]),
    "transposed": (lambda x: F.sin(x.T) * x[0, 0], [A]),
    "reshaped": (lambda x: x.reshape((-1, 2)), [A]),
    "stacked": (lambda x, y: F.stack([x, y.T]), [A, B]),
    "tiled": (lambda x: F.tile(x, (2, 1)), [A]),
    "repeated": (lambda x: F.repeat(x, 2, axis=1), [A]),
    "rolled": (lambda x: F.roll(x, 1), [VECTOR]),
    "padded": (lambda x: F.pad(x, 1, mode="reflect"), [A]),
    "padded by wrapping": (lambda x: F.pad(x, ((0, 1), (2, 0)), mode="wrap"), [A]),
    "triangle": (lambda x: F.tril(x), [SQUARE]),
    "diagonal": (lambda x: F.diag(x), [VECTOR]),
    "trace": (lambda x: F.trace(x), [SQUARE]),
    "element": (lambda x: x[1, -1], [A]),
    "every other": (lambda x: x[::-2], [VECTOR]),
    "new axes": (lambda x: x[:, None, ..., 0], [A]),
    "chosen rows": (lambda x, i: x[i], [A, np.array([1, 0, 1])]),
    "chosen elements": (lambda x, m: x[m], [A, MASK]),
    "slice set": (lambda x, y: x[1:3].set(y), [VECTOR, VECTOR[:2].copy()]),
    "rows added": (lambda x, y, i: x[i].add(y), [A, array(3, 3), np.array([1, 0, 1])]),
    "rows set twice": (lambda x, y, i: x[i].set(y), [A, array(3, 3), np.array([1, 0, 1])]),
    "mask set": (lambda x, y, m: x[m].set(y), [A, array(4), MASK]),
    "mask multiplied": (lambda x, y, m: x[m].multiply(y), [A, array(), MASK]),
    "taken along": (lambda x, i: F.take_along_axis(x, i, 1), [A, np.array([[0, 0], [2, 1]])]),
    "where": (lambda x, m: F.where(m, F.sqrt(x), x**2), [A, MASK]),
    "gelu": (F.gelu, [A]),
    "average": (lambda x, w: F.average(x, weights=w), [VECTOR, VECTOR[::-1].copy()]),
}  # fmt: skip


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("name", CASES)
def test_derivatives(name, static):
    function, arrays = CASES[name]
    check_gradient(function, arrays, static=static)
