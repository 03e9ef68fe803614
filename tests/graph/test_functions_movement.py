"""Axes move as NumPy moves them, for known and unknown lengths."""

from __future__ import annotations

import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import KNOWN, ONES_KNOWN, assert_form, assert_same, compute, numbers

SHAPES = [(2, 3, 4), (1, 3, 1), (0, 2, 3), (2, 0, 1)]

FORMS = {
    "expand_dims": lambda m, x: m.expand_dims(x, 0),
    "expand_dims negative": lambda m, x: m.expand_dims(x, -1),
    "expand_dims several": lambda m, x: m.expand_dims(x, (0, -2)),
    "expand_dims none": lambda m, x: m.expand_dims(x, ()),
    "expand_dims twice": lambda m, x: m.expand_dims(x, (1, 1)),
    "expand_dims too far": lambda m, x: m.expand_dims(x, 4),
    "transpose": lambda m, x: m.transpose(x),
    "transpose None": lambda m, x: m.transpose(x, None),
    "transpose tuple": lambda m, x: m.transpose(x, (2, 0, 1)),
    "transpose list": lambda m, x: m.transpose(x, [0, -1, 1]),
    "transpose too few": lambda m, x: m.transpose(x, (0, 1)),
    "transpose twice": lambda m, x: m.transpose(x, (0, 1, 1)),
    "transpose no axes": lambda m, x: m.transpose(x, ()),
    "permute_dims": lambda m, x: m.permute_dims(x, (1, 0, 2)),
    "matrix_transpose": lambda m, x: m.matrix_transpose(x),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
    "swapaxes too far": lambda m, x: m.swapaxes(x, 0, 3),
    "moveaxis": lambda m, x: m.moveaxis(x, 0, -1),
    "moveaxis several": lambda m, x: m.moveaxis(x, (0, 1), (-1, 0)),
    "moveaxis uneven": lambda m, x: m.moveaxis(x, (0, 1), (0,)),
    "moveaxis twice": lambda m, x: m.moveaxis(x, (0, 0), (0, 1)),
    "rollaxis": lambda m, x: m.rollaxis(x, 2),
    "rollaxis to the end": lambda m, x: m.rollaxis(x, 0, 3),
    "rollaxis negative": lambda m, x: m.rollaxis(x, -1, -2),
    "rollaxis too far": lambda m, x: m.rollaxis(x, 0, 4),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, shape: tuple[int, ...]):
    assert_form(FORMS[name], numbers(shape))


SQUEEZES = {
    "none": lambda m, x: m.squeeze(x),
    "one": lambda m, x: m.squeeze(x, 0),
    "several": lambda m, x: m.squeeze(x, (-1, 0)),
    "not 1": lambda m, x: m.squeeze(x, 1),
    "no axes": lambda m, x: m.squeeze(x, ()),
}


@pytest.mark.parametrize("name", SQUEEZES)
def test_squeeze(name: str):
    assert_form(SQUEEZES[name], numbers((1, 3, 1)), lengths=(KNOWN, ONES_KNOWN))


def test_squeeze_of_an_unknown_length_is_checked_when_it_runs():
    x = Variable(tensor_type("float64", (None, None)), name="x")
    y = F.squeeze(x, 0)
    assert_same([evaluate(y, [numbers((1, 3))])], [numbers((3,))])
    with pytest.raises(ShapeError):
        evaluate(y, [numbers((2, 3))])


def test_matrix_transpose_wants_two_axes():
    with pytest.raises(ShapeError, match="at least two axes"):
        F.matrix_transpose(Variable(tensor_type("float64", (3,))))


DIMSHUFFLES = {
    "permuted": ((2, 3, 4), (2, 0, 1), lambda x: x.transpose(2, 0, 1)),
    "padded left": ((2, 3), ("x", 0, 1), lambda x: x[None]),
    "padded within": ((2, 3), (0, "x", 1), lambda x: x[:, None]),
    "transposed and padded": ((2, 3), (1, "x", 0, "x"), lambda x: x.T[:, None, :, None]),
    "dropped": ((1, 3), (1,), lambda x: x[0]),
    "dropped and moved": ((2, 1, 3), (2, "x", 0), lambda x: x[:, 0].T[:, None]),
    "dropped all": ((1, 1), (), lambda x: x[0, 0]),
    "of a scalar": ((), ("x", "x"), lambda x: x[None, None]),
}


@pytest.mark.parametrize("name", DIMSHUFFLES)
def test_dimshuffle(name: str):
    shape, pattern, expected = DIMSHUFFLES[name]
    x = numbers(shape)
    for lengths in (KNOWN, ONES_KNOWN, "unknown"):
        for build in (lambda v: F.dimshuffle(v, *pattern), lambda v: F.dimshuffle(v, pattern)):
            assert_same(compute(build, [x], lengths), [expected(x)])


@pytest.mark.parametrize("pattern", [(0, 0), (2,), ("y",)], ids=str)
def test_dimshuffle_refuses(pattern: tuple):
    with pytest.raises(ArgumentError, match=r"dimshuffle"):
        F.dimshuffle(Variable(tensor_type("float64", (2, 3))), *pattern)


def test_dropping_a_long_axis_names_the_variable():
    x = Variable(tensor_type("float64", (2, 3)), name="weights")
    with pytest.raises(ShapeError, match=r"axis 1 .* has length 3, not 1\n +weights: float64\[2, 3\] +made at .*:\d+"):
        F.dimshuffle(x, 0)


@pytest.mark.parametrize("build, expected", [
    (lambda x: F.shape_padleft(x, 2), lambda x: x[None, None]),
    (lambda x: F.shape_padright(x), lambda x: x[..., None]),
    (lambda x: F.shape_padaxis(x, 1), lambda x: x[:, None]),
])  # fmt: skip
def test_padding_the_shape(build, expected):
    x = numbers((2, 3))
    assert_same(compute(build, [x], "unknown"), [expected(x)])


def test_a_move_that_changes_nothing_adds_no_node():
    x = Variable(tensor_type("float64", (None, 3)))
    for same in (F.transpose(x, 0, 1), F.moveaxis(x, 0, 0), F.squeeze(x), F.expand_dims(x, ()), F.dimshuffle(x, 0, 1)):
        assert same is x


def test_errors_name_the_argument_and_the_variable():
    x = Variable(tensor_type("float64", (None, 3)), name="x")
    with pytest.raises(ArgumentError) as caught:
        F.swapaxes(x, 0, 5)
    message = str(caught.value)
    assert "swapaxes: axis 5" in message
    assert "x: float64[?, 3]" in message
    assert "test_functions_movement.py" in message
    with pytest.raises(ArgumentError, match="an axis must be an integer, not 'rows'"):
        F.expand_dims(x, ("rows",))
