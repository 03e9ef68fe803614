"""Diagonals and triangles as NumPy has them, for known and unknown lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import assert_form, assert_same, compute, numbers

OFFSETS = [0, 1, -1, 2, -4]
MATRICES = [(2, 3), (3, 2), (3, 3), (1, 1), (0, 2)]


@pytest.mark.parametrize("k", OFFSETS)
@pytest.mark.parametrize("shape", MATRICES, ids=str)
@pytest.mark.parametrize("form", [
    lambda m, x, k: m.diagonal(x, k), lambda m, x, k: m.diag(x, k), lambda m, x, k: m.trace(x, k),
    lambda m, x, k: m.tril(x, k), lambda m, x, k: m.triu(x, k), lambda m, x, k: m.diagflat(x, k),
])  # fmt: skip
def test_matrices(form, shape: tuple[int, ...], k: int):
    assert_form(lambda m, x: form(m, x, k), numbers(shape))


@pytest.mark.parametrize("k", OFFSETS)
@pytest.mark.parametrize("name", ["diag", "tril", "triu", "diagflat"])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_vectors(name: str, n: int, k: int):
    assert_form(lambda m, x: getattr(m, name)(x, k), numbers((n,)))


@pytest.mark.parametrize("form", [
    lambda m, x: m.diagonal(x), lambda m, x: m.diagonal(x, 1, 0, 2), lambda m, x: m.diagonal(x, 0, -1, 1),
    lambda m, x: m.trace(x, 0, 1, 2), lambda m, x: m.tril(x), lambda m, x: m.triu(x, -1),
    lambda m, x: m.diagonal(x, 0, 1, 1), lambda m, x: m.diag(x), lambda m, x: m.diagonal(x, 0, 0, 3),
])  # fmt: skip
def test_more_axes(form):
    assert_form(form, numbers((2, 3, 4)))


@pytest.mark.parametrize("form", [
    lambda m, x: m.diagonal(x), lambda m, x: m.trace(x), lambda m, x: m.tril(x), lambda m, x: m.diag(x),
])  # fmt: skip
def test_scalars_have_no_diagonal(form):
    assert_form(form, numbers(()))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "float32", "complex64"])
def test_dtypes(dtype: str):
    assert_form(lambda m, x: m.trace(x), numbers((3, 3), dtype))
    assert_form(lambda m, x: m.tril(x), numbers((3, 3), dtype))
    assert_form(lambda m, x: m.diag(x, 1), numbers((3,), dtype))
    assert_form(lambda m, x: m.trace(x, dtype="complex64"), numbers((3, 3), dtype))


MADE = {
    "eye": lambda m: m.eye(3),
    "eye wide": lambda m: m.eye(2, 4, 1),
    "eye tall": lambda m: m.eye(4, M=2, k=-1, dtype="int32"),
    "eye empty": lambda m: m.eye(0),
    "identity": lambda m: m.identity(3, dtype="float32"),
    "tri": lambda m: m.tri(3),
    "tri wide": lambda m: m.tri(2, 4, 1),
    "tri tall": lambda m: m.tri(4, 2, -1, dtype="int8"),
    "eye negative": lambda m: m.eye(3.5),
}


@pytest.mark.parametrize("name", MADE)
def test_made(name: str):
    assert_form(MADE[name])


def test_sizes_and_offsets_that_are_variables():
    n, k = (Variable(tensor_type("int64"), name=name) for name in "nk")
    x = Variable(tensor_type("float64", (None, None)))
    array = numbers((3, 4))
    for given in ((3, 0), (1, 1), (0, 0), (4, -2)):
        values = {n: given[0], k: given[1], x: array}
        assert_same([evaluate(F.eye(n, k=k), values)], [np.eye(given[0], k=given[1])])
        assert_same([evaluate(F.tri(n, 3, k), values)], [np.tri(given[0], 3, given[1])])
        assert_same([evaluate(F.tril(x, k), values)], [np.tril(array, given[1])])
        assert_same([evaluate(F.triu(x, k), values)], [np.triu(array, given[1])])


@pytest.mark.parametrize("offset", [0, 1, -1, 2])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 3), (2, 3, 1)], ids=str)
def test_alloc_diagonal_undoes_diagonal(shape: tuple[int, ...], offset: int):
    x = numbers(shape)
    wanted = np.where(np.eye(*shape[-2:], offset, dtype=bool), x, 0)

    def build(v: Variable) -> Variable:
        return F.alloc_diagonal(F.diagonal(v, offset, -2, -1), *shape_of(v)[-2:], offset)

    for lengths in ("known", "unknown"):
        assert_same(compute(build, [x], lengths), [wanted])


def test_errors():
    with pytest.raises(ShapeError, match="diag: a vector or a matrix is wanted, not 3 axes"):
        F.diag(Variable(tensor_type("float64", (2, 2, 2))))
    with pytest.raises(ArgumentError, match="diagonal: the offset must be a known integer"):
        F.diagonal(Variable(tensor_type("float64", (2, 2))), Variable(tensor_type("int64")))
