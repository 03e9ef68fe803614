"""Every structural op on an emulated GPU is the reference; its text compiles for real ones without a warning."""

from __future__ import annotations

import pytest

from tests.conformance.test_ops import wrong
from tests.support.cuda.run import emulated
from tests.support.samples import FAMILIES, Sample
from tests.support.strides import strided

MOVED = ("float64", "complex64")  # dtypes of linear algebra, whose kernels do little but move matrices
PARTS = 4  # of a family, so that several processes share the work


@pytest.fixture(params=range(PARTS), ids=lambda part: f"part{part}")
def chosen(request, family) -> list[Sample]:
    found = FAMILIES[family]()
    if family == "linalg":
        found = [sample for sample in found if sample.arrays[0].dtype.name in MOVED]
    return found[request.param :: PARTS]


@pytest.mark.parametrize("family", FAMILIES)
def test_known_lengths_optimised(family, chosen):
    assert not wrong(chosen, emulated(chosen, True, True))


@pytest.mark.parametrize("family", FAMILIES)
def test_unknown_lengths_and_strides(family, chosen):
    arrays = [[strided(a) for a in sample.arrays] for sample in chosen]
    assert not wrong(chosen, emulated(chosen, False, False, arrays))
