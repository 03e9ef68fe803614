"""Sums and extrema in lanes: every length and stride gives the exact result, and errors stay those of a block."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from bitale_backend_c import compile
from bitale_backend_c.emit import emit
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F
from bitale_rewrite.loops.lower import lower

LENGTHS = (0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 255, 256, 257, 319, 1000, 1023, 1024, 1025, 1280, 5003)


@pytest.fixture(scope="module", params=["float32", "float64"])
def sums(request: Any) -> tuple[Any, str]:
    """A function of a vector and a matrix: their sum, two sums of one pass, a dot product, sums of rows."""
    v = Variable(tensor_type(request.param, (None,)), name="v")
    x = Variable(tensor_type(request.param, (None, None)), name="x")
    outputs = [F.sum(v), F.sum(v * v), F.dot(v, v[::-1]), F.sum(x, axis=1), F.dot(x, v)]
    return compile(Graph([v, x], outputs)), request.param


@pytest.mark.parametrize("length", LENGTHS)
def test_whole_numbers_add_up_exactly(sums: tuple[Any, str], length: int) -> None:
    function, dtype = sums
    v = (np.arange(length) % 7 - 3).astype(dtype)
    x = np.stack([v, v[::-1], v + 1])
    padded = np.zeros((3, 2 * length + 5), dtype)
    padded[:, :length] = x
    spread = np.repeat(x, 2, axis=1)[:, ::2]
    expected = [v.sum(), (v * v).sum(), (v * v[::-1]).sum(), x.sum(axis=1), x @ v]
    for matrix in (x, padded[:, :length], spread, np.asfortranarray(x)):
        for got, wanted in zip(function(v, matrix), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_rounding_stays_that_of_a_block(sums: tuple[Any, str]) -> None:
    function, dtype = sums
    v = np.random.default_rng(3).uniform(size=1_000_003).astype(dtype)
    exact = math.fsum(v)
    assert abs(float(function(v, v[None])[0]) - exact) <= 2 * np.spacing(np.asarray(exact, dtype))


@pytest.mark.parametrize("length", LENGTHS[1:])
def test_extrema_of_every_length(length: int) -> None:
    function, dtype = extrema()
    v = (np.random.default_rng(length).permutation(length) % 1000).astype(dtype)
    for place in (0, length // 2, length - 1):
        v[place] = -1
        x = np.stack([v, v[::-1], -v])
        for matrix in (x, np.asfortranarray(x)):
            wanted = [x.max(axis=1), x.min(axis=1), x.argmax(axis=1), x.argmin(axis=1), x.max() + x.sum()]
            for got, right in zip(function(matrix), wanted, strict=True):
                np.testing.assert_array_equal(got, right)
    x[1, length // 3] = np.nan
    largest, smallest, at, least_at, _ = function(x)
    assert np.isnan([largest[1], smallest[1]]).all() and at[1] == least_at[1] == length // 3
    assert not np.isnan([*largest[[0, 2]], *smallest[[0, 2]]]).any()


@functools.cache
def extrema() -> tuple[Any, str]:
    """A function of a matrix: the extrema of rows and their places, and two results of one pass."""
    x = Variable(tensor_type("float32", (None, None)), name="x")
    outputs = [F.max(x, axis=1), F.min(x, axis=1), F.argmax(x, axis=1), F.argmin(x, axis=1), F.max(x) + F.sum(x)]
    return compile(Graph([x], outputs)), "float32"


def test_exponentials_under_a_mask() -> None:
    x = Variable(tensor_type("float32", (None, None)), name="x")
    function = compile(Graph([x], [F.sum(F.exp(x), axis=1), F.softmax(x, axis=1)]))
    for length in LENGTHS:
        a = np.random.default_rng(length).normal(size=(3, length)).astype("float32")
        e = np.exp(a.astype("float64"))
        sums, shares = function(a)
        np.testing.assert_allclose(sums, e.sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(shares, e / e.sum(axis=1, keepdims=True), rtol=1e-6)


def lanes_in(outputs: list[Variable], inputs: list[Variable]) -> int:
    """The loops with lanes."""
    return emit(lower(Graph(inputs, outputs), row_major=range(len(inputs)))).count("_group += ")


def test_what_has_lanes() -> None:
    v = Variable(tensor_type("float32", (None,)), name="v")
    x = Variable(tensor_type("float32", (None, None)), name="x")
    assert lanes_in([F.sum(v)], [v]) == 1
    assert lanes_in([F.sum(v[3:] * 2)], [v]) == 1
    assert lanes_in([F.sum(v), F.sum(v * v)], [v]) == 1
    assert lanes_in([F.max(v), F.sum(v)], [v]) == 1
    assert lanes_in([F.sum(F.exp(v))], [v]) == 1
    assert lanes_in([F.sum(F.sin(v))], [v]) == 0  # a function of a library has no mask
    assert lanes_in([F.sum(v[::2])], [v]) == 0  # not side by side
    assert lanes_in([F.sum(x, axis=0)], [x]) == 0  # a row of sums
    assert lanes_in([F.prod(v)], [v]) == 0
