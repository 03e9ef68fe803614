"""Grids as NumPy makes them."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import BY_VALUE, KNOWN, ONES_KNOWN, assert_form, assert_same, numbers


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("lengths", [(3,), (3, 2), (3, 1, 2), (0, 2)], ids=str)
def test_meshgrid(lengths: tuple[int, ...], indexing: str, sparse: bool):
    vectors = [numbers((n,)) for n in lengths]
    assert_form(
        lambda m, *xi: m.meshgrid(*xi, indexing=indexing, sparse=sparse), *vectors, lengths=(KNOWN, ONES_KNOWN)
    )


def test_meshgrid_refuses_another_order():
    with pytest.raises(ArgumentError, match="indexing must be"):
        F.meshgrid(numbers((2,)), indexing="yx")


INDEXED = {
    "indices": lambda m: m.indices((2, 3)),
    "indices sparse": lambda m: m.indices((2, 3), sparse=True),
    "indices int32": lambda m: m.indices((2,), dtype="int32"),
    "indices of nothing": lambda m: m.indices((0, 2)),
    "indices of a scalar": lambda m: m.indices(()),
    "mgrid": lambda m: m.mgrid[0:3],
    "mgrid two": lambda m: m.mgrid[0:3, 1:9:2],
    "mgrid float": lambda m: m.mgrid[0:2.0, :3],
    "mgrid points": lambda m: m.mgrid[0:1:3j, 0:2],
    "ogrid": lambda m: m.ogrid[0:3, 5:1:-1],
    "ogrid points": lambda m: m.ogrid[-1:1:5j],
}


@pytest.mark.parametrize("name", INDEXED)
def test_indexed(name: str):
    assert_form(INDEXED[name])


def test_mgrid_refuses_what_is_no_slice():
    with pytest.raises(ArgumentError, match="mgrid and ogrid take slices with an end"):
        F.mgrid[1:]
    with pytest.raises(ArgumentError, match="mgrid and ogrid take slices with an end"):
        F.ogrid[3, 1:2]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool", "complex64"])
@pytest.mark.parametrize("form", [
    lambda m, x: m.vander(x), lambda m, x: m.vander(x, 2), lambda m, x: m.vander(x, N=4, increasing=True),
    lambda m, x: m.vander(x, 0),
])  # fmt: skip
def test_vander(form, dtype: str):
    assert_form(form, numbers((3,), dtype), rtol=2e-15)


def test_lengths_that_are_variables():
    x = Variable(tensor_type("float64", (None, None)))
    rows, columns = shape_of(x)
    array = numbers((2, 3))
    assert_same([evaluate(F.indices((rows, columns)), [array])], [np.indices((2, 3))])
    assert_same([evaluate(F.mgrid[0:rows, 1:columns], [array])], [np.mgrid[0:2, 1:3]])


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 4])
def test_indices_of_triangles(k: int):
    for n, m in ((3, None), (3, 5), (0, 2)):
        assert_form(lambda lib, n=n, m=m: lib.tril_indices(n, k, m), lengths=[BY_VALUE])
        assert_form(lambda lib, n=n, m=m: lib.triu_indices(n, k, m), lengths=[BY_VALUE])


def test_indices_of_diagonals():
    assert_form(lambda lib: lib.diag_indices(3))
    assert_form(lambda lib: lib.diag_indices(2, 3))
