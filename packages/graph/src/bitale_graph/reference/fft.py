"""The meaning of Fourier transforms: numpy.fft, without its normalisation."""

from __future__ import annotations

import numpy as np

from bitale_graph.errors import ShapeError
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

FFT: RuleTable[Rule] = RuleTable("NumPy reference")


@FFT.register(Fft)
def _fft(op: Fft, x: np.ndarray) -> np.ndarray:
    op.check_points(x.shape[-1])
    return np.fft.ifft(x, norm="forward") if op.inverse else np.fft.fft(x)


@FFT.register(Rfft)
def _rfft(op: Rfft, x: np.ndarray) -> np.ndarray:
    op.check_points(x.shape[-1])
    return np.fft.rfft(x)


@FFT.register(Irfft)
def _irfft(op: Irfft, x: np.ndarray, *lengths: np.ndarray) -> np.ndarray:
    n, m = int(lengths[0]) if lengths else op.length, x.shape[-1]
    assert n is not None
    op.check_points(n)
    if m != n // 2 + 1:
        raise ShapeError(f"irfft: {n} points come of {n // 2 + 1} elements, not of {m}")
    return np.fft.irfft(x, n, norm="forward")
