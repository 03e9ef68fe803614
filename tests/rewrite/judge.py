"""Whether a rule keeps what it says it preserves, on given values."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath
import numpy as np

from bitale_graph import Variable
from bitale_graph.dtypes import INEXACT
from bitale_graph.reference import evaluate
from tests.rewrite.exact import DIGITS, UNKNOWN, exact

ULPS = 16  # units in the last place that regrouping may cost where the left side was lucky
FAR = 1e6  # stands for infinity where only the limit is asked for


def problems(old: Variable, new: Variable, preserves: str, values: Mapping[Variable, np.ndarray]) -> list[str]:
    """What is wrong with replacing `old` by `new` on these values: a line per element, at most a few."""
    left, right = evaluate(old, values), evaluate(new, values)
    if left.shape != right.shape or left.dtype != right.dtype:
        return [f"{left.dtype}{left.shape} became {right.dtype}{right.shape}"]
    if preserves == "bits" or left.dtype.name not in INEXACT:
        wrong = ~same_bits(left, right)
    elif preserves == "reals" and left.dtype.kind == "c":
        wrong = ~np.isclose(left, right, rtol=ULPS * np.finfo(left.dtype).eps, atol=0, equal_nan=True)
    else:
        wrong = ~(same_bits(left, right) | _as_good(old, left, right, values))
    shown = {v: np.broadcast_to(a, left.shape) if a.ndim == left.ndim else a for v, a in values.items()}
    return [
        f"at {', '.join(f'{v.name}={a[i] if a.shape == left.shape else a}' for v, a in shown.items())}: "
        f"{left[i]!r} became {right[i]!r}"
        for i in list(map(tuple, np.argwhere(wrong)))[:5]
    ]


def same_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Equal elements; NaN equals NaN, and +0 is not -0."""
    if left.dtype.kind == "c":
        return same_bits(left.real, right.real) & same_bits(left.imag, right.imag)
    if left.dtype.kind != "f":
        return np.asarray(left == right)
    return np.isnan(left) & np.isnan(right) | (left == right) & (np.signbit(left) == np.signbit(right))


def _as_good(old: Variable, left: np.ndarray, right: np.ndarray, values: Mapping[Variable, np.ndarray]) -> np.ndarray:
    """Elements that are within rounding of the exact value of `old`, or no farther from it than its own.

    Infinite inputs are judged where `old` has a value: it must stay. Where it is NaN, its limit is allowed too.
    """
    finite = {v: a for v, a in values.items() if a.dtype.kind == "f"}
    infinite = np.broadcast_to(False, left.shape)
    if left.ndim:
        for a in finite.values():
            infinite = infinite | (
                np.broadcast_to(np.isinf(a), left.shape) if a.ndim == left.ndim else np.isinf(a).any()
            )
    else:
        infinite = np.asarray(any(np.isinf(a).any() for a in finite.values()))
    truth = exact(old, values)
    near = _near(truth, left, right)
    if not infinite.any():
        return near
    limits = {v: np.clip(a, -FAR, FAR).astype(a.dtype) if v in finite else a for v, a in values.items()}
    limit = _near_limit(exact(old, limits), right)
    stays = np.where(np.isnan(left), limit, np.isclose(left, right, rtol=1e-6, atol=0))
    return np.where(infinite, stays, near)


def _near(truth: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    limits = np.finfo(left.dtype)
    beyond = 2 * mpmath.mpf(float(limits.max))  # what an overflow is taken for
    least = mpmath.mpf(float(limits.smallest_subnormal))

    def finite(number: object) -> mpmath.mpf:
        return max(min(mpmath.mpf(number), beyond), -beyond)

    def near(t: object, a: float, b: float) -> bool:
        if t is UNKNOWN or mpmath.isnan(t):
            return bool(np.isnan(b)) if np.isnan(a) else bool(a == b or (t is UNKNOWN and not np.isnan(b)))
        if np.isnan(b):
            return False
        allowed = ULPS * float(limits.eps) * abs(finite(t)) + 4 * least
        if not np.isnan(a):
            allowed = max(allowed, 4 * abs(finite(float(a)) - finite(t)))
        return bool(abs(finite(float(b)) - finite(t)) <= allowed)

    with mpmath.mp.workdps(DIGITS):
        return np.asarray(np.frompyfunc(near, 3, 1)(truth, left, right), bool)


def _near_limit(limit: np.ndarray, right: np.ndarray) -> np.ndarray:
    """NaN is always allowed to stay; a number must be the limit, an infinity have its sign."""

    def near(t: object, b: float) -> bool:
        if np.isnan(b) or t is UNKNOWN:
            return True
        if mpmath.isnan(t):
            return False
        if np.isinf(b):
            return bool(t * b > 0 and abs(t) >= FAR / 2)
        return bool(abs(t - float(b)) <= 1e-3 * (1 + abs(float(b))))

    with mpmath.mp.workdps(DIGITS):
        return np.asarray(np.frompyfunc(near, 2, 1)(limit, right), bool)
