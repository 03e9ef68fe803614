"""Functions with Fourier transforms in them: by the interpreter of loops, in C and on an emulated GPU as in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale import fft
from bitale_backend_c.compile import ready
from bitale_backend_cuda import compile as compile_for_gpu
from bitale_graph import Graph, evaluate
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.device import any_driver
from tests.support.strides import strided, transposed
from tests.support.values import generic

X, Z, N, W = T.dmatrix("x"), T.tensor("z", dtype="complex128", shape=(None, None)), T.lscalar("n"), T.dvector("w")


def filtered(row, weights):
    """A row with its spectrum weighted: a circular convolution."""
    return fft.irfft(fft.rfft(row) * fft.rfft(weights), row.shape[-1])


CASES = {
    "of real numbers": fft.fft(X),
    "inverse, of real numbers": fft.ifft(X, axis=0),
    "of real numbers, two axes": fft.fft2(X),
    "of integers, padded": fft.fft(T.cast(X * 10, "int32"), N),
    "cropped or padded": fft.ifft(Z, N, axis=0, norm="ortho"),
    "single precision": fft.fftn(T.cast(Z, "complex64"), norm="forward"),
    "back": fft.irfft2(fft.rfft2(X), (X.shape[0], X.shape[1])),
    "back, without a length": fft.irfft(Z, axis=0),
    "of a conjugate": fft.hfft(Z, N),
    "shifted": fft.fftshift(fft.fft(Z), axes=1),
    "power": abs(fft.rfft(X - X.mean(axis=1, keepdims=True))) ** 2,
    "phase": T.angle(fft.fft(Z)),
    "filter": filtered(X, W),
    "one transform used twice": fft.rfft(X).real + abs(fft.rfft(X)),
    "through a slice": fft.fft(Z[::-1, 1:]),
    "gradient": bt.grad(T.sum(filtered(X, W) ** 3), X),
    "gradient of energy": bt.grad(T.sum(abs(fft.fft(X, axis=0)) ** 2 * fft.fftfreq(X.shape[0])[:, None] ** 2), X),
    "in a loop": bt.scan(lambda row, h: fft.irfft(fft.rfft(h + row) * 0.5, row.shape[0]), X, X[0])[0],
    "a loop that ends": bt.loop.while_loop(
        lambda s: abs(s[0]).max() < 100, lambda s: (fft.fft(s[0]), s[1] + 1), (Z[0] / 4, T.constant(0))
    )[0],
    "in a branch": bt.ifelse(N > 3, fft.fft(Z), fft.ifft(Z)),
    "for each row": bt.vmap(lambda row: filtered(row, W))(X),
}
INPUTS = [X, Z, N, W]
SHAPES = [(5, 6), (4, 7), (2, 2)]


def values(rows: int, columns: int) -> list[np.ndarray]:
    return [generic((rows, columns), "float64"), generic((rows, columns), "complex128"), np.asarray(columns + 1),
            generic((columns,), "float64", seed=1)]  # fmt: skip


def agree(results) -> None:
    for name, found, wanted in results:
        tolerance = 2e-5 if wanted.dtype == "complex64" else 1e-11
        scale = float(np.abs(wanted).max(initial=1))
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape), name
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def whole() -> Graph:
    return Graph(INPUTS, list(CASES.values()))


@pytest.mark.parametrize("optimised", [False, True], ids=["as written", "optimised"])
def test_interpreter(optimised):
    program = lower(ready(whole(), optimised))
    given = values(5, 6)
    agree(zip(CASES, interpret(program, given), evaluate(whole(), given), strict=True))


@pytest.mark.parametrize("mode", ["c", "compare"])
def test_c(mode):
    function = bt.function(INPUTS, whole().outputs, mode=mode)
    for shape in SHAPES:
        given = values(*shape)
        wanted = evaluate(whole(), given)
        for arrange in (np.asarray, strided, transposed):
            agree(zip(CASES, function(*map(arrange, given)), wanted, strict=True))


@needs_compiler
def test_emulated_gpu():
    function = compile_for_gpu(whole(), driver=any_driver())
    for shape in SHAPES[:2]:
        given = values(*shape)
        agree(zip(CASES, function(*given), evaluate(whole(), given), strict=True))


@pytest.mark.parametrize("mode", ["c", "numpy"])
def test_errors_name_the_line(mode):
    function = bt.function([Z, N], fft.irfft(fft.fft(Z), N), mode=mode, on_unused_input="ignore")
    with pytest.raises(bt.ShapeError, match=r"the number of points must be at least 1, not 0(.|\n)*test_fft.py"):
        function(np.zeros((2, 0), complex), 4)
    with pytest.raises(bt.ShapeError, match=r"(must be at least 1, not 0|negative)(.|\n)*test_fft.py"):
        function(np.zeros((2, 3), complex), 0)
