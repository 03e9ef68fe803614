"""tile, repeat and roll as NumPy does them, for known and unknown lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError, BitaleError, DtypeError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import assert_form, assert_same, numbers

FORMS = {
    "tile": lambda m, x: m.tile(x, 2),
    "tile each": lambda m, x: m.tile(x, (2, 3)),
    "tile more axes": lambda m, x: m.tile(x, (2, 1, 3)),
    "tile once": lambda m, x: m.tile(x, 1),
    "tile never": lambda m, x: m.tile(x, (0, 2)),
    "tile nothing": lambda m, x: m.tile(x, ()),
    "repeat": lambda m, x: m.repeat(x, 3),
    "repeat axis": lambda m, x: m.repeat(x, 2, axis=1),
    "repeat last": lambda m, x: m.repeat(x, 2, -1),
    "repeat never": lambda m, x: m.repeat(x, 0, 0),
    "repeat one count": lambda m, x: m.repeat(x, [2], 0),
    "repeat counts": lambda m, x: m.repeat(x, [2, 0, 1], axis=1),
    "repeat too few": lambda m, x: m.repeat(x, [2, 1], axis=1),
    "repeat negative": lambda m, x: m.repeat(x, [2, -1, 1], axis=1),
    "repeat too far": lambda m, x: m.repeat(x, 2, axis=2),
    "roll": lambda m, x: m.roll(x, 1),
    "roll axis": lambda m, x: m.roll(x, 2, axis=1),
    "roll back": lambda m, x: m.roll(x, -1, axis=0),
    "roll around": lambda m, x: m.roll(x, 7, axis=-1),
    "roll nothing": lambda m, x: m.roll(x, 0, axis=1),
    "roll axes": lambda m, x: m.roll(x, (1, -1), axis=(0, 1)),
    "roll axes together": lambda m, x: m.roll(x, 1, axis=(0, 1)),
    "roll axis twice": lambda m, x: m.roll(x, (1, 1), axis=(1, 1)),
    "roll uneven": lambda m, x: m.roll(x, (1, 2), axis=(0, 1, 0)),
    "roll too far": lambda m, x: m.roll(x, 1, axis=2),
}


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (0, 3)], ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, shape: tuple[int, ...]):
    assert_form(FORMS[name], numbers(shape))


@pytest.mark.parametrize("name", [name for name in FORMS if "axis" not in name and "axes" not in name])
def test_vectors_and_scalars(name: str):
    assert_form(FORMS[name], numbers((3,)))
    if "roll" not in name:
        assert_form(FORMS[name], numbers(()))


def test_repeat_counts_that_are_variables():
    x, counts = Variable(tensor_type("float64", (None, 2))), Variable(tensor_type("int32", (None,)))
    repeated = F.repeat(x, counts, axis=0)
    array = numbers((4, 2))
    for given in ([1, 0, 2, 0], [0, 0, 0, 0], [3, 1, 1, 1], [0, 0, 0, 2]):
        assert_same([evaluate(repeated, {x: array, counts: given})], [np.repeat(array, given, 0)])
    with pytest.raises(BitaleError, match="a count is negative"):
        evaluate(repeated, {x: array, counts: [1, -1, 2, 1]})
    with pytest.raises(ShapeError):
        evaluate(repeated, {x: array, counts: [1, 1]})


def test_known_counts_of_an_unknown_length_are_compared_when_it_runs():
    x = Variable(tensor_type("float64", (None,)))
    with pytest.raises(ShapeError, match="cannot become 2"):
        evaluate(F.repeat(x, [1, 2]), [numbers((3,))])


def test_numbers_that_are_variables():
    x, n = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64"))
    array = numbers((3,))
    for times in (0, 1, 3):
        given = {x: array, n: times}
        assert_same([evaluate(F.repeat(x, n), given)], [np.repeat(array, times)])
        assert_same([evaluate(F.tile(x, (n, 2)), given)], [np.tile(array, (times, 2))])
        assert_same([evaluate(F.roll(x, n - 2), given)], [np.roll(array, times - 2)])


def test_errors():
    x = Variable(tensor_type("float64", (2, 3)), name="x")
    with pytest.raises(DtypeError, match="repeat: an integer or a vector of integers is wanted, not float64"):
        F.repeat(x, 1.5)
    with pytest.raises(ShapeError, match="repeat: a length cannot be negative: -1"):
        F.repeat(x, -1)
    with pytest.raises(ArgumentError, match=r"roll: 2 shifts for 3 axes\n +x: float64"):
        F.roll(x, (1, 2), (0, 1, 0))
