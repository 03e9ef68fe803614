"""Arrays of the same elements that lie otherwise in memory."""

from __future__ import annotations

import numpy as np


def strided(array: np.ndarray) -> np.ndarray:
    """Equal to `array`, backwards and with gaps along every axis."""
    if not array.ndim:
        return array
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    view = wide[tuple(slice(None, None, -2) for _ in array.shape)]
    view[...] = array
    return view


def transposed(array: np.ndarray) -> np.ndarray:
    """Equal to `array`, in column-major order."""
    return np.asarray(array, order="F")
