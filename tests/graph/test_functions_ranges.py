"""arange, linspace and their kin count as NumPy's do, with known and unknown bounds."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import BY_VALUE, assert_form, assert_same, numbers

BOUNDS = [
    (5,), (0,), (-3,), (2, 7), (7, 2), (1, 10, 3), (1, 11, 3), (10, 1, -3), (10, 0, -3), (0, 5, -1), (5, 5),
    (3, 4, 100),
    (5.0,), (0.5, 3), (0, 1, 0.1), (1, 2, 0.3), (3.0, 0.5, -0.7), (0, 5, 2.5), (-1, 1, 1.0), (1, 1.5),
]  # fmt: skip


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_arange(bounds: tuple):
    assert_form(lambda m: m.arange(*bounds))


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "float32", "float64", "complex64"])
@pytest.mark.parametrize("bounds", [(5,), (0.5, 3), (1, 9, 2), (0, 2, 0.5)], ids=str)
def test_arange_dtype(bounds: tuple, dtype: str):
    with np.errstate(all="ignore"):
        assert_form(lambda m: m.arange(*bounds, dtype=dtype))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float32", "float64"])
@pytest.mark.parametrize("bounds", [(5,), (1, 7), (1, 8, 3), (9, 2, -3), (3, 3), (4, 2)], ids=str)
def test_arange_of_variables(bounds: tuple, dtype: str):
    if bounds[0] > bounds[-1] or min(bounds) < 0:
        dtype = dtype.lstrip("u")  # NumPy subtracts unsigned bounds and wraps around
    assert_form(lambda m, *xs: m.arange(*xs), *(np.array(b, dtype) for b in bounds), lengths=[BY_VALUE])


def test_arange_without_end():
    for stop in (np.inf, np.nan):
        with pytest.raises(ArgumentError, match=rf"arange: from 0 to {stop} by 1 are {stop} numbers"):
            F.arange(0, stop)


@pytest.mark.parametrize("step", [1, 2, -1, -3, 0.75, -0.5])
def test_arange_of_one_variable(step: float):
    stop = Variable(tensor_type("float64" if isinstance(step, float) else "int64"))
    for value in (-4, 0, 3, 7):
        numbers_ = F.arange(1, stop, step)
        wanted = np.arange(1, np.array(value, stop.dtype), step)
        assert_same([evaluate(numbers_, [value])], [wanted])
        assert evaluate(shape_of(numbers_)[0], [value]) == len(wanted)


def test_arange_of_an_axis_has_its_length():
    x = Variable(tensor_type("float64", (None, 3)))
    assert shape_of(F.arange(shape_of(x)[0]))[0] is shape_of(x)[0]
    assert F.arange(shape_of(x)[1]).type.shape == (3,)


def test_arange_refuses():
    x = Variable(tensor_type("int64"), name="x")
    with pytest.raises(ArgumentError, match="arange: the step cannot be 0"):
        F.arange(0, 5, 0)
    with pytest.raises(ArgumentError, match="arange: the step cannot be 0"):
        F.arange(0.0, 5, 0.0)
    with pytest.raises(ArgumentError, match="arange: the step cannot be 0"):
        evaluate(F.arange(0, 5, x), [0])
    with pytest.raises(DtypeError, match="no order to count in"):
        F.arange(3j)
    with pytest.raises(ShapeError, match="arange: a scalar is wanted"):
        F.arange(numbers((3,)))


LINEAR = {
    "linspace": lambda m: m.linspace(0, 1),
    "linspace few": lambda m: m.linspace(2.0, 3.5, 4),
    "linspace open": lambda m: m.linspace(2.0, 3.5, 4, endpoint=False),
    "linspace step": lambda m: m.linspace(2, 3, num=5, retstep=True),
    "linspace no step": lambda m: m.linspace(2, 3, num=1, retstep=True),
    "linspace one": lambda m: m.linspace(2, 3, 1),
    "linspace one open": lambda m: m.linspace(2, 3, 1, endpoint=False),
    "linspace none": lambda m: m.linspace(2, 3, 0),
    "linspace equal": lambda m: m.linspace(2, 2, 3),
    "linspace int": lambda m: m.linspace(-3, 4, 6, dtype="int32"),
    "linspace float32": lambda m: m.linspace(0, 1, 3, dtype="float32"),
    "linspace complex": lambda m: m.linspace(0, 1 + 2j, 5),
    "linspace negative": lambda m: m.linspace(0, 1, -1),
    "logspace": lambda m: m.logspace(0, 2, 5),
    "logspace base": lambda m: m.logspace(0, 3, 4, base=2, endpoint=False),
    "logspace int": lambda m: m.logspace(0, 3, 4, base=2.0, dtype="int64"),
    "geomspace": lambda m: m.geomspace(1, 1000, 4),
    "geomspace down": lambda m: m.geomspace(8.0, 0.5, 5, endpoint=False),
    "geomspace negative": lambda m: m.geomspace(-1, -100, 3),
    "geomspace one": lambda m: m.geomspace(3, 7, 1),
    "geomspace int": lambda m: m.geomspace(1, 256, 9, dtype="int64"),
}


@pytest.mark.parametrize("name", LINEAR)
def test_spaces(name: str):
    assert_form(LINEAR[name], rtol=4e-16 if "space" in name else 0)


@pytest.mark.parametrize("name", ["linspace", "logspace", "geomspace"])
@pytest.mark.parametrize("axis", [0, -1, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_spaces_of_arrays(name: str, axis: int, dtype: str):
    first, last = numbers((2, 3), dtype), numbers((2, 3), dtype) * 2
    rtol = 5e-7 if dtype == "float32" else 1e-15
    assert_form(lambda m, x, y: getattr(m, name)(x, y, 4, axis=axis), first, last, rtol=rtol)


def test_a_number_of_points_that_is_a_variable():
    n = Variable(tensor_type("int64"))
    for endpoint in (True, False):
        points = F.linspace(0, 3, n, endpoint)
        for count in (0, 1, 2, 5):
            assert_same([evaluate(points, [count])], [np.linspace(0, 3, count, endpoint)])
