"""How far two arrays are apart, in units in the last place of their dtype."""

from __future__ import annotations

import numpy as np


def ulps_apart(mine: np.ndarray, theirs: np.ndarray, size: np.ndarray | float = 0.0) -> np.ndarray:
    """Per element: 0 where both are equal (NaN equals NaN), infinity where only one is finite or a number.

    `size`: numbers smaller than this count in its units (in what was added up, say).
    Complex numbers count in units of their larger part, which is what NumPy's own algorithms keep.
    """
    assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
    if mine.dtype.kind not in "fc":
        return np.where(mine == theirs, 0.0, np.inf)
    with np.errstate(all="ignore"):
        if mine.dtype.kind == "f":
            return _distance(mine, theirs, np.maximum(np.abs(theirs), np.asarray(size, theirs.dtype)))
        scale = np.maximum(_finite(theirs.real), _finite(theirs.imag))
        parts = _distance(mine.real, theirs.real, scale), _distance(mine.imag, theirs.imag, scale)
        return np.where(np.isnan(mine) & np.isnan(theirs), 0.0, np.maximum(*parts))


def _finite(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), np.abs(x), x.dtype.type(0))


def _distance(mine: np.ndarray, theirs: np.ndarray, scale: np.ndarray) -> np.ndarray:
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    unit = np.spacing(np.where(np.isfinite(scale), scale, scale.dtype.type(0))).astype("float64")
    apart = np.abs(mine.astype("float64") - theirs.astype("float64")) / unit
    return np.where(same, 0.0, np.where(np.isfinite(mine) & np.isfinite(theirs), apart, np.inf))


def largest(mine: np.ndarray, theirs: np.ndarray) -> float:
    """The largest distance; infinite when dtypes or shapes differ."""
    if (mine.dtype, mine.shape) != (theirs.dtype, theirs.shape):
        return float("inf")
    return float(np.max(ulps_apart(mine, theirs), initial=0.0))
