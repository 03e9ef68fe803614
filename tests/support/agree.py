"""Whether results are what they should be: integers and special values exactly, other floats within rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from bitale_graph.dtypes import BFLOAT16, FLOATS, kind, limits
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Scan
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise, Function
from bitale_graph.ops.indexing import Scatter
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.reference import evaluate
from bitale_graph.routine import Routine
from tests.support.samples import Sample

ULPS = 8.0  # NumPy's vector functions and glibc's are each allowed 4
ADD, MULTIPLY = FUNCTIONS["add"], FUNCTIONS["multiply"]


def disagreement(
    got: np.ndarray, wanted: np.ndarray, scale: Any = 0.0, ulps: float = ULPS, zeros: bool = True
) -> str:
    """What is wrong with `got`, in one line; empty when nothing is.

    Floats may differ by `ulps` units in the last place of the wanted value, or of `scale` where that is larger: the
    size of the terms that it is the sum of. With `zeros`, the signs of zeros count.
    """
    if got.dtype != wanted.dtype or got.shape != wanted.shape:
        return f"{got.dtype}{list(got.shape)} instead of {wanted.dtype}{list(wanted.shape)}"
    with np.errstate(all="ignore"):
        right = np.atleast_1d(_close(got, wanted, scale, ulps, zeros))
    places = np.argwhere(~right).tolist()
    if not places:
        return ""
    pairs = [(at, np.atleast_1d(got)[tuple(at)], np.atleast_1d(wanted)[tuple(at)]) for at in places[:3]]
    shown = ", ".join(f"{a!r} instead of {b!r} at {at}" for at, a, b in pairs)
    return f"{len(places)} of {wanted.size} elements differ: {shown}"


def _close(got: np.ndarray, wanted: np.ndarray, scale: Any, ulps: float, zeros: bool) -> np.ndarray:
    if wanted.dtype.kind == "c":
        size = np.fmax(np.where(np.isfinite(wanted), np.abs(wanted), 0), scale)
        parts = [(got.real, wanted.real), (got.imag, wanted.imag)]
        return np.logical_and(*(_close(a, b, size, 2 * ulps, False) for a, b in parts))
    if wanted.dtype.kind == "b":
        return np.asarray(got).view("uint8") == np.asarray(wanted).view("uint8")
    if kind(wanted.dtype) != "f":
        return np.asarray(got == wanted)
    found, a, b = limits(wanted.dtype), got.astype("float64"), wanted.astype("float64")
    size = np.fmax(np.abs(b), scale)
    near = np.abs(a - b) <= ulps * (float(found.eps) * size + float(found.smallest_subnormal))
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted)) | (near & np.isfinite(got) & np.isfinite(wanted))
    return same & ((got != 0) | (wanted != 0) | (np.signbit(got) == np.signbit(wanted))) if zeros else same


# ---- what samples may differ by -------------------------------------------------------------------------------------

EITHER_ZERO = ("maximum", "minimum", "fmax", "fmin", "clip")  # of 0 and -0 either one is the larger


def problem(sample: Sample, got: np.ndarray, wanted: np.ndarray) -> str:
    """What is wrong with a result of a sample; empty when nothing is."""
    op = sample.op
    zeros = isinstance(op, Elementwise) and op.function.name not in EITHER_ZERO
    scale = _norm(wanted) if isinstance(op, Routine) else _scale(sample)
    return disagreement(got, wanted, scale, _ulps(op, sample.arrays), zeros)


def _norm(wanted: np.ndarray) -> float:
    """Linear algebra is exact by the norm of a matrix, not by its elements."""
    finite = np.abs(wanted[np.isfinite(wanted)])
    return 4 * float(finite.max(initial=0)) if wanted.dtype.kind in "fc" else 0.0


def _ulps(op: Any, arrays: tuple[np.ndarray, ...]) -> float:
    """Every factor of a product adds a rounding; those of bfloat16 are computed in float32."""
    if arrays and arrays[0].dtype == BFLOAT16:
        return 1.0
    return ULPS + (arrays[0].size if isinstance(op, (Reduce, Cumulate)) and op.function is MULTIPLY else 0)


def _scale(sample: Sample) -> Any:
    """The size of the terms that results are sums of."""
    op, arrays = sample.op, sample.arrays
    if isinstance(op, Elementwise):
        if op.function.name == "log_gamma_slope":  # a difference of sums of about as many terms
            return 100 * (1 / arrays[1] + np.sqrt(1 + arrays[1]))
        if op.function.name == "log_gamma_variate":  # a sum of logarithms, one of them divided by the shape
            with np.errstate(divide="ignore"):
                return 20 / np.minimum(np.abs(arrays[3]), 1)
        return np.max(np.abs(arrays).astype("float64"), axis=0) if op.function.name == "logaddexp" else 0.0
    if isinstance(op, Scan):
        return 16.0  # several steps, whose products are sums of terms that come to 60 and more
    sums = isinstance(op, Contract) or (isinstance(op, (Reduce, Cumulate, Scatter)) and op.function is ADD)
    if not sums or kind(arrays[0].dtype) not in "fc":
        return 0.0
    sizes = tuple(np.abs(a).astype("float64") if kind(a.dtype) in "fc" else a for a in arrays)
    whole = Sample(op, sizes)
    inputs = whole.inputs(True)
    return evaluate(Graph(inputs, [op(*inputs)]), list(sizes))[0]


# ---- functions of which the reference is less exact than C ----

EXACT: dict[Function, Callable[[Any], Any]] = {
    FUNCTIONS["erf"]: mpmath.erf, FUNCTIONS["erfc"]: mpmath.erfc, FUNCTIONS["digamma"]: mpmath.digamma,
    FUNCTIONS["gammaln"]: lambda x: mpmath.log(abs(mpmath.gamma(x))),
}  # fmt: skip


def exactly(function: Function, x: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    """`rounded`, with many digits more where the function is finite and x not too large for that."""
    compute = EXACT.get(function)
    if compute is None or x.dtype.name not in FLOATS:
        return rounded
    result = rounded.copy()
    finite = np.flatnonzero(np.isfinite(x) & (np.abs(x.astype("float64")) < 1e6) & (x != 0))
    with mpmath.mp.workdps(40), np.errstate(all="ignore"):
        for i in finite:
            if x[i] > 0 or x[i] != np.floor(x[i]):
                result[i] = float(compute(mpmath.mpf(float(x[i]))))
    return result
