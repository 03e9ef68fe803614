"""What cuFFT computes, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitale_backend_cuda.fft import FourierTransform
from bitale_graph.dtypes import complex_dtype


@dataclass(frozen=True)
class EmulatedPlan:
    """A transform that is ready."""

    transform: FourierTransform

    @property
    def room(self) -> int:
        """Some memory to work in."""
        return 16 * self.transform.n

    @property
    def arrays(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """Shape and dtype of what it takes, and of what it makes."""
        name, dtype, n, rows, _ = self.transform
        whole, half, real = (((rows, n), complex_dtype(dtype)), ((rows, n // 2 + 1), complex_dtype(dtype)),
                             ((rows, n), dtype))  # fmt: skip
        return {"fft": (whole, whole), "ifft": (whole, whole), "rfft": (real, half), "irfft": (half, real)}[name]

    def transformed(self, given: np.ndarray) -> np.ndarray:
        """The result. What cuFFT takes for granted of spectra of real numbers must be true."""
        name, _, n, *_ = self.transform
        if name == "irfft":
            own = given[:, [0, -1]] if n % 2 == 0 else given[:, [0]]
            assert np.all(own.imag == 0), "an element of a spectrum is not real that must be"
            return np.fft.irfft(given, n, norm="forward")
        return np.fft.ifft(given, norm="forward") if name == "ifft" else getattr(np.fft, name)(given)
