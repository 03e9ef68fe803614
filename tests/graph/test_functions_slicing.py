"""Slices clip as Python's do, for every mix of known and unknown bounds, steps and lengths."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions.slicing import basic_slice, set_slice, slice_axis, slice_bounds
from bitale_graph.reference import evaluate
from bitale_graph.same_size import same_size
from bitale_graph.sizes import size_variable
from tests.graph.movement_oracle import KNOWN, UNKNOWN, assert_form, assert_same, compute, numbers

BOUNDS = [None, 0, 1, 2, 5, -1, -2, -7]
STEPS = [None, 1, 2, 3, -1, -2, -5]
LENGTHS = [0, 1, 2, 3, 6]


def expected_bounds(start, stop, step, length: int) -> tuple[int, int, int]:
    taken = range(*slice(start, stop, step).indices(length))
    return taken.start, len(taken), taken.step


def values(bounds, given: dict) -> tuple[int, ...]:
    return tuple(int(a) for a in evaluate([size_variable(b) for b in bounds], given))


@pytest.mark.parametrize("step", STEPS)
def test_known_bounds_of_an_unknown_length(step):
    n = Variable(tensor_type("int64"))
    for start, stop in product(BOUNDS, BOUNDS):
        bounds = slice_bounds(start, stop, step, n)
        for length in LENGTHS:
            wanted = expected_bounds(start, stop, step, length)
            assert values(bounds, {n: length}) == wanted, (start, stop, step, length)
            assert slice_bounds(start, stop, step, length) == wanted


@pytest.mark.parametrize("symbolic", list(product([False, True], repeat=4))[1:], ids=str)
def test_bounds_that_are_variables(symbolic: tuple[bool, ...]):
    names = ("start", "stop", "step", "length")
    for case in product([None, 0, 2, -2, -7], [None, 3, 9, -1], [None, 2, -1, -3], [0, 1, 5]):
        variables = [Variable(tensor_type("int64"), name=name) for name in names]
        as_variables = [s and value is not None for s, value in zip(symbolic, case)]
        bounds = slice_bounds(*[v if s else value for v, s, value in zip(variables, as_variables, case)])
        given = {v: value for v, s, value in zip(variables, as_variables, case) if s}
        assert values(bounds, given) == expected_bounds(*case), case


def test_a_step_of_zero():
    n = Variable(tensor_type("int64"))
    with pytest.raises(ArgumentError, match="the step cannot be 0"):
        slice_bounds(None, None, 0, 5)
    with pytest.raises(ArgumentError, match="the step cannot be 0"):
        values(slice_bounds(None, None, n, 5), {n: 0})


def test_bounds_are_integers():
    with pytest.raises(DtypeError, match="an integer is wanted, not float64"):
        slice_bounds(1.5, None, None, 5)
    with pytest.raises(DtypeError, match="an integer is wanted"):
        slice_bounds(Variable(tensor_type("int64", (3,))), None, None, 5)


def test_slices_that_are_equally_long_are_seen_to_be():
    n = shape_of(Variable(tensor_type("float64", (None,))))[0]
    counts = {text: slice_bounds(*bounds, n)[1] for text, bounds in {
        "1:": (1, None, None), ":-1": (None, -1, None), "2:": (2, None, None), "1:-1": (1, -1, None),
        ":-2": (None, -2, None), ":3": (None, 3, None), "-3:": (-3, None, None),
    }.items()}  # fmt: skip
    assert same_size(counts["1:"], counts[":-1"])
    assert same_size(counts["2:"], counts["1:-1"])
    assert same_size(counts["2:"], counts[":-2"])
    assert same_size(counts[":3"], counts["-3:"])
    assert not same_size(counts["1:"], counts["2:"])


def test_a_whole_slice_adds_no_node():
    x = Variable(tensor_type("float64", (None, 3)))
    assert slice_axis(x, 0) is x
    assert slice_axis(x, 1, 0, 9) is x
    scalar = Variable(tensor_type("float64"))
    assert basic_slice(scalar, []) is scalar


@pytest.mark.parametrize("lengths", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("start, stop, step", [
    (1, None, None), (None, -1, None), (None, None, -1), (4, 0, -2), (5, 1, 1), (-2, None, 1), (None, None, 3),
])  # fmt: skip
def test_reading_and_writing(start, stop, step, lengths: str):
    def bounds(v: Variable) -> list:
        sizes = shape_of(v)
        return [slice_bounds(start, stop, step, sizes[0]), (0, sizes[1], 1)]

    x = numbers((5, 2))
    place = slice(start, stop, step)
    assert_same(compute(lambda v: slice_axis(v, 0, start, stop, step), [x], lengths), [x[place]])
    written = x.copy()
    written[place] = -1
    assert_same(compute(lambda v: set_slice(v, -1, bounds(v)), [x], lengths), [written])
    assert_same(compute(lambda v: set_slice(v, slice_axis(v, 0, start, stop, step), bounds(v)), [x], lengths), [x])


def test_writing_what_does_not_fit():
    x, y = Variable(tensor_type("float64", (4,))), Variable(tensor_type("float64", (3,)))
    with pytest.raises(ShapeError, match="length 3; it cannot become 2"):
        set_slice(x, y, [(0, 2, 1)])
    with pytest.raises(ShapeError, match="2 axes cannot be written into 1"):
        set_slice(x, numbers((1, 2)), [(0, 2, 1)])
    assert set_slice(Variable(tensor_type("float64")), 3, []).dtype == "float64"


FORMS = {
    "flip": lambda m, x: m.flip(x),
    "flip axis": lambda m, x: m.flip(x, 1),
    "flip several": lambda m, x: m.flip(x, (0, -1)),
    "flip none": lambda m, x: m.flip(x, ()),
    "flip too far": lambda m, x: m.flip(x, 3),
    "fliplr": lambda m, x: m.fliplr(x),
    "flipud": lambda m, x: m.flipud(x),
    "rot90": lambda m, x: m.rot90(x),
    "rot90 twice": lambda m, x: m.rot90(x, 2),
    "rot90 back": lambda m, x: m.rot90(x, -1, (1, 2)),
    "rot90 thrice": lambda m, x: m.rot90(x, 3, (2, 0)),
    "rot90 not at all": lambda m, x: m.rot90(x, 4),
    "rot90 one axis": lambda m, x: m.rot90(x, 1, (1, 1)),
}


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 1), (0, 2, 3)], ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, shape: tuple[int, ...]):
    assert_form(FORMS[name], numbers(shape))


def test_unstack():
    assert_form(lambda m, x: m.unstack(x), numbers((2, 3)), lengths=[KNOWN])
    assert_form(lambda m, x: m.unstack(x, axis=-1), numbers((2, 3)), lengths=[KNOWN])
    assert F.unstack(np.zeros((0, 2))) == ()
    with pytest.raises(ShapeError, match="the length of axis 0 must be known"):
        F.unstack(Variable(tensor_type("float64", (None, 3))))
