"""Every elementwise function of every dtype it takes, on special values: C says what NumPy says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bitale_graph.dtypes import COMPLEX, FLOATS, INTEGERS
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise, Function
from tests.support.agree import exactly, problem
from tests.support.run import Arrays, compiled, interpreted, reference
from tests.support.samples import Sample, elementwise, operands, signatures
from tests.support.strides import strided

BUILT_IN = list(FUNCTIONS.values())
NAMES = list(FUNCTIONS)


@cache
def wanted(function: Function) -> list[tuple[Sample, np.ndarray]]:
    """The samples of a function that have an answer, with it."""
    found = [_defined(sample) for sample in elementwise(function)]
    return [(s, exactly(function, s.arrays[0], reference(s)[0])) for s in found]


def _defined(sample: Sample) -> Sample:
    """Without numbers that no integer of the result's dtype, or of int64, holds: there NumPy gives anything."""
    name, x = sample.op.function.name, sample.arrays[0]
    target = name.removeprefix("cast_")
    if target not in INTEGERS or x.dtype.name not in (*FLOATS, *COMPLEX):
        return sample
    limits = np.iinfo({"int64": "int64", "int32": "int32", "uint32": "int64", "uint64": "int64"}.get(target, "int32"))
    real = x.real.astype("longdouble")
    return Sample(sample.op, (x[(real >= limits.min) & (real <= limits.max)],))


def disagreements(function: Function, results: list[Arrays]) -> list[str]:
    pairs = zip(wanted(function), results, strict=True)
    found = [(sample, problem(sample, got, want)) for (sample, want), (got,) in pairs]
    return [f"{sample}: {what}" for sample, what in found if what]


@pytest.mark.parametrize("function", BUILT_IN, ids=NAMES)
def test_c(function):
    samples = [sample for sample, _ in wanted(function)]
    assert samples, "no dtype has a sample"
    for arrange in (np.asarray, strided):
        arrays = [[arrange(a) for a in sample.arrays] for sample in samples]
        assert not disagreements(function, compiled(samples, known=False, optimised=False, arrays=arrays))


@pytest.mark.parametrize("function", BUILT_IN, ids=NAMES)
def test_interpreter(function):
    few = [Sample(Elementwise(function), tuple(a[::97] for a in operands(function, s))) for s in signatures(function)]
    for sample in few:
        (got,), (want,) = interpreted(sample, known=False, optimised=False), reference(sample)
        assert not problem(sample, got, want)

