"""Fourier transforms are NumPy's: dtypes, lengths, axes, normalisation, errors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from bitale_graph import Variable, evaluate, tensor_type
from bitale_graph.errors import ArgumentError, BitaleError, DtypeError, ShapeError
from bitale_graph.functions import fft
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from tests.graph.oracle import NUMPYS, assert_equals_numpy, run
from tests.support.values import generic

ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
SEVERAL = ("fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2")
NORMS = (None, "backward", "ortho", "forward")


def array(name: str, *shape: int, dtype: str = "") -> np.ndarray:
    """Numbers that the transform takes: real ones where complex ones are refused."""
    return generic(shape, dtype or ("float64" if name in ("ihfft", "rfft", "rfftn", "rfft2") else "complex128"))


def check(name: str, *arrays: np.ndarray, **options: object) -> None:
    theirs = getattr(np.fft, name)
    assert_equals_numpy(
        lambda *xs: getattr(fft, name)(*xs, **options), lambda *xs: theirs(*xs, **options), *arrays, ulps=8
    )


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ONE)
def test_one_axis(name, norm):
    for shape, axis in (((5,), -1), ((2, 6), 1), ((4, 3), 0), ((2, 5, 3), -2), ((0, 4), -1), ((1,), 0), ((2,), -1)):
        check(name, array(name, *shape), axis=axis, norm=norm)


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [1, 2, 3, 6, 7, 12, np.int64(5)])
def test_cropped_and_padded(name, n):
    check(name, array(name, 6, 4), n=n, axis=0)


@pytest.mark.parametrize("dtype", NUMPYS)
@pytest.mark.parametrize("name", ONE)
def test_dtypes(name, dtype):
    if dtype == "float16" and name[0] == "i":  # NumPy rounds the factor 1 / n to float16
        value = array(name, 5, dtype=dtype)
        (found,) = run(getattr(fft, name), (value,))
        assert found.dtype == getattr(np.fft, name)(value).dtype
        np.testing.assert_allclose(found, getattr(np.fft, name)(value.astype("float64")), atol=1e-3)
    else:
        check(name, array(name, 5, dtype=dtype))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", SEVERAL)
def test_several_axes(name, norm):
    x = array(name, 4, 3, 5)
    some = {"s": (3, 4), "axes": (1, 2)}, {"s": (-1, 6), "axes": (0, 1)}
    for options in ({}, {"axes": (0, 1)}, {"axes": (2, 0)}, *some):
        check(name, x, norm=norm, **options)
    if name in ("fftn", "ifftn"):
        check(name, x, axes=(1, 1), norm=norm)
        check(name, x, axes=(), norm=norm)


def test_the_last_axes_are_taken_for_s():
    """NumPy warns of this, as its meaning is to change."""
    x = array("fftn", 3, 4, 5)
    (found,) = run(lambda x: fft.fftn(x, s=(2, 6)), (x,))
    np.testing.assert_allclose(found, np.fft.fftn(x, s=(2, 6), axes=(1, 2)), atol=1e-14)


def test_the_number_of_points_may_be_a_variable():
    x, n = Variable(tensor_type("complex128", (None, None)), name="x"), Variable(tensor_type("int64"), name="n")
    value = array("fft", 3, 4)
    for k in (1, 3, 4, 9):
        np.testing.assert_allclose(evaluate(fft.fft(x, n), {x: value, n: k}), np.fft.fft(value, k), atol=1e-14)
        np.testing.assert_allclose(evaluate(fft.irfft(x, n), {x: value, n: k}), np.fft.irfft(value, k), atol=1e-14)
        found = evaluate(fft.ifft2(x, (n, k), norm="ortho"), {x: value, n: k})
        np.testing.assert_allclose(found, np.fft.ifft2(value, (k, k), norm="ortho"), atol=1e-14)
    with pytest.raises(ShapeError, match="the number of points must be at least 1, not 0"):
        evaluate(fft.fft(x, n), {x: value, n: 0})


def test_lengths_are_known_where_they_can_be():
    x = Variable(tensor_type("float32", (2, 7)))
    assert (fft.rfft(x).type.shape, fft.irfft(x).type.shape, fft.rfft(x, 10).type.shape) == ((2, 4), (2, 12), (2, 6))
    assert (fft.fft(x).dtype, fft.rfft(x).dtype, fft.irfft(x).dtype) == ("complex64", "complex64", "float32")


def test_a_transform_of_the_same_length_needs_no_padding():
    x = Variable(tensor_type("float64", (None, None)), name="x")
    text = 'irfft(rfft(x), x.shape[1], norm="forward") * (1 / float64(x.shape[1]))'
    assert repr(fft.irfft(fft.rfft(x), x.shape[1])) == text


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions(mode):
    """As SciPy's, which is as exact as the largest element allows."""
    shapes = [((7,), (3,), None), ((3,), (7,), None), ((5, 8), (5, 3), 1), ((6, 5), (2, 4), (0, 1)), ((4,), (4,), -1)]
    for first, second, axes in shapes:
        for dtypes in (("float64", "float64"), ("complex128", "float64"), ("int32", "int32"), ("float32", "float32")):
            a, b = (generic(s, d, seed=k) for k, (s, d) in enumerate(zip((first, second), dtypes, strict=True)))
            a, b = (v % 100 if v.dtype.kind == "i" else v for v in (a, b))
            assert_equals_numpy(
                lambda a, b, axes=axes: fft.fftconvolve(a, b, mode, axes),
                lambda a, b, axes=axes: scipy.signal.fftconvolve(a, b, mode, axes), a, b, ulps=64,
            )  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_frequencies(n):
    symbolic = Variable(tensor_type("int64"))
    for name in ("fftfreq", "rfftfreq"):
        wanted = getattr(np.fft, name)(n, 0.3)
        np.testing.assert_array_equal(evaluate(getattr(fft, name)(n, 0.3)), wanted)
        np.testing.assert_array_equal(evaluate(getattr(fft, name)(symbolic, 0.3), {symbolic: n}), wanted)


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_shifts(name):
    for shape in ((5,), (4,), (4, 5), (0,)):
        for axes in (None, 0, -1, (0,), tuple(range(len(shape)))):
            check(name, np.arange(np.prod(shape)).reshape(shape), axes=axes)


