"""Derivatives of linear algebra against finite differences, real and complex, and batching."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

import bitale_graph.functions as F
import bitale_graph.functions.linalg as L
from bitale_autodiff import UndefinedGradientError, batch, check_gradient, grad, vmap
from bitale_graph.ops.linalg import Cholesky, Eig, Eigh, Lu, LuSolve, Qr, SolveTriangular, Svd
from bitale_graph.reference import evaluate
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Op, Variable

Build = Callable[..., list[Variable]]

RNG = np.random.default_rng(5)


def near(n: int, *batch: int) -> np.ndarray:
    """Matrices near the identity."""
    return np.eye(n) + RNG.normal(size=(*batch, n, n)) / 4


def positive(n: int, *batch: int) -> np.ndarray:
    factor = near(n, *batch)
    return factor @ factor.swapaxes(-1, -2)


def spread(*shape: int) -> np.ndarray:
    """Matrices whose eigenvalues and singular values are far apart."""
    return (np.eye(*shape[-2:]) + RNG.normal(size=shape) / 4) * np.arange(1, shape[-1] + 1)


def adjoint(x: Variable) -> Variable:
    return F.conj(F.matrix_transpose(x))


def weights(x: Variable) -> Variable:
    """Numbers of the shape and dtype of x, unlike one another."""
    return F.cast(F.broadcast_to(1.0 + F.arange(x.shape[-1]) + 3 * F.arange(x.shape[-2])[:, None], x.shape), x.dtype)


def applied(op: Op) -> Build:
    """The op, of whose vectors only what does not depend on their phases is asked."""

    def build(*xs: Variable) -> list[Variable]:
        outputs = list(Apply(op, xs).outputs)
        if isinstance(op, Svd) and op.vectors:
            u, s, v = outputs
            inner = weights(F.matmul(adjoint(u), u)) * F.eye(u.shape[-1])
            left, right = F.matmul(F.matmul(u, inner), adjoint(u)), F.matmul(adjoint(v), F.matmul(inner, v))
            return [s, left, right, F.matmul(u * s[..., None, :] ** 2, v)]
        if isinstance(op, (Eigh, Eig)) and op.vectors:
            w, v = outputs
            return [w, F.matmul(v * (1.0 + F.arange(v.shape[-1])), adjoint(v))]
        return outputs[:1] if isinstance(op, Lu) else outputs

    return build


PIVOTS = np.array([3, 2, 3], "int32")
CASES: dict[str, tuple[Op, list[np.ndarray]]] = {
    "cholesky": (Cholesky(), [positive(3)]),
    "cholesky of a batch": (Cholesky(), [positive(3, 2)]),
    "cholesky of one": (Cholesky(), [positive(1)]),
    "cholesky of none": (Cholesky(), [positive(0)]),
    **{
        f"triangular {flags}": (SolveTriangular(*flags), [near(3), RNG.normal(size=(3, 2))])
        for flags in itertools.product((True, False), repeat=3)
    },
    "triangular batch": (SolveTriangular(), [near(2, 3), RNG.normal(size=(3, 2, 2))]),
    "lu": (Lu(), [RNG.normal(size=(3, 3))]),
    "lu of a batch": (Lu(), [RNG.normal(size=(2, 3, 3))]),
    **{
        f"lu_solve {flag}": (LuSolve(flag), [near(3), PIVOTS, RNG.normal(size=(3, 2))]) for flag in (False, True)
    },
    "qr": (Qr(), [spread(3, 3)]),
    "qr of a tall matrix": (Qr(), [spread(4, 2)]),
    "qr of a wide matrix": (Qr(), [spread(2, 4)]),
    "qr of a batch": (Qr(), [spread(2, 3, 2)]),
    "complete qr": (Qr(True), [spread(2, 3)]),
    "eigh": (Eigh(), [spread(3, 3)]),
    "eigvalsh": (Eigh(False), [spread(2, 3, 3)]),
    "svd": (Svd(), [spread(3, 3)]),
    "svd of a tall matrix": (Svd(), [spread(4, 2)]),
    "svd of a wide matrix": (Svd(), [spread(2, 4)]),
    "full svd": (Svd(True), [spread(3, 3)]),
    "svdvals": (Svd(vectors=False), [spread(2, 3, 2)]),
    "eig": (Eig(), [spread(3, 3)]),
    "eigvals": (Eig(False), [spread(3, 3)]),
    "eig of pairs": (Eig(), [np.array([[0.1, -1.0, 0.5], [1.0, 0.25, 0.2], [0.1, 0.3, 3.0]])]),
}
KNOWN = ("complete qr", "full svd")  # whose derivatives depend on the sides of the matrix


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("name", CASES)
def test_real(name, static):
    op, arrays = CASES[name]
    if static or name not in KNOWN:
        check_gradient(applied(op), arrays, static=static)


@pytest.mark.parametrize("name", CASES)
def test_complex(name):
    op, arrays = CASES[name]
    check_gradient(applied(op), [a + 0.1j * np.cos(7 * a) if a.dtype.kind == "f" else a for a in arrays])


@pytest.mark.parametrize(("op", "shape"), [(Qr(True), (3, 2)), (Svd(True), (3, 2)), (Svd(True), (None, None))], ids=str)
def test_vectors_that_complete_a_basis_have_no_derivative(op, shape):
    x = Variable(tensor_type("float64", shape))
    with pytest.raises(UndefinedGradientError, match="unique"):
        grad(F.sum(Apply(op, (x,)).outputs[0]), x)
    if isinstance(op, Svd):
        grad(F.sum(Apply(op, (x,)).outputs[1]), x)


@pytest.mark.parametrize("name", CASES)
def test_batching(name):
    """Compared with one evaluation per element; an operand without the batch axis is the same for all."""
    op, arrays = CASES[name]
    inputs = [Variable(tensor_type(a.dtype.name, (None,) * a.ndim)) for a in arrays]
    outputs = applied(op)(*inputs)
    for chosen in itertools.product((True, False), repeat=len(arrays)):
        stacked = {x: Variable(tensor_type(x.dtype, (None,) * (x.ndim + 1))) for x, b in zip(inputs, chosen) if b}
        if not stacked:
            continue
        rows = [np.stack([a * (1 + 0.1 * i) for i in range(3)]).astype(a.dtype) for a in arrays]
        values = {stacked.get(x, x): r if x in stacked else a for x, r, a in zip(inputs, rows, arrays)}
        found = evaluate(batch(outputs, stacked), values)
        for i in range(3):
            one = evaluate(outputs, {x: r[i] if x in stacked else a for x, r, a in zip(inputs, rows, arrays)})
            for whole, part in zip(found, one, strict=True):
                np.testing.assert_allclose(whole[i], part, rtol=1e-11, atol=1e-12)


FUNCTIONS = {
    "solve": (L.solve, [near(3), RNG.normal(size=(3, 2))]),
    "solve a vector": (L.solve, [near(3), RNG.normal(size=3)]),
    "solve transposed": (lambda a, b: L.solve(a, b, transposed=True), [near(3), RNG.normal(size=(3, 2))]),
    "solve a batch with one matrix": (L.solve, [near(2), RNG.normal(size=(3, 2, 2))]),
    "solve a batch": (L.solve, [near(2, 3), RNG.normal(size=(3, 2, 2))]),
    "cho_solve": (lambda a, b: L.cho_solve(L.cho_factor(a), b), [positive(3), RNG.normal(size=3)]),
    "inv": (L.inv, [near(3, 2)]),
    "det": (L.det, [near(3, 2)]),
    "slogdet": (lambda a: list(L.slogdet(a)), [near(3, 2)]),
    "pinv": (L.pinv, [spread(3, 2)]),
    "pinv of a wide matrix": (L.pinv, [spread(2, 3)]),
    "lstsq": (lambda a, b: list(L.lstsq(a, b)[:2]), [spread(4, 2), RNG.normal(size=4)]),
    "expm": (L.expm, [spread(3, 3)]),
    "matrix_power": (lambda a: L.matrix_power(a, -3), [near(3)]),
    "cond": (L.cond, [spread(3, 3)]),
    "norms": (lambda a: [F.norm(a, p) for p in (2, -2, "nuc")], [spread(3, 2)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    function, arrays = FUNCTIONS[name]
    check_gradient(function, arrays, static=False)
    check_gradient(function, [a + 0.1j * np.cos(7 * a) for a in arrays])


@pytest.mark.parametrize("name", ["solve", "inv", "slogdet", "pinv", "cho_solve", "expm"])
def test_functions_of_a_batch(name):
    """Batching opens them: what they are made of has derivatives, too."""
    function, arrays = FUNCTIONS[name]
    others = [a + 0.1 * np.eye(*a.shape[-2:]) if a.ndim > 1 else 2 * a for a in arrays]
    check_gradient(vmap(function), [np.stack(pair) for pair in zip(arrays, others, strict=True)])
