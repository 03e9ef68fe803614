"""Derivatives of linear algebra against finite differences, real and complex, and batching."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bitale_autodiff import batch, check_gradient
from bitale_graph.ops.linalg import Cholesky, SolveTriangular
from bitale_graph.reference import evaluate
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Variable

RNG = np.random.default_rng(5)


def near(n: int, *batch: int) -> np.ndarray:
    """Matrices near the identity."""
    return np.eye(n) + RNG.normal(size=(*batch, n, n)) / 4


def positive(n: int, *batch: int) -> np.ndarray:
    factor = near(n, *batch)
    return factor @ factor.swapaxes(-1, -2)


CASES = {
    "cholesky": (Cholesky(), [positive(3)]),
    "cholesky of a batch": (Cholesky(), [positive(3, 2)]),
    "cholesky of one": (Cholesky(), [positive(1)]),
    "cholesky of none": (Cholesky(), [positive(0)]),
    **{
        f"triangular {flags}": (SolveTriangular(*flags), [near(3), RNG.normal(size=(3, 2))])
        for flags in itertools.product((True, False), repeat=3)
    },
    "triangular batch": (SolveTriangular(), [near(2, 3), RNG.normal(size=(3, 2, 2))]),
}


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("name", CASES)
def test_real(name, static):
    op, arrays = CASES[name]
    check_gradient(lambda *xs: list(Apply(op, xs).outputs), arrays, static=static)


@pytest.mark.parametrize("name", CASES)
def test_complex(name):
    op, arrays = CASES[name]
    check_gradient(lambda *xs: list(Apply(op, xs).outputs), [a + 0.1j * np.cos(7 * a) for a in arrays])


@pytest.mark.parametrize("name", CASES)
def test_batching(name):
    """Compared with one evaluation per element; an operand without the batch axis is the same for all."""
    op, arrays = CASES[name]
    inputs = [Variable(tensor_type("float64", (None,) * a.ndim)) for a in arrays]
    outputs = list(Apply(op, inputs).outputs)
    for chosen in itertools.product((True, False), repeat=len(arrays)):
        stacked = {x: Variable(tensor_type("float64", (None,) * (x.ndim + 1))) for x, b in zip(inputs, chosen) if b}
        if not stacked:
            continue
        rows = [np.stack([a * (1 + 0.1 * i) for i in range(3)]) for a in arrays]
        values = {stacked.get(x, x): r if x in stacked else a for x, r, a in zip(inputs, rows, arrays)}
        found = evaluate(batch(outputs, stacked), values)
        for i in range(3):
            one = evaluate(outputs, {x: r[i] if x in stacked else a for x, r, a in zip(inputs, rows, arrays)})
            for whole, part in zip(found, one, strict=True):
                np.testing.assert_allclose(whole[i], part, rtol=1e-12, atol=1e-14)