def test_numpys_functions_build_expressions():
    x = Variable(tensor_type("float64", (4,)), name="x")
    assert repr(np.fft.rfft(x, axis=0)) == "rfft(x)"
    assert repr(np.fft.fftshift(np.fft.fft(x))).startswith("concatenate(")
    with pytest.raises(TypeError, match="cannot write a symbolic value"):
        np.fft.fft(x, out=np.empty(4, complex))


X = Variable(tensor_type("float64", (3, 0)), name="x")
Z = Variable(tensor_type("complex128", (3, 4)), name="z")


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fft.fft(X), ShapeError, r"fft: the number of points must be at least 1, not 0\n    x: "),
        (lambda: fft.ifft(Z, 0), ShapeError, r"ifft: the number of points must be at least 1, not 0\n    z: "),
        (lambda: fft.rfft(X, -2), ShapeError, "rfft: the number of points must be at least 1, not -2"),
        (lambda: fft.irfft(X + np.zeros((3, 1))), ShapeError, "irfft: the number of points must be at least 1"),
        (lambda: fft.irfft(Z[:, :1]), ShapeError, "irfft: the number of points must be at least 1, not 0"),
        (lambda: fft.fft(2.0), ShapeError, "fft: a scalar has no axis to transform"),
        (lambda: fft.fft(Z, axis=2), ArgumentError, r"fft: axis 2 (.|\n)*z: "),
        (lambda: fft.fft(Z, 2.5), DtypeError, "fft: an integer is wanted, not float64"),
        (lambda: fft.fft(Z, norm="no"), ArgumentError, 'norm must be "backward", "ortho" or "forward", not .no.'),
        (lambda: fft.hfft(Z, norm="no"), ArgumentError, "hfft: norm must be"),
        (lambda: fft.rfft(Z), DtypeError, r"rfft: real numbers are wanted, not complex128\n    z: (.|\n)*Use fft\."),
        (lambda: fft.fftn(Z, (2,), (0, 1)), ArgumentError, "fftn: 1 numbers of points for 2 axes"),
        (lambda: fft.rfftn(Z.real, axes=()), ArgumentError, "rfftn: at least one axis is wanted"),
        (lambda: fft.fftconvolve(Z, Z[0]), ShapeError, "fftconvolve: arrays of 2 and of 1 axes"),
        (lambda: fft.fftconvolve(Z, Z, "half"), ArgumentError, "the mode must be full, same or valid, not .half."),
        (lambda: Fft()(X), DtypeError, "fft: complex64 or complex128 is wanted, not float64"),
        (lambda: Rfft()(Z), DtypeError, "rfft: float32 or float64 is wanted, not complex128"),
        (lambda: Irfft(8)(Z), ShapeError, "irfft: 8 points come of 5 elements, not of 4"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_errors_of_lengths_that_come_late():
    z, n = Variable(tensor_type("complex128", (None,))), Variable(tensor_type("int64"))
    for result in (Fft()(z), fft.irfft(z)):
        with pytest.raises(BitaleError, match="the number of points must be at least 1, not "):
            evaluate(result, {z: np.zeros(0, complex)})
    with pytest.raises(ShapeError, match="irfft: 8 points come of 5 elements, not of 4"):
        evaluate(Irfft(None)(z, n), {z: np.zeros(4, complex), n: 8})
