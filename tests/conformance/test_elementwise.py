"""Every elementwise function in C is NumPy's, for every dtype, on ordinary and special values."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bitale_graph.dtypes import DTYPES
from bitale_graph.ops.elementwise import FUNCTIONS
from tests.support.compare import ulps_apart
from tests.support.run import compiled, reference
from tests.support.samples import Sample, samples

# Units in the last place between two good implementations of a function: each errs by one to four.
ULPS = 4
# Where more is allowed, and why. All other results are the same or nearer.
LOOSER: dict[str, tuple[float, str]] = {
    "erfc": (32, "SciPy's tail loses digits: exp(-x * x) doubles the error of x * x"),
    "gammaln": (16, "near the zeros at 1 and 2 SciPy is right to an absolute error"),
    "digamma": (32, "near its zeros, and where the reflection formula cancels, SciPy is right to an absolute error"),
}


@cache
def of_dtype(dtype: str) -> list[Sample]:
    """The samples of all functions whose last operand has this dtype."""
    found = [sample for function in FUNCTIONS.values() for sample in samples(function)]
    return [sample for sample in found if sample.arrays[-1].dtype == dtype]


def differences(sample: Sample, mine: np.ndarray) -> str:
    """What differs by more than its bound, in one line; empty when nothing does."""
    theirs = reference(sample)[0]
    if (mine.dtype, mine.shape) != (theirs.dtype, theirs.shape):
        return f"{sample}: {mine.dtype}{mine.shape}, wanted {theirs.dtype}{theirs.shape}"
    apart = ulps_apart(mine, theirs)
    bound, _ = LOOSER.get(sample.op.name, (ULPS, ""))
    if not (apart > bound).any():
        return ""
    worst = int(np.argmax(apart))
    at = ", ".join(repr(a[worst]) for a in sample.arrays)
    return f"{sample.op}({at}) = {mine[worst]!r}, wanted {theirs[worst]!r}: {apart[worst]:.3g} ulp"


@pytest.mark.parametrize("dtype", DTYPES)
def test_c_is_numpy(dtype):
    chosen = of_dtype(dtype)
    results = compiled(chosen, known=True, optimised=False)
    assert not list(filter(None, (differences(s, mine) for s, (mine,) in zip(chosen, results, strict=True))))


def test_every_function_has_samples():
    sampled = {sample.op.name for dtype in DTYPES for sample in of_dtype(dtype)}
    assert sampled == set(FUNCTIONS)
