"""Derivatives of Fourier transforms, in both modes and to second order, with respect to real and complex numbers."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import batch, check_gradient, grad
from bitale_graph import Variable, evaluate, tensor_type
from bitale_graph.functions import fft, real
from bitale_graph.functions import sum as total
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_variable
from tests.support.values import generic

LENGTHS = (1, 2, 3, 4, 5, 8)


def complex_array(*shape: int) -> np.ndarray:
    return generic(shape, "complex128")


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("n", LENGTHS)
def test_ops(n, static):
    z, half = complex_array(2, n), complex_array(2, n // 2 + 1)
    check_gradient(Fft(), [z], static=static)
    check_gradient(Fft(inverse=True), [z], static=static)
    check_gradient(Rfft(), [z.real], static=static)
    check_gradient(Irfft(n), [half], static=static)
    check_gradient(lambda z, n: Irfft(None)(z, n), [half, np.asarray(n)], static=static)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("n", [3, 4, 7])
def test_functions(name, n):
    x = complex_array(4, 2) if name in ("irfft", "hfft") else complex_array(4, 2).real
    check_gradient(lambda x: getattr(fft, name)(x, n, axis=0, norm="ortho"), [x], static=False)


@pytest.mark.parametrize("name", ["fft2", "ifftn", "rfft2", "irfftn"])
def test_several_axes(name):
    x = complex_array(3, 4) if name == "irfftn" else complex_array(3, 4).real
    check_gradient(getattr(fft, name), [x])


def test_the_energy_of_a_spectrum():
    """Parseval: the sum of |fft(x)|^2 is n times that of |x|^2, whose gradient is 2 n x."""
    x = Variable(tensor_type("float64", (None,)))
    spectrum = fft.fft(x)
    value = complex_array(6).real
    found = evaluate(grad(total(real(spectrum) ** 2 + (spectrum.imag) ** 2), x), {x: value})
    np.testing.assert_allclose(found, 12 * value)


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
def test_batching(static):
    shape = (2, 5) if static else (None, None)
    z = Variable(tensor_type("complex128", shape))
    odd = size_variable(shape_of(z)[-1]) * 2 - 1
    outputs = [Fft()(z), Rfft()(real(z)), Irfft(8)(z), Irfft(None)(z, odd)]
    stacked = Variable(tensor_type("complex128", (3, *shape)))
    value = complex_array(3, 2, 5)
    found = evaluate(batch(outputs, {z: stacked}), {stacked: value})
    for whole, output in zip(found, outputs, strict=True):
        np.testing.assert_allclose(whole, np.stack([evaluate(output, {z: row}) for row in value]), atol=1e-14)
