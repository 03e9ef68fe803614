"""NumPy as the oracle of functions that move elements: one call, once on variables and once on arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Graph, Variable, shape_of, tensor_type, verify
from bitale_graph.errors import BitaleError
from bitale_graph.reference import evaluate
from bitale_graph.sizes import size_variable

Form = Callable[..., Any]  # called with a module (functions or numpy) and arrays (or variables)
KNOWN, UNKNOWN, ONES_KNOWN = "known", "unknown", "only ones known"
BY_VALUE = "known inputs, lengths by value"  # as KNOWN, but values (not lengths) say how long results are


def numbers(shape: Sequence[int], dtype: str = "float64") -> np.ndarray:
    """Different numbers, in an array of the shape."""
    return np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape).astype(dtype)


def variable_for(array: np.ndarray, lengths: str, name: str) -> Variable:
    """An input whose lengths are known, unknown, or known only where they are 1."""
    known = {KNOWN: array.shape, BY_VALUE: array.shape, UNKNOWN: (), ONES_KNOWN: (1,)}[lengths]
    return Variable(tensor_type(array.dtype, tuple(n if n in known else None for n in array.shape)), name=name)


def flattened(results: Any) -> list[Any]:
    """The results of a call that gives one array or a sequence of them."""
    return list(results) if isinstance(results, (tuple, list)) else [results]


def compute(build: Callable[..., Any], arrays: Sequence[np.ndarray], lengths: str) -> list[np.ndarray]:
    """The arrays of `build(*variables)`; their shapes are what shape_of says, and the graph is verified."""
    inputs = [variable_for(a, lengths, f"x{i}") for i, a in enumerate(arrays)]
    outputs = flattened(build(*inputs))
    if lengths == KNOWN:
        assert [v.type.shape for v in outputs] == [shape_of(v) for v in outputs]
    sizes = [[size_variable(n) for n in shape_of(v)] for v in outputs]
    *results, shapes = [
        *evaluate(verify(Graph(inputs, outputs)), arrays),
        [[int(n) for n in evaluate(row, dict(zip(inputs, arrays)))] for row in sizes],
    ]
    assert [list(a.shape) for a in results] == shapes
    return results


def assert_same(results: Sequence[np.ndarray], expected: Iterable[Any], rtol: float = 0) -> None:
    expected = [np.asarray(a) for a in expected]
    assert [(a.dtype, a.shape) for a in results] == [(a.dtype, a.shape) for a in expected]
    for mine, theirs in zip(results, expected):
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=0)


def assert_form(
    form: Form, *arrays: np.ndarray, lengths: Iterable[str] = (KNOWN, UNKNOWN), rtol: float = 0, oracle: Any = np
) -> None:
    """`form(functions, *variables)` is `form(numpy, *arrays)` in dtype, shape and values; both may refuse."""
    try:
        expected = flattened(form(oracle, *arrays))
    except (ValueError, TypeError, IndexError, ZeroDivisionError):
        for each in lengths:
            with pytest.raises(BitaleError):
                compute(lambda *inputs: form(F, *inputs), arrays, each)
        return
    for each in lengths:
        assert_same(compute(lambda *inputs: form(F, *inputs), arrays, each), expected, rtol)
