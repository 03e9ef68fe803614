"""Every structural op in C and in the loop interpreter is the reference, for all kinds of lengths and strides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.reduction import Cumulate, Reduce
from tests.support.compare import largest
from tests.support.run import Arrays, compiled, interpreted, reference
from tests.support.samples import FAMILIES, Sample

ELEMENTWISE_ULPS = 4


def tolerance(sample: Sample) -> float:
    """Sums of n products in any order differ by at most n roundings of the sum of magnitudes; ours by far fewer."""
    if isinstance(sample.op, (Contract, Cumulate, Reduce)):
        size = max(a.size for a in sample.arrays)
        return 4 + 2 * np.sqrt(size)
    return ELEMENTWISE_ULPS


def close(mine: np.ndarray, theirs: np.ndarray, sample: Sample) -> bool:
    """Equal types, and elements within the tolerance of the largest element of the result (or of its terms)."""
    if (mine.dtype, mine.shape) != (theirs.dtype, theirs.shape):
        return False
    if mine.dtype.kind not in "fc" or largest(mine, theirs) <= 1:
        return largest(mine, theirs) <= 1
    if not isinstance(sample.op, (Contract, Cumulate, Reduce)):
        return largest(mine, theirs) <= tolerance(sample)
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1)
    bound = tolerance(sample) * float(np.finfo(mine.dtype).eps) * float(scale)
    return np.allclose(mine, theirs, rtol=0, atol=bound, equal_nan=True)


def wrong(chosen: Sequence[Sample], results: Sequence[Arrays]) -> list[str]:
    """The samples whose results are not the reference's."""
    found = []
    for sample, mine in zip(chosen, results, strict=True):
        theirs = reference(sample)
        found += [f"{sample}: {m}, wanted {t}" for m, t in zip(mine, theirs, strict=True) if not close(m, t, sample)]
    return found


def strided(array: np.ndarray) -> np.ndarray:
    """The same elements, every other one of a larger array, backwards along the first axis."""
    if not array.ndim:
        return array
    wide = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)][::-1]
    view[...] = array
    return view


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("family", FAMILIES)
def test_c_is_the_reference(family, known):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, compiled(chosen, known, optimised=False))


@pytest.mark.parametrize("family", FAMILIES)
def test_optimised_c_of_any_strides_is_the_reference(family):
    chosen = FAMILIES[family]()
    arrays = [[strided(a) for a in sample.arrays] for sample in chosen]
    assert not wrong(chosen, compiled(chosen, known=False, optimised=True, arrays=arrays))


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "long"])
def test_the_interpreter_is_the_reference(family):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, [interpreted(sample, known=False, optimised=False) for sample in chosen])
