"""NumPy as the oracle: the same call on variables and on arrays must give the same dtypes, shapes and values."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bitale_graph import Graph, Variable, tensor_type, verify
from bitale_graph.dtypes import DTYPES
from bitale_graph.errors import BitaleError
from bitale_graph.reference import evaluate

NUMPYS = tuple(dtype for dtype in DTYPES if dtype != "bfloat16")  # dtypes that NumPy itself has
REFUSALS = (TypeError, ValueError, IndexError, OverflowError)


def inputs_for(arrays: tuple[np.ndarray, ...], known: bool) -> list[Variable]:
    """A variable for each array, whose lengths are known or not; lengths of 1 are known, so that they may stretch."""
    shapes = [a.shape if known else tuple(1 if n == 1 else None for n in a.shape) for a in arrays]
    return [Variable(tensor_type(a.dtype, s), name=f"x{i}") for i, (a, s) in enumerate(zip(arrays, shapes))]


def run(build: Callable[..., Any], arrays: tuple[np.ndarray, ...], known: bool = True) -> list[np.ndarray]:
    """The arrays of what `build` makes of variables; on the way the graph is verified."""
    inputs = inputs_for(arrays, known)
    outputs = build(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return evaluate(verify(Graph(inputs, outputs)), arrays)


def numpy_results(function: Callable[..., Any], arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """What NumPy gives, with warnings (of empty slices, invalid values, overflow) left aside."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = function(*arrays)
    return [np.asarray(a) for a in (results if isinstance(results, tuple) else (results,))]


def assert_equals_numpy(build: Callable[..., Any], function: Callable[..., Any], *arrays: Any, ulps: float = 0) -> None:
    """`build` on variables of known and of unknown lengths agrees with `function` on the arrays.

    Both may refuse. Floating results may differ by `ulps` units in the last place of the largest element.
    """
    values = tuple(map(np.asarray, arrays))
    try:
        expected = numpy_results(function, values)
    except REFUSALS:
        for known in (True, False):
            with pytest.raises(BitaleError):
                run(build, values, known)
        return
    for known in (True, False):
        results = run(build, values, known)
        assert len(results) == len(expected)
        for mine, theirs in zip(results, expected):
            assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
            assert_close(mine, theirs, ulps)


def assert_close(mine: np.ndarray, theirs: np.ndarray, ulps: float) -> None:
    if not ulps or theirs.dtype.kind not in "fc":
        np.testing.assert_array_equal(mine, theirs)
        return
    finite = np.abs(theirs[np.isfinite(theirs)])
    scale = float(finite.max(initial=0)) or 1.0
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=ulps * float(np.finfo(theirs.dtype).eps) * scale)
