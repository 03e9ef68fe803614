"""Whether a rule keeps what it says it preserves, on given values."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath
import numpy as np

from bitale_graph import Variable, toposort
from bitale_graph.dtypes import INEXACT, kind, limits
from bitale_graph.reference import evaluate
from bitale_graph.routine import Routine
from tests.rewrite.exact import DIGITS, POLE, UNKNOWN, exact

ULPS = 16  # units in the last place that regrouping may cost where the left side was lucky
INFINITY = mpmath.mpf(10) ** 800  # for limits: beyond all numbers of float64


def problems(
    old: Variable, new: Variable, preserves: str, values: Mapping[Variable, np.ndarray], scale: float = 0
) -> list[str]:
    """What is wrong with replacing `old` by `new` on these values: a line per element, at most a few.

    `scale` is how large the numbers are that sums are made of.
    """
    left, right = evaluate(old, values), evaluate(new, values)
    if left.shape != right.shape or left.dtype != right.dtype:
        return [f"{left.dtype}{left.shape} became {right.dtype}{right.shape}"]
    if has_routines(old):  # whose results are exact by the norm, and where matrices are not near singular ones
        wrong = ~np.isclose(left, right, rtol=1e-9, atol=1e-9 * np.abs(left).max(initial=0), equal_nan=True)
    elif preserves == "bits" or left.dtype.name not in INEXACT:
        wrong = ~same_bits(left, right)
    elif left.dtype.kind == "c":
        wrong = ~np.isclose(left, right, rtol=ULPS * np.finfo(left.dtype).eps, atol=0, equal_nan=True)
    else:
        wrong = ~(same_bits(left, right) | _as_good(old, left, right, values, scale))
    return [
        f"at {_shown(values, i, left.shape)}: {left[i]!r} became {right[i]!r}"
        for i in list(map(tuple, np.argwhere(wrong)))[:5]
    ]


def has_routines(x: Variable) -> bool:
    """Whether linear algebra is needed for x."""
    bodies = [[x]]
    while bodies:
        for node in toposort(bodies.pop()):
            if isinstance(node.op, Routine):
                return True
            bodies += [body.outputs for body in node.op.bodies]
    return False


def _shown(values: Mapping[Variable, np.ndarray], index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    return ", ".join(f"{v.name}={a[index] if a.shape == shape else a}" for v, a in values.items())


def same_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Equal elements; NaN equals NaN, and +0 is not -0."""
    if left.dtype.kind == "c":
        return same_bits(left.real, right.real) & same_bits(left.imag, right.imag)
    if kind(left.dtype) != "f":
        return np.asarray(left == right)
    return np.isnan(left) & np.isnan(right) | (left == right) & (np.signbit(left) == np.signbit(right))


def _as_good(
    old: Variable, left: np.ndarray, right: np.ndarray, values: Mapping[Variable, np.ndarray], scale: float
) -> np.ndarray:
    """Elements that are within rounding of the exact value of `old`, or not much farther from it than its own.

    Where infinite inputs cancel to NaN, the limit is as good.
    """
    good = _near(exact(old, values), left, right, scale)
    if not all(np.isfinite(a).all() for a in values.values()):
        limit = _near(exact(old, values, INFINITY), left, right, scale)
        good = good | np.isnan(left) & limit
    return good


def _near(truth: np.ndarray, left: np.ndarray, right: np.ndarray, scale: float) -> np.ndarray:
    bounds = limits(left.dtype)
    beyond = 2 * mpmath.mpf(float(bounds.max))  # what an overflow is taken for
    least = 4 * mpmath.mpf(float(bounds.smallest_subnormal))
    rounding = ULPS * float(bounds.eps)

    def finite(number: object) -> mpmath.mpf:
        return max(min(mpmath.mpf(number), beyond), -beyond)

    def near(t: object, a: float, b: float) -> bool:
        if t is POLE:
            return bool(a == b or (np.isnan(a) and np.isnan(b)))
        if t is UNKNOWN:
            return not np.isnan(b) or bool(np.isnan(a))
        if mpmath.isnan(t) or np.isnan(b):
            return bool(mpmath.isnan(t) and np.isnan(b))
        allowed = rounding * (abs(finite(t)) + scale) + least
        if not np.isnan(a):
            allowed = max(allowed, 4 * abs(finite(float(a)) - finite(t)))
        return bool(abs(finite(float(b)) - finite(t)) <= allowed)

    with mpmath.mp.workdps(DIGITS):
        return np.asarray(np.frompyfunc(near, 3, 1)(truth, left, right), bool)
