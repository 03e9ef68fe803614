"""Discrete Fourier transforms along the last axis: of complex numbers, of real ones, and back to real ones.

None divides by the number of points n, so that the inverse of a transform is n times what was transformed. All that
NumPy's functions do besides (other axes, more of them, padding, normalisation) is made of other ops.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.dtypes import COMPLEX, complex_dtype, real_dtype
from bitale_graph.errors import DtypeError, ShapeError
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op

PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Fft(Op):
    """z[k] = sum of x[j] exp(-2 pi i j k / n) over j, of complex numbers; with +i where `inverse`."""

    inverse: bool = False

    @property
    def name(self) -> str:
        return "ifft" if self.inverse else "fft"

    def __str__(self) -> str:
        return self.name

    @property
    def reverse(self) -> Fft:
        """The transform in the other direction."""
        return Fft(not self.inverse)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        _check(self, x, x.dtype in COMPLEX, "complex64 or complex128")
        return (x,)


@dataclass(frozen=True)
class Rfft(Op):
    """The first n // 2 + 1 elements of the transform of n real numbers; the others are conjugates of these."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        _check(self, x, x.dtype in PRECISIONS, "float32 or float64")
        n = x.shape[-1]
        return (tensor_type(complex_dtype(x.dtype), (*x.shape[:-1], None if n is None else n // 2 + 1)),)


@dataclass(frozen=True)
class Irfft(Op):
    """The inverse transform of n complex numbers of which x[n - k] is the conjugate of x[k]: n real numbers.

    x has the first n // 2 + 1; the imaginary parts of x[0] and, for an even n, of x[n / 2] are not looked at. Inputs:
    x, and n where `length` is None.
    """

    length: int | None

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, n, m = inputs[0], self.length, inputs[0].shape[-1] if inputs[0].ndim else None
        _check(self, x, x.dtype in COMPLEX, "complex64 or complex128")
        if n is not None and n < 1:
            raise ShapeError(f"{self.name}: the number of points must be at least 1, not {n}")
        if n is not None and m is not None and m != n // 2 + 1:
            raise ShapeError(f"{self.name}: {n} points come of {n // 2 + 1} elements, not of {m}")
        return (tensor_type(real_dtype(x.dtype), (*x.shape[:-1], n)),)


def _check(op: Op, x: TensorType, fits: bool, wanted: str) -> None:
    if not fits:
        raise DtypeError(f"{op.name}: {wanted} is wanted, not {x.dtype}")
    if not x.ndim:
        raise ShapeError(f"{op.name}: a scalar has no axis to transform")
    if x.shape[-1] == 0:
        raise ShapeError(f"{op.name}: the number of points must be at least 1, not 0")
