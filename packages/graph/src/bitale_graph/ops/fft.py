"""Discrete Fourier transforms along the last axis: of complex numbers, of real ones, and back to real ones.

None divides by the number of points n, so that the inverse of a transform is n times what was transformed. All that
NumPy's functions do besides (other axes, more of them, padding, normalisation) is made of other ops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bitale_graph.dtypes import COMPLEX, complex_dtype, real_dtype
from bitale_graph.errors import ShapeError
from bitale_graph.routine import Transform
from bitale_graph.sizes import Size, size_add, size_divide
from bitale_graph.types import TensorType, tensor_type


@dataclass(frozen=True)
class Fft(Transform):
    """z[k] = sum of x[j] exp(-2 pi i j k / n) over j, of complex numbers; with +i where `inverse`."""

    inverse: bool = False

    signature = "n->n"
    takes = COMPLEX

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
        self.check(x)
        return (x,)


@dataclass(frozen=True)
class Rfft(Transform):
    """The first n // 2 + 1 elements of the transform of n real numbers; the others are conjugates of these."""

    signature = "n->h"
    takes = ("float32", "float64")

    def found(self, lengths: Mapping[str, Size]) -> dict[str, Size]:
        return {"h": size_add(size_divide(lengths["n"], 2), 1)}

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (x,) = inputs
        self.check(x)
        n = x.shape[-1]
        return (tensor_type(complex_dtype(x.dtype), (*x.shape[:-1], None if n is None else n // 2 + 1)),)


@dataclass(frozen=True)
class Irfft(Transform):
    """The inverse transform of n complex numbers of which x[n - k] is the conjugate of x[k]: n real numbers.

    x has the first n // 2 + 1; the imaginary parts of x[0] and, for an even n, of x[n / 2] are not looked at. Inputs:
    x, and n where `length` is None.
    """

    length: int | None

    takes = COMPLEX

    @property
    def signature(self) -> str:  # type: ignore[override]
        return "h,->n" if self.length is None else "h->n"

    def at(self, sizes: Sequence[int]) -> Irfft:
        return Irfft(sizes[-1])

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, n = inputs[0], self.length
        self.check(x)
        self.check_points(n)
        m = x.shape[-1]
        if n is not None and m is not None and m != n // 2 + 1:
            raise ShapeError(f"{self.name}: {n} points come of {n // 2 + 1} elements, not of {m}")
        return (tensor_type(real_dtype(x.dtype), (*x.shape[:-1], n)),)
