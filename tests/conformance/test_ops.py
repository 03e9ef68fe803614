"""Every structural op in C and in the loop interpreter is the reference, for all kinds of lengths and strides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.support.agree import problem
from tests.support.run import Arrays, compiled, interpreted, reference
from tests.support.samples import FAMILIES, Sample
from tests.support.strides import strided, transposed


def wrong(chosen: Sequence[Sample], results: Sequence[Arrays]) -> list[str]:
    """The samples whose results are not the reference's, with what is wrong."""
    found = []
    for sample, arrays in zip(chosen, results, strict=True):
        wanted = reference(sample)
        assert len(arrays) == len(wanted)
        problems = [problem(sample, got, want) for got, want in zip(arrays, wanted, strict=True)]
        found += [f"{sample}: {what}" for what in problems if what]
    return found


def in_c(chosen: Sequence[Sample], known: bool, optimised: bool, arrange: Callable[..., np.ndarray]) -> list[Arrays]:
    return compiled(chosen, known, optimised, [[arrange(a) for a in sample.arrays] for sample in chosen])


@pytest.mark.parametrize("family", FAMILIES)
def test_c_with_known_lengths(family):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, in_c(chosen, True, False, np.asarray))


@pytest.mark.parametrize("arrange", [np.asarray, strided, transposed])
@pytest.mark.parametrize("family", FAMILIES)
def test_c_with_unknown_lengths(family, arrange):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, in_c(chosen, False, False, arrange))


@pytest.mark.parametrize("family", FAMILIES)
def test_optimised_c(family):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, in_c(chosen, False, True, strided))


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "long"])
def test_interpreter(family, known, backwards):
    chosen = FAMILIES[family]()
    assert not wrong(chosen, [interpreted(sample, known, False, backwards) for sample in chosen])
