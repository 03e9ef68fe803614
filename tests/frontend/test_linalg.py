"""bitale.linalg against NumPy and SciPy: every function, dtypes, batches, the names of Theano, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
import bitale_backend_cuda
from bitale import linalg
from bitale_graph.errors import ArgumentError, DtypeError, LinearAlgebraError, MatrixShapeError
from tests.support.cuda.device import any_driver

scipy = pytest.importorskip("scipy.linalg")
RNG = np.random.default_rng(4)
SQUARE, OTHER, TALL = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=(5, 3))
MANY, VECTOR, ROWS = RNG.normal(size=(2, 3, 3)), RNG.normal(size=4), RNG.normal(size=(4, 2))
POSITIVE = SQUARE @ SQUARE.T + np.eye(4)
COMPLEX = SQUARE + 1j * OTHER
HERMITIAN = COMPLEX @ COMPLEX.conj().T
FLAT = np.outer(VECTOR, VECTOR[:3])  # of rank 1
LOWER = np.tril(SQUARE) + 3 * np.eye(4)
FOUR = RNG.normal(size=(2, 3, 3, 2))


L, N, S = linalg, np.linalg, scipy


def up_to_signs(u, s, v):
    return [s, (u[..., : s.shape[-1]] * s[..., None, :]) @ v[..., : s.shape[-1], :]]


def lu_factor(a):
    factors, pivots = scipy.lu_factor(a)
    return factors, pivots.astype("int32")


CASES = {
    "cholesky": (L.cholesky, N.cholesky, [POSITIVE]),
    "cholesky upper": (lambda a: L.cholesky(a, upper=True), lambda a: N.cholesky(a, upper=True), [POSITIVE]),
    "cholesky of complex": (L.cholesky, N.cholesky, [HERMITIAN]),
    "solve a vector": (L.solve, N.solve, [SQUARE, VECTOR]),
    "solve rows": (L.solve, N.solve, [SQUARE, ROWS]),
    "solve a batch": (L.solve, N.solve, [MANY, MANY[::-1]]),
    "solve a vector for a batch": (L.solve, N.solve, [MANY, VECTOR[:3]]),
    "solve a batch with one matrix": (L.solve, N.solve, [MANY[0], FOUR]),
    "solve integers": (L.solve, N.solve, [np.array([[2, 1], [1, 3]]), np.array([1, 2])]),
    "solve mixed": (L.solve, N.solve, [SQUARE, VECTOR + 1j]),
    "solve transposed": (lambda a, b: L.solve(a, b, transposed=True), lambda a, b: N.solve(a.T, b), [SQUARE, ROWS]),
    "solve positive": (lambda a, b: L.solve(a, b, "pos"), N.solve, [POSITIVE, ROWS]),
    "solve triangular": (
        lambda a, b: L.solve_triangular(a, b, lower=True), lambda a, b: S.solve_triangular(a, b, lower=True),
        [LOWER, VECTOR],
    ),
    "solve adjoint triangle": (
        lambda a, b: L.solve_triangular(a, b, trans="C"), lambda a, b: S.solve_triangular(a, b, trans="C"),
        [LOWER.T + 1j * np.triu(OTHER), ROWS],
    ),
    "solve unit triangle": (
        lambda a, b: L.solve_triangular(a, b, 1, True, True),
        lambda a, b: S.solve_triangular(a, b, trans=1, lower=True, unit_diagonal=True), [LOWER / 4, ROWS],
    ),
    "cho_solve": (
        lambda a, b: L.cho_solve(L.cho_factor(a), b), lambda a, b: S.cho_solve(S.cho_factor(a), b),
        [HERMITIAN, ROWS],
    ),
    "cho_solve lower": (lambda a, b: L.cho_solve((L.cholesky(a), True), b), N.solve, [HERMITIAN, VECTOR]),
    "lu_factor": (lambda a: list(L.lu_factor(a)), lu_factor, [SQUARE]),
    "lu_solve": (
        lambda a, b: L.lu_solve(L.lu_factor(a), b, 2), lambda a, b: S.lu_solve(S.lu_factor(a), b, 2),
        [COMPLEX, VECTOR],
    ),
    "inv": (L.inv, N.inv, [MANY]),
    "det": (L.det, N.det, [MANY]),
    "det of complex": (L.det, N.det, [COMPLEX]),
    "det of singular": (L.det, N.det, [np.zeros((2, 2))]),
    "det of none": (L.det, N.det, [np.zeros((0, 0))]),
    "slogdet": (L.slogdet, N.slogdet, [MANY]),
    "slogdet of complex": (L.slogdet, N.slogdet, [COMPLEX]),
    "slogdet of singular": (L.slogdet, N.slogdet, [np.zeros((2, 2))]),
    "qr": (L.qr, N.qr, [TALL]),
    "qr complete": (lambda a: L.qr(a, "complete"), lambda a: N.qr(a, "complete"), [TALL]),
    "qr r": (lambda a: L.qr(a, "r"), lambda a: N.qr(a, "r"), [TALL]),
    "eigvalsh": (L.eigvalsh, N.eigvalsh, [POSITIVE]),
    "eigvalsh upper": (lambda a: L.eigvalsh(a, "U"), lambda a: N.eigvalsh(a, "U"), [COMPLEX]),
    "eigh": (lambda a: L.eigh(a)[0], lambda a: N.eigh(a)[0], [POSITIVE]),
    "eigvals": (L.eigvals, N.eigvals, [SQUARE]),
    "svd": (lambda a: up_to_signs(*L.svd(a)), lambda a: up_to_signs(*N.svd(a)), [TALL]),
    "svdvals": (L.svdvals, N.svdvals, [COMPLEX]),
    "svd values": (lambda a: L.svd(a, compute_uv=False), N.svdvals, [MANY]),
    "pinv": (L.pinv, N.pinv, [TALL]),
    "pinv of rank 1": (lambda a: L.pinv(a, 1e-10), lambda a: N.pinv(a, 1e-10), [FLAT]),
    "pinv of complex": (L.pinv, N.pinv, [COMPLEX[:3]]),
    "lstsq": (L.lstsq, N.lstsq, [TALL, TALL[:, :2]]),
    "lstsq of rank 1": (lambda a, b: L.lstsq(a, b)[0], lambda a, b: N.lstsq(a, b)[0], [FLAT, ROWS]),
    "matrix_rank": (L.matrix_rank, N.matrix_rank, [FLAT]),
    "matrix_rank hermitian": (lambda a: L.matrix_rank(a, hermitian=True), N.matrix_rank, [FLAT @ FLAT.T]),
    "cond": (L.cond, N.cond, [SQUARE]),
    "cond 1": (lambda a: L.cond(a, 1), lambda a: N.cond(a, 1), [SQUARE]),
    "cond -2": (lambda a: L.cond(a, -2), lambda a: N.cond(a, -2), [SQUARE]),
    **{f"norm {p}": (lambda a, p=p: L.norm(a, p), lambda a, p=p: N.norm(a, p), [TALL]) for p in (2, -2, "nuc")},
    "norm of axes": (
        lambda a: L.norm(a, 2, (2, 0), keepdims=True), lambda a: N.norm(a, 2, (2, 0), keepdims=True), [FOUR],
    ),
    "matrix_power": (lambda a: L.matrix_power(a, 5), lambda a: N.matrix_power(a, 5), [MANY]),
    "matrix_power 0": (lambda a: L.matrix_power(a, 0), lambda a: N.matrix_power(a, 0), [MANY]),
    "matrix_power -2": (lambda a: L.matrix_power(a, -2), lambda a: N.matrix_power(a, -2), [SQUARE]),
    "expm": (L.expm, S.expm, [SQUARE]),
    "expm of large": (L.expm, S.expm, [9 * MANY]),
    "expm of complex": (L.expm, S.expm, [COMPLEX]),
    "tensorinv": (lambda a: L.tensorinv(a, 2), lambda a: N.tensorinv(a, 2), [FOUR]),
    "tensorsolve": (L.tensorsolve, N.tensorsolve, [FOUR, FOUR[0, 0].T]),
    "trace": (L.trace, N.trace, [MANY]),
    "diagonal": (lambda a: L.diagonal(a, 1), lambda a: N.diagonal(a, offset=1), [MANY]),
    "matrix_dot": (L.matrix_dot, lambda *xs: N.multi_dot(xs), [SQUARE, OTHER, ROWS]),
    "Theano's Solve": (T.slinalg.Solve(), N.solve, [SQUARE, VECTOR]),
    "Theano's Solve, lower": (T.slinalg.Solve("lower_triangular", True), N.solve, [LOWER, VECTOR]),
    "Theano's Cholesky": (T.slinalg.Cholesky(lower=False), lambda a: N.cholesky(a, upper=True), [POSITIVE]),
    "Theano's eigvalsh": (T.slinalg.eigvalsh, S.eigvalsh, [POSITIVE, LOWER @ LOWER.T]),
    "Theano's matrix_inverse": (T.nlinalg.matrix_inverse, N.inv, [SQUARE]),
    "Theano's solve_symmetric": (T.slinalg.solve_symmetric, N.solve, [POSITIVE, VECTOR]),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["numpy", "c", "cuda"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_all(mode, known):
    """In one function, as compiling takes longer than running."""
    inputs, outputs, wanted, names = [], [], [], []
    for name, (build, reference, arrays) in CASES.items():
        given = [T.TensorType(a.dtype, a.shape if known else (None,) * a.ndim)() for a in arrays]
        found, right = build(*given), reference(*arrays)
        found, right = ([*x] if isinstance(x, list | tuple) else [x] for x in (found, right))
        inputs += zip(given, arrays, strict=True)
        for value, array in zip(found, right, strict=True):
            outputs.append(value)
            wanted.append(np.asarray(array))
            names.append(name)
    if mode == "cuda":
        bitale_backend_cuda.install(0, any_driver())
    results = bt.function([x for x, _ in inputs], outputs, mode=mode, on_unused_input="ignore")(*(a for _, a in inputs))
    bitale_backend_cuda.install(0, None)
    for name, got, array in zip(names, results, wanted, strict=True):
        assert got.shape == array.shape, name
        wide = np.complex128 if name == "eigvals" else array.dtype
        assert got.dtype == wide, name
        np.testing.assert_allclose(got, array, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("name", ["inv", "svdvals", "det", "eigvalsh", "pinv", "expm"])
def test_single_precision_stays(name):
    x = T.fmatrix("x")
    found = bt.function([x], getattr(linalg, name)(x))(SQUARE.astype("float32"))
    assert found.dtype == "float32"


def test_what_is_refused():
    half, wide = T.TensorType("float16", (2, 2))("half"), T.TensorType("float64", (2, 3))("wide")
    cube = T.dtensor3("cube")
    with pytest.raises(DtypeError, match=r"inv: there is no linear algebra in float16(.|\n)*Cast it to float32"):
        linalg.inv(half)
    with pytest.raises(MatrixShapeError, match="cholesky: the matrix is not square: 2 x 3") as caught:
        linalg.cholesky(wide)
    assert isinstance(caught.value, np.linalg.LinAlgError)
    with pytest.raises(MatrixShapeError, match=r"det: a matrix is wanted, not float64\[\?\]"):
        linalg.det(T.dvector())
    with pytest.raises(MatrixShapeError, match="3 rows of the matrix, 2 of the right-hand side"):
        linalg.solve(T.TensorType("float64", (3, 3))(), wide)
    with pytest.raises(ArgumentError, match="mode 'rr' is none of"):
        linalg.qr(cube, "rr")
    with pytest.raises(ArgumentError, match="assume_a='unknown' is none of"):
        linalg.solve(cube, cube, "unknown")
    with pytest.raises(ArgumentError, match="UPLO is 'L' or 'U'"):
        linalg.eigh(cube, "X")
    with pytest.raises(ArgumentError, match=r"the power is an integer, not 1\.5"):
        linalg.matrix_power(cube, 1.5)
    with pytest.raises(ArgumentError, match="known are 'fro', 'nuc'"):
        linalg.norm(wide, "euclid")


@pytest.mark.parametrize("mode", ["numpy", "c"])
def test_singular_matrices(mode):
    x, b = T.dmatrix("x"), T.dvector("b")
    for expression in (linalg.inv(x), linalg.solve(x, b), linalg.solve_triangular(x, b)):
        run = bt.function([x, b], expression, mode=mode, on_unused_input="ignore")
        with pytest.raises(linalg.LinAlgError, match=r"singular(.|\n)*test_linalg.py"):
            run(np.zeros((3, 3)), np.ones(3))
    with pytest.raises(LinearAlgebraError, match=r"svd.* did not converge"):
        bt.function([x], linalg.svdvals(x), mode=mode)(np.full((3, 3), np.nan))
