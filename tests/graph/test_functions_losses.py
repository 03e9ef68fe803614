"""Losses agree with their formulas, where these overflow with their limits, for labels and for distributions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from bitale_graph import Variable, functions, tensor_type
from bitale_graph.errors import DtypeError, IndexingError, ShapeError
from bitale_graph.reference import evaluate
from tests.graph.oracle import assert_equals_numpy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(4, 3, 5))
PROBABILITIES = scipy.special.softmax(LOGITS, axis=-1)
LABELS = RANDOM.integers(0, 5, (4, 3))
DISTRIBUTION = scipy.special.softmax(RANDOM.normal(size=LOGITS.shape), axis=-1)
ONE_HOT = (LABELS[..., None] == np.arange(5)).astype("int8")


def cross_entropy(logarithms: np.ndarray, targets: np.ndarray, axis: int) -> np.ndarray:
    if targets.ndim < logarithms.ndim:
        return -np.take_along_axis(logarithms, np.expand_dims(targets, axis), axis).squeeze(axis)
    return -np.sum(np.where(targets == 0, 0, targets * logarithms), axis)


@pytest.mark.parametrize(
    "targets", [LABELS, LABELS.astype("uint8"), DISTRIBUTION, ONE_HOT], ids=lambda t: f"{t.dtype}{t.ndim}"
)
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_cross_entropy(targets: np.ndarray, axis: int):
    x, logits = np.moveaxis(PROBABILITIES, -1, axis), np.moveaxis(LOGITS, -1, axis)
    targets = np.moveaxis(targets, -1, axis) if targets.ndim == 3 else targets
    assert_equals_numpy(
        lambda x, t: functions.categorical_crossentropy(x, t, axis),
        lambda x, t: cross_entropy(np.log(x), t, axis),
        x, targets, ulps=8,
    )  # fmt: skip
    assert_equals_numpy(
        lambda x, t: functions.softmax_cross_entropy(x, t, axis),
        lambda x, t: cross_entropy(scipy.special.log_softmax(x, axis), t, axis),
        logits, targets, ulps=8,
    )  # fmt: skip


def test_float32_stays_float32():
    for targets in (LABELS, ONE_HOT):
        for name in ("categorical_crossentropy", "softmax_cross_entropy"):
            assert getattr(functions, name)(PROBABILITIES.astype("float32"), targets).dtype == "float32"
    for name in ("binary_crossentropy", "sigmoid_binary_crossentropy"):
        assert getattr(functions, name)(np.ones(2, "float32"), np.array([0, 1])).dtype == "float32"


def test_impossible_classes_cost_nothing_where_they_are_no_target():
    certain, target = np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_array_equal(evaluate(functions.categorical_crossentropy(certain, target)), [0.0])
    np.testing.assert_array_equal(evaluate(functions.categorical_crossentropy(certain, [0])), [np.inf])
    logits = np.array([[-np.inf, 3.0]])
    np.testing.assert_array_equal(evaluate(functions.softmax_cross_entropy(logits, target)), [0.0])
    np.testing.assert_array_equal(evaluate(functions.softmax_cross_entropy(logits, [0])), [np.inf])


def test_logits_far_apart():
    logits = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    np.testing.assert_array_equal(evaluate(functions.softmax_cross_entropy(logits, [1, 0])), [1000.0, 1000.0])
    x = np.array([1000.0, -1000.0, 1000.0, -1000.0])
    loss = functions.sigmoid_binary_crossentropy(x, [1, 0, 0, 1])
    np.testing.assert_array_equal(evaluate(loss), [0.0, 0.0, 1000.0, 1000.0])


def test_binary_cross_entropy():
    p, x = RANDOM.random((3, 4)), RANDOM.normal(size=(3, 4))
    for targets in (RANDOM.integers(0, 2, (3, 4)), RANDOM.random((3, 4)), RANDOM.random((3, 4)) < 0.5, np.array(1)):
        t = targets.astype(float)
        assert_equals_numpy(
            functions.binary_crossentropy,
            lambda p, _, t=t: -(t * np.log(p) + (1 - t) * np.log(1 - p)),
            p,
            targets,
            ulps=8,
        )
        assert_equals_numpy(
            functions.sigmoid_binary_crossentropy, lambda x, _, t=t: np.logaddexp(x, 0) - t * x, x, targets, ulps=8
        )
    sure = functions.binary_crossentropy(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 1, 1, 0]))
    np.testing.assert_array_equal(evaluate(sure), [0.0, 0.0, np.inf, np.inf])


def test_mean_errors():
    x, y = RANDOM.normal(size=(2, 5))
    assert_equals_numpy(functions.mean_squared_error, lambda x, y: np.mean((x - y) ** 2), x, y, ulps=4)
    assert_equals_numpy(functions.mean_absolute_error, lambda x, y: np.mean(np.abs(x - y)), x, y, ulps=4)


@pytest.mark.parametrize("name", ["categorical_crossentropy", "softmax_cross_entropy"])
def test_wrong_targets(name: str):
    loss = getattr(functions, name)
    x = Variable(tensor_type("float64", (None, 3)), name="predicted")
    with pytest.raises(ShapeError, match=rf"(?s){name}: targets of 0 axes for 2 axes.*predicted.*labels"):
        loss(x, 1)
    with pytest.raises(DtypeError, match=f"{name}: labels must be integers, not float64"):
        loss(x, np.array([0.0, 1.0]))
    with pytest.raises(IndexingError):
        evaluate(loss(x, np.array([0, 3])), [np.full((2, 3), 1 / 3)])
