"""Joining and splitting as NumPy does, for known and unknown lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import KNOWN, assert_form, assert_same, compute, numbers

PAIRS = {
    "concatenate": lambda m, x, y: m.concatenate([x, y]),
    "append": lambda m, x, y: m.append(x, y),
    "append axis": lambda m, x, y: m.append(x, y, 1),
    "concatenate axis": lambda m, x, y: m.concatenate((x, y), axis=-1),
    "concatenate None": lambda m, x, y: m.concatenate((x, y), axis=None),
    "concatenate dtype": lambda m, x, y: m.concatenate((x, y), dtype="float32"),
    "concatenate too far": lambda m, x, y: m.concatenate((x, y), axis=2),
    "stack": lambda m, x, y: m.stack([x, y]),
    "stack last": lambda m, x, y: m.stack((x, y), axis=-1),
    "stack too far": lambda m, x, y: m.stack((x, y), axis=4),
    "vstack": lambda m, x, y: m.vstack([x, y]),
    "hstack": lambda m, x, y: m.hstack([x, y]),
    "dstack": lambda m, x, y: m.dstack([x, y]),
    "column_stack": lambda m, x, y: m.column_stack([x, y]),
    "block row": lambda m, x, y: m.block([x, y]),
    "block rows": lambda m, x, y: m.block([[x, y], [y, x]]),
    "block deep": lambda m, x, y: m.block([[[x], [y]]]),
    "block one": lambda m, x, y: m.block(x),
    "block uneven": lambda m, x, y: m.block([[x], y]),
    "block empty": lambda m, x, y: m.block([[x], []]),
}


@pytest.mark.parametrize("shape", [(2, 3), (3,), (), (1, 1), (0, 2)], ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str, shape: tuple[int, ...]):
    assert_form(PAIRS[name], numbers(shape), numbers(shape) * 10)


@pytest.mark.parametrize("name", [n for n in PAIRS if "block" not in n])
def test_arrays_of_other_lengths(name: str):
    if name == "concatenate dtype":
        assert_form(PAIRS[name], numbers((2, 3)), numbers((1, 3)))
    assert_form(PAIRS[name], numbers((2, 3)), numbers((4, 3)))
    assert_form(PAIRS[name], numbers((2, 3)), numbers((3,)))


@pytest.mark.parametrize(
    "dtypes", [("float32", "int64"), ("int8", "uint8"), ("bool", "int16"), ("float32", "complex64")]
)
def test_dtypes_are_promoted(dtypes: tuple[str, str]):
    assert_form(PAIRS["concatenate"], *(numbers((3,), dtype) for dtype in dtypes))


def test_unknown_lengths_are_compared_when_it_runs():
    x, y = (Variable(tensor_type("float64", (None, None))) for _ in range(2))
    joined = F.concatenate([x, y], axis=1)
    with pytest.raises(ShapeError):
        evaluate(joined, {x: numbers((2, 3)), y: numbers((3, 3))})


def test_join_has_the_axis_first():
    x = numbers((2, 3))
    assert_same(compute(lambda v: F.join(1, v, v), [x], "unknown"), [np.concatenate([x, x], 1)])


def test_a_list_of_variables_is_stacked():
    x, y = (Variable(tensor_type("float64")) for _ in range(2))
    total = F.as_variable([[x, 1], [y, x]])
    assert_same([evaluate(total, {x: 2.0, y: 3.0})], [np.array([[2.0, 1.0], [3.0, 2.0]])])


def test_rows_of_a_known_array_are_joined():
    assert_form(lambda m, x: m.concatenate(x), numbers((2, 3, 2)), lengths=[KNOWN])


def test_no_arrays():
    with pytest.raises(ArgumentError, match="concatenate: at least one array is wanted"):
        F.concatenate([])


def test_errors_name_the_operands():
    x, y = Variable(tensor_type("float64", (2, 3)), name="x"), Variable(tensor_type("float64", (2, 4)), name="y")
    with pytest.raises(ShapeError) as caught:
        F.concatenate([x, y])
    for part in ("lengths [3, 4] on axis 1 differ", "x: float64[2, 3]", "y: float64[2, 4]"):
        assert part in str(caught.value)
    with pytest.raises(ShapeError, match="Use stack"):
        F.concatenate([1.0, 2.0])


SPLITS = {
    "split": lambda m, x: m.split(x, 2),
    "split axis": lambda m, x: m.split(x, 3, axis=1),
    "split one": lambda m, x: m.split(x, 1),
    "split last axis": lambda m, x: m.split(x, 2, axis=-1),
    "split unevenly": lambda m, x: m.split(x, 4, axis=1),
    "split zero": lambda m, x: m.split(x, 0),
    "split indices": lambda m, x: m.split(x, [1, 3], axis=1),
    "split far indices": lambda m, x: m.split(x, (2, 9, -1, 4), axis=1),
    "split vector": lambda m, x: m.split(x, np.array([1, 2]), axis=1),
    "split no indices": lambda m, x: m.split(x, []),
    "array_split": lambda m, x: m.array_split(x, 4, axis=1),
    "array_split few": lambda m, x: m.array_split(x, 9, axis=1),
    "array_split indices": lambda m, x: m.array_split(x, [2], axis=1),
    "hsplit": lambda m, x: m.hsplit(x, 3),
    "vsplit": lambda m, x: m.vsplit(x, 2),
    "dsplit": lambda m, x: m.dsplit(x, 2),
}


@pytest.mark.parametrize("shape", [(2, 6, 2), (4, 0, 2), (2, 3, 1)], ids=str)
@pytest.mark.parametrize("name", SPLITS)
def test_splits(name: str, shape: tuple[int, ...]):
    assert_form(SPLITS[name], numbers(shape))


def test_hsplit_of_a_vector():
    assert_form(lambda m, x: m.hsplit(x, 3), numbers((6,)))


def test_splitting_where_a_variable_says():
    x, n = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64"))
    first, second = F.split(x, [n])
    assert_same(evaluate([first, second], {x: numbers((5,)), n: 2}), np.split(numbers((5,)), [2]))


def test_an_uneven_split_names_the_line():
    x = Variable(tensor_type("float64", (None,)), name="x")
    with pytest.raises(ArgumentError, match=r"(?s)split: the length must be a multiple of the 2 parts.*x: float.*py:"):
        evaluate(F.split(x, 2)[0], [numbers((5,))])
