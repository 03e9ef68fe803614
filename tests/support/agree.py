"""Whether results are what they should be: integers and special values exactly, other floats within rounding."""

from __future__ import annotations

import numpy as np

ULPS = 8.0  # NumPy's vector functions and glibc's are each allowed 4


def disagreement(
    got: np.ndarray, wanted: np.ndarray, scale: np.ndarray | None = None, ulps: float = ULPS, zeros: bool = True
) -> str:
    """What is wrong with `got`, in one line; empty when nothing is.

    Floats may differ by `ulps` units in the last place of the wanted value, or of `scale` where that is larger: the
    size of the terms that a sum is made of. With `zeros`, the signs of zeros count.
    """
    if got.dtype != wanted.dtype or got.shape != wanted.shape:
        return f"{got.dtype}{list(got.shape)} instead of {wanted.dtype}{list(wanted.shape)}"
    if wanted.dtype.kind not in "fc":
        wrong = got.view("uint8") != wanted.view("uint8") if wanted.dtype == bool and wanted.ndim else got != wanted
    else:
        wrong = ~_close(got, wanted, scale, ulps, zeros)
    places = list(zip(*np.nonzero(np.atleast_1d(wrong)), strict=True))
    if not places:
        return ""
    got, wanted = np.atleast_1d(got), np.atleast_1d(wanted)
    shown = ", ".join(f"{list(map(int, at))}: {got[at]!r} instead of {wanted[at]!r}" for at in places[:3])
    return f"{len(places)} of {wanted.size} elements differ, as {shown}"


def _close(got: np.ndarray, wanted: np.ndarray, scale: np.ndarray | None, ulps: float, zeros: bool) -> np.ndarray:
    if wanted.dtype.kind == "c":
        size = np.where(np.isfinite(wanted), np.abs(wanted), 0) if scale is None else scale
        parts = [(got.real, wanted.real), (got.imag, wanted.imag)]
        return np.logical_and(*(_close(a, b, size, 2 * ulps, False) for a, b in parts))
    limits = np.finfo(wanted.dtype)
    with np.errstate(all="ignore"):
        size = np.abs(wanted.astype("float64"))
        size = size if scale is None else np.fmax(size, scale)
        allowed = ulps * (float(limits.eps) * size + float(limits.smallest_subnormal))
        near = np.abs(got.astype("float64") - wanted.astype("float64")) <= allowed
        beyond = np.isinf(wanted) & (np.abs(got) >= limits.max / 2) & (np.sign(got) == np.sign(wanted)) & (size < np.inf)
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    if zeros:
        same &= (wanted != 0) | (np.signbit(got) == np.signbit(wanted)) | np.isnan(wanted)
        near &= (wanted != 0) | (got != 0)
    return same | (np.isfinite(wanted) & np.isfinite(got) & near) | beyond
