"""What the reference of movement ops refuses, and that operands are not written into."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Variable, tensor_type
from bitale_graph.errors import IndexingError, ShapeError
from bitale_graph.ops import movement
from bitale_graph.ops.movement import Broadcast, Iota, Pad, Reshape, SetSlice, Slice
from bitale_graph.reference import evaluate
from bitale_graph.reference.movement import MOVEMENT
from bitale_graph.variable import Op


def test_every_op_has_a_row():
    ops = [c for c in vars(movement).values() if isinstance(c, type) and issubclass(c, Op) and c is not Op]
    assert MOVEMENT.missing(ops) == []


@pytest.mark.parametrize("start, length, step", [(0, 4, 1), (3, 1, 1), (-1, 1, 1), (2, 3, -2), (0, 2, 0), (0, -1, 1)])
@pytest.mark.parametrize("known", [True, False])
def test_slices_out_of_range(known: bool, start: int, length: int, step: int):
    x = Variable(tensor_type("float64", (None,)))
    bounds = [Variable(tensor_type("int64")) for _ in range(3)]
    if known:
        y = Slice((start,), (length,), (step,)) if length >= 0 else Slice((start,), (None,), (step,))
        y = y(x) if length >= 0 else y(x, bounds[1])
    else:
        y = Slice((None,), (None,), (None,))(x, *bounds)
    given = {x: np.zeros(3), **dict(zip(bounds, (start, length, step)))}
    with pytest.raises(IndexingError, match="are not within an axis of length 3"):
        evaluate(y, given)


def test_an_empty_slice_may_start_anywhere():
    x = Variable(tensor_type("float64", (None,)))
    assert evaluate(Slice((-1,), (0,), (-1,))(x), [np.zeros(0)]).shape == (0,)


def test_writing_another_length():
    x, y = (Variable(tensor_type("float64", (None,))) for _ in range(2))
    written = SetSlice((0,), (2,), (1,))(x, y)
    array = np.zeros(3)
    np.testing.assert_array_equal(evaluate(written, [array, np.ones(2)]), [1.0, 1.0, 0.0])
    np.testing.assert_array_equal(array, np.zeros(3))
    with pytest.raises(ShapeError, match=r"\(1,\) cannot be written where \(2,\) is wanted"):
        evaluate(written, [np.zeros(3), np.ones(1)])


@pytest.mark.parametrize("op, others", [
    (Reshape((None,)), 0), (Broadcast((None,)), 0), (Pad((None,), (0,)), 1),
])  # fmt: skip
def test_negative_lengths(op: Op, others: int):
    x, n = Variable(tensor_type("float64", (None,))), Variable(tensor_type("int64"))
    y = op(x, *[Variable(tensor_type("float64"), name="value")] * others, n)
    with pytest.raises(ShapeError):
        evaluate(y, {x: np.zeros(2), n: -2, **dict.fromkeys(y.owner.inputs[1:1 + others], 0.0)})


def test_iota_of_nothing():
    assert evaluate(Iota(0)(), []).shape == (0,)
