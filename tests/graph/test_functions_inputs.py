"""Inputs by rank and dtype."""

from __future__ import annotations

import pickle

import pytest

import bitale_graph.functions as F
from bitale_graph import TensorType, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions import inputs


@pytest.mark.parametrize("name, dtype, shape", [
    ("scalar", "float64", ()), ("vector", "float64", (None,)), ("row", "float64", (1, None)),
    ("col", "float64", (None, 1)), ("matrix", "float64", (None, None)), ("tensor3", "float64", (None,) * 3),
    ("tensor7", "float64", (None,) * 7), ("fmatrix", "float32", (None, None)), ("dscalar", "float64", ()),
    ("ivector", "int32", (None,)), ("lvector", "int64", (None,)), ("bscalar", "int8", ()), ("wrow", "int16", (1, None)),
    ("ccol", "complex64", (None, 1)), ("zmatrix", "complex128", (None, None)), ("ubvector", "uint8", (None,)),
    ("ultensor4", "uint64", (None,) * 4),
])  # fmt: skip
def test_makers(name: str, dtype: str, shape: tuple):
    v = getattr(F, name)("x")
    assert (v.dtype, v.type.shape, v.name, v.owner) == (dtype, shape, "x", None)
    assert getattr(F, name)().name is None
    assert getattr(F, name).__name__ == name
    assert "test_functions_inputs.py" in str(v.origin)


def test_every_name_is_there_with_its_plural():
    assert len(inputs.MAKERS) == 2 * len(inputs.PREFIXES) * len(inputs.SHAPES)
    assert {"matrices", "fmatrices", "vectors", "ivectors", "tensor3s"} <= inputs.MAKERS.keys()
    assert all(maker.__doc__ for maker in inputs.MAKERS.values())


def test_plurals():
    x, y = F.matrices("x y")
    a, b = F.fvectors("a", "b")
    assert [v.name for v in (x, y, a, b)] == ["x", "y", "a", "b"]
    assert (x.ndim, a.dtype) == (2, "float32")
    assert [v.name for v in F.scalars(3)] == [None, None, None]
    assert [v.dtype for v in F.vectors("p, q", dtype="int8")] == ["int8", "int8"]


def test_tensor():
    v = F.tensor("v", dtype="float32", shape=(None, 10))
    assert str(v.type) == "float32[?, 10]"
    assert F.tensor("w", "int32").type.shape == ()
    assert F.matrix("m", dtype=int, shape=(None, 3)).type.shape == (None, 3)
    with pytest.raises(ArgumentError, match=r"matrix: the shape \(3,\) has 1 axes, 2 are wanted"):
        F.matrix("m", shape=(3,))
    with pytest.raises(DtypeError):
        F.tensor("v", dtype="object")
    with pytest.raises(ShapeError):
        F.tensor("v", shape=(-1,))


def test_types_make_inputs():
    made = TensorType("float32", (False, True, 3))
    assert made is tensor_type("float32", (None, 1, 3))
    assert (made.broadcastable, pickle.loads(pickle.dumps(made)) is made) == ((False, True, False), True)
    x = made("x")
    assert (x.name, x.type, x.broadcastable) == ("x", made, (False, True, False))
    for dtype, shape, error in (("float", (1.5,), ShapeError), ("float", (-1,), ShapeError), ("text", (), DtypeError)):
        with pytest.raises(error):
            TensorType(dtype, shape)


def test_the_default_float_can_be_set(monkeypatch):
    monkeypatch.setattr(inputs, "default_float", lambda: "float32")
    assert F.vector().dtype == "float32"
    assert F.tensor(shape=(2,)).dtype == "float32"
    assert F.dvector().dtype == "float64"
