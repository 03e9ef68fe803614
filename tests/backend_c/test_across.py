"""Operands that lie across the loops: copied tile by tile, whatever the lengths, dtypes and strides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bitale_backend_c import compile
from bitale_backend_c.emit import emit
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph import functions as F
from bitale_rewrite.loops.lower import lower
from tests.support.strides import strided, transposed

SHAPES = [(0, 5), (1, 1), (15, 17), (16, 128), (127, 33), (257, 259), (129, 600), (7000, 17), (9, 8000), (5000, 15)]
DTYPES = ["float32", "float64", "int8", "bool", "complex128", "float16"]


def expressions(x: Any, y: Any, z: Any, row: Any) -> list[Any]:
    """Of x (m, n), y (n, m), z (n, m, 3) and row (n,)."""
    return [x + y.T, y.T, x, y.T[::-1] + x[::-1] * row, z.transpose(2, 1, 0) + z[:, ::-1].transpose(2, 1, 0)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_shape_and_stride(dtype: str) -> None:
    types = [tensor_type(dtype, (None,) * ndim) for ndim in (2, 2, 3, 1)]
    variables = [Variable(t, name=name) for t, name in zip(types, ("x", "y", "z", "row"), strict=True)]
    function = compile(Graph(variables, expressions(*variables)))
    random = np.random.default_rng(0)
    for m, n in SHAPES:
        arrays = [random.integers(-9, 9, shape).astype(dtype) for shape in ((m, n), (n, m), (n, m, 3), (n,))]
        wanted = expressions(*arrays)
        for lay in (np.asarray, strided, transposed):
            given = [arrays[0], *map(lay, arrays[1:])]
            for got, right in zip(function(*given), wanted, strict=True):
                np.testing.assert_array_equal(got, right)
        for got, right in zip(function(strided(arrays[0]), *arrays[1:]), wanted, strict=True):
            np.testing.assert_array_equal(got, right)


def test_parts_and_repeated_rows() -> None:
    x, y = (Variable(tensor_type("float64", (None, None)), name=name) for name in "xy")
    function = compile(Graph([x, y], [x[3:, 1:] - y[1:, 3:].T, F.where(x > 0, x, y.T)]))
    a, b = np.random.default_rng(1).normal(size=(2, 150, 150))
    for left in (a, np.broadcast_to(a[0], a.shape), np.broadcast_to(a[:, :1], a.shape)):
        got = function(left, b.T)
        np.testing.assert_array_equal(got[0], left[3:, 1:] - b.T[1:, 3:].T)
        np.testing.assert_array_equal(got[1], np.where(left > 0, left, b))


def test_two_threads_share_tiles() -> None:
    x, y = (Variable(tensor_type("float32", (None, None)), name=name) for name in "xy")
    a = np.random.default_rng(2).normal(size=(1500, 1300)).astype("float32")
    for got in compile(Graph([x, y], [x + y.T, x * y.T]), threads=2)(a, np.asfortranarray(a.T)):
        assert got.shape == a.shape
    np.testing.assert_array_equal(compile(Graph([x, y], [x + y.T]), threads=2)(a, a.T.copy())[0], a + a)


def tiles_in(outputs: list[Variable], inputs: list[Variable]) -> int:
    text = emit(lower(Graph(inputs, outputs)))
    return text.count("= bitale_tile_")


def test_what_has_tiles() -> None:
    x = Variable(tensor_type("float32", (None, None)), name="x")
    narrow = Variable(tensor_type("float32", (None, 3)), name="narrow")
    v = Variable(tensor_type("float32", (None,)), name="v")
    assert tiles_in([x.T], [x]) == 1
    assert tiles_in([x * x.T], [x]) == 2
    assert tiles_in([x * 2], [x]) == 1
    assert tiles_in([narrow.T], [narrow]) == 0
    assert tiles_in([v[::2] * 2], [v]) == 0
    assert tiles_in([F.sum(x, axis=0)], [x]) == 0
