"""Stretching: only axes of length statically 1 do, everything else must agree."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Variable, shape_of, tensor_type
from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.movement_oracle import KNOWN, ONES_KNOWN, assert_form, assert_same, numbers

WAYS = (KNOWN, ONES_KNOWN)


@pytest.mark.parametrize("old, new", [
    ((), ()), ((), (2, 3)), ((1,), (4,)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 3), (2, 3)), ((1, 1), (0, 3)),
    ((0, 1), (0, 4)), ((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 4)), ((2,), (1,)),
], ids=str)  # fmt: skip
def test_broadcast_to(old: tuple[int, ...], new: tuple[int, ...]):
    assert_form(lambda m, x: m.broadcast_to(x, new), numbers(old), lengths=WAYS)


@pytest.mark.parametrize("one, other", [
    ((2, 1), (3,)), ((), (2, 3)), ((2, 3), (2, 3)), ((1, 3), (2, 1)), ((0,), (1,)), ((2, 3), (2,)),
], ids=str)  # fmt: skip
def test_broadcast_arrays(one: tuple[int, ...], other: tuple[int, ...]):
    assert_form(lambda m, x, y: m.broadcast_arrays(x, y), numbers(one), numbers(other), lengths=WAYS)


def test_an_unknown_length_does_not_stretch():
    x, y = (Variable(tensor_type("float64", (None,)), name=name) for name in "xy")
    stretched = F.broadcast_to(x, shape_of(y))
    assert_same([evaluate(stretched, {x: numbers((3,)), y: numbers((3,))})], [numbers((3,))])
    with pytest.raises(ShapeError, match="only an axis whose type says 1 stretches"):
        evaluate(stretched, {x: numbers((1,)), y: numbers((3,))})


def test_an_array_that_has_the_shape_is_left_alone():
    x = Variable(tensor_type("float64", (None, 3)))
    assert F.broadcast_to(x, shape_of(x)) is x
    assert F.broadcast_to(x, (shape_of(x)[0], 3)) is x
    assert F.broadcast_arrays(x, x) == (x, x)


def test_broadcast_shapes():
    n = shape_of(Variable(tensor_type("float64", (None,))))[0]
    assert F.broadcast_shapes((2, 1), (3,), ()) == (2, 3)
    assert F.broadcast_shapes((n, 1), (1, 4)) == (n, 4)
    assert F.broadcast_shapes((n,), (5,)) == (5,)
    assert F.broadcast_shapes() == ()
    with pytest.raises(ShapeError, match=r"lengths \[2, 3\] on axis 0 differ"):
        F.broadcast_shapes((2,), (3,))


def test_specify_shape_refines_the_type_and_is_checked():
    x = Variable(tensor_type("float64", (None, None)), name="x")
    y = F.specify_shape(x, (2, None))
    assert y.type.shape == (2, None)
    assert_same([evaluate(y, [numbers((2, 3))])], [numbers((2, 3))])
    with pytest.raises(ShapeError, match="axis 0 has length 1; it cannot become 2"):
        evaluate(y, [numbers((1, 3))])
    assert F.specify_shape(y, (2, None)) is y
    with pytest.raises(ShapeError, match="axis 0 has length 2, not 5"):
        F.specify_shape(y, (5, 3))
    with pytest.raises(ShapeError, match="1 lengths given for 2 axes"):
        F.specify_shape(x, (5,))


def test_specify_shape_does_not_stretch():
    with pytest.raises(ShapeError, match="axis 0 has length 1, not 4"):
        F.specify_shape(Variable(tensor_type("float64", (1,))), (4,))


def test_specified_lengths_may_be_variables():
    x, n = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64"))
    y = F.specify_shape(x, (n,))
    assert_same([evaluate(y, {x: numbers((3,)), n: 3})], [numbers((3,))])
    with pytest.raises(ShapeError):
        evaluate(y, {x: numbers((3,)), n: 4})


def test_addbroadcast_makes_an_axis_stretch():
    x, y = (Variable(tensor_type("float64", (None, None))) for _ in range(2))
    total = F.addbroadcast(x, 0) + y
    assert_same(
        [evaluate(total, {x: numbers((1, 3)), y: numbers((2, 3))})], [numbers((1, 3)) + numbers((2, 3))]
    )
    with pytest.raises(ShapeError):
        evaluate(total, {x: numbers((2, 3)), y: numbers((2, 3))})
    with pytest.raises(ArgumentError):
        F.addbroadcast(x, 2)


def test_unbroadcast_keeps_an_axis_from_stretching():
    x = Variable(tensor_type("float64", (1, None)), name="x")
    plain = F.unbroadcast(x, 0)
    assert (x.broadcastable, plain.broadcastable) == ((True, False), (False, False))
    assert F.unbroadcast(plain, 0) is plain
    np.testing.assert_array_equal(evaluate(plain, {x: np.ones((1, 3))}), np.ones((1, 3)))
    with pytest.raises(ShapeError):
        evaluate(plain + np.ones((2, 3)), {x: np.ones((1, 3))})


def test_patternbroadcast_says_which_axes_stretch():
    x = Variable(tensor_type("float64", (1, None)), name="x")
    assert F.patternbroadcast(x, (False, True)).broadcastable == (False, True)
    with pytest.raises(ShapeError, match="1 flags given for 2 axes"):
        F.patternbroadcast(x, (True,))


def test_a_clash_names_the_variables():
    x, y = Variable(tensor_type("float64", (2,)), name="x"), Variable(tensor_type("float64", (3,)), name="y")
    with pytest.raises(ShapeError) as caught:
        F.broadcast_arrays(x, y)
    for part in ("lengths [2, 3] on axis 0 differ", "x: float64[2]", "y: float64[3]"):
        assert part in str(caught.value)
    with pytest.raises(ShapeError, match=r"(?s)broadcast: axis 0 .* has length 2; it cannot become 3.*expand_dims"):
        F.broadcast_to(x, (3,))
