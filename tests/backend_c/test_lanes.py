"""Sums in lanes: every length and stride gives the exact sum of whole numbers, and errors stay those of a block."""

from __future__ import annotations

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


def lanes_in(outputs: list[Variable], inputs: list[Variable]) -> int:
    return emit(lower(Graph(inputs, outputs))).count("_lanes[lane] +=")


def test_only_cheap_sums_of_neighbours_have_lanes() -> None:
    v = Variable(tensor_type("float32", (None,)), name="v")
    short = Variable(tensor_type("float32", (100,)), name="short")
    x = Variable(tensor_type("float32", (None, None)), name="x")
    assert lanes_in([F.sum(v)], [v]) == 1
    assert lanes_in([F.sum(v[3:] * 2)], [v]) == 1
    assert lanes_in([F.sum(v), F.sum(v * v)], [v]) == 2
    assert lanes_in([F.sum(F.exp(v))], [v]) == 0  # dearer than the wait
    assert lanes_in([F.sum(v[::2])], [v]) == 0  # not side by side
    assert lanes_in([F.sum(short)], [short]) == 0
    assert lanes_in([F.max(v), F.sum(v)], [v]) == 0  # of sums only
    assert lanes_in([F.sum(x, axis=0)], [x]) == 0  # a row of sums
