"""Padding in NumPy's modes, with widths and lengths that are known or not."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError, BitaleError, ShapeError
from bitale_graph.functions.padding import MODES
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import UNKNOWN, assert_form, assert_same, numbers

ITSELF = ["edge", "wrap", "reflect", "symmetric"]
SIDED = ["linear_ramp", "maximum", "minimum", "mean"]
WIDTHS = {
    "one": 2,
    "pair": (1, 2),
    "row": [(1, 2)],
    "per axis": ((1, 2), (0, 3)),
    "single per axis": ((1,), (2,)),
    "none": 0,
    "one side": ((0, 0), (3, 0)),
    "array": np.array([[1, 0], [2, 1]]),
    "mapping": {1: (1, 2)},
    "mapping one": {-1: 2},
    "wide": ((7, 5), (4, 9)),
    "three": (1, 2, 3),
    "negative": (-1, 2),
    "float": 1.5,
    "ragged": ((1, 2), 3),
}


@pytest.mark.parametrize("shape", [(3, 4), (1, 2)], ids=str)
@pytest.mark.parametrize("mode", ["constant", *ITSELF, *SIDED])
@pytest.mark.parametrize("width", WIDTHS)
def test_modes_and_widths(width: str, mode: str, shape: tuple[int, ...]):
    assert_form(lambda m, x: m.pad(x, WIDTHS[width], mode), numbers(shape), rtol=1e-15)


OPTIONS = {
    "value": ("constant", {"constant_values": 7}),
    "value pair": ("constant", {"constant_values": (7, 8)}),
    "value per axis": ("constant", {"constant_values": ((7, 8), (9, 10))}),
    "value float": ("constant", {"constant_values": 1.5}),
    "odd reflection": ("reflect", {"reflect_type": "odd"}),
    "odd symmetry": ("symmetric", {"reflect_type": "odd"}),
    "even reflection": ("reflect", {"reflect_type": "even"}),
    "ends": ("linear_ramp", {"end_values": 5}),
    "ends per axis": ("linear_ramp", {"end_values": ((-3, 8), (2.5, 0))}),
    "length": ("mean", {"stat_length": 2}),
    "lengths": ("maximum", {"stat_length": ((1, 2), (9, 1))}),
    "no length": ("minimum", {"stat_length": None}),
    "length none": ("maximum", {"stat_length": 0}),
    "surplus option": ("edge", {"constant_values": 1}),
    "unknown mode": ("mirror", {}),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
@pytest.mark.parametrize("width", ["one", "per axis", "mapping"])
@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str, width: str, dtype: str):
    mode, options = OPTIONS[name]
    x = numbers((4, 5), dtype) ** 2 % 11
    assert_form(lambda m, x: m.pad(x, WIDTHS[width], mode, **options), x, rtol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_odd_reflections_of_reflections(n: int, mode: str):
    x = numbers((n,)) ** 2
    assert_form(lambda m, x: m.pad(x, (9, 8), mode, reflect_type="odd"), x)


@pytest.mark.parametrize("mode", ["constant", *ITSELF])
@pytest.mark.parametrize("shape", [(0, 2), ()], ids=str)
def test_empty_arrays_and_scalars(shape: tuple[int, ...], mode: str):
    width = [(0, 0), (1, 2)] if shape else 0
    assert_form(lambda m, x: m.pad(x, width, mode), numbers(shape))
    assert_form(lambda m, x: m.pad(x, 1, mode), numbers(shape), lengths=["known"])
    if shape and mode != "constant":
        with pytest.raises(BitaleError):
            assert_form(lambda m, x: m.pad(x, 1, mode) if m is F else x, numbers(shape), lengths=[UNKNOWN])


@pytest.mark.parametrize("mode", ["constant", *ITSELF, *SIDED])
def test_widths_that_are_variables(mode: str):
    x, before, after = Variable(tensor_type("float64", (None,))), *(Variable(tensor_type("int64")) for _ in range(2))
    padded = F.pad(x, (before, after), mode)
    for widths in ((0, 0), (1, 2), (7, 0)):
        given = {x: numbers((3,)), before: widths[0], after: widths[1]}
        np.testing.assert_allclose(evaluate(padded, given), np.pad(numbers((3,)), widths, mode), rtol=1e-15)


def test_values_that_are_variables():
    x, value = Variable(tensor_type("float32", (None,))), Variable(tensor_type("float64"))
    padded = F.pad(x, 1, constant_values=value)
    assert_same([evaluate(padded, {x: numbers((2,), "float32"), value: 9.0})], [np.array([9, 1, 2, 9], "float32")])


def test_empty_mode_gives_zeros():
    assert_same([evaluate(F.pad(numbers((2,)), 1, "empty"))], [np.array([0.0, 1.0, 2.0, 0.0])])


def test_errors_say_what_there_is():
    x = Variable(tensor_type("float64", (0, 3)), name="x")
    with pytest.raises(ArgumentError, match=r"there is no mode 'mirror'; modes are constant, .*reflect.*\n +x: float"):
        F.pad(x, 1, "mirror")
    with pytest.raises(ArgumentError, match="mode 'edge' does not take stat_length"):
        F.pad(x, 1, "edge", stat_length=2)
    with pytest.raises(ArgumentError, match=r"pad_width is one value, a pair, or a pair per axis, not \(1, 2, 3\)"):
        F.pad(x, (1, 2, 3))
    with pytest.raises(ShapeError, match="mode 'edge' has nothing to extend the empty axis 0 with"):
        F.pad(x, 1, "edge")
    with pytest.raises(ArgumentError, match='reflect_type must be "even" or "odd"'):
        F.pad(numbers((2,)), 1, "reflect", reflect_type="both")
    assert {"constant", *ITSELF, *SIDED, "empty"} == set(MODES)
