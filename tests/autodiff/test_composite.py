"""Composites: those with rules of their own, those differentiated through their bodies, and log(softmax(x))."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import check_gradient, grad, hessian, pushforward
from bitale_graph.graph import toposort
from bitale_graph.reference import evaluate
from tests.autodiff.samples import const, matrix, vector

LOGITS = np.array([[0.3, -1.2, 2.0], [0.1, 0.4, -0.7]])
SHARES = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
LABELS = np.array([2, 0])


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (F.softmax, [LOGITS]),
        (lambda x: F.softmax(x, axis=0), [LOGITS]),
        (lambda x: F.softmax(x, axis=None), [LOGITS]),
        (F.log_softmax, [LOGITS]),
        (lambda x: F.log_softmax(x, axis=(0, 1)), [LOGITS]),
        (F.logsumexp, [LOGITS]),
        (lambda x: F.logsumexp(x, axis=1), [LOGITS]),
        (lambda x: F.logsumexp(x, axis=0, keepdims=True), [LOGITS]),
        (F.layer_norm, [LOGITS]),
        (lambda x, a, b: F.layer_norm(x, a, b), [LOGITS, LOGITS[0], LOGITS[1]]),
        (F.softmax_cross_entropy, [LOGITS, LABELS]),
        (F.softmax_cross_entropy, [LOGITS, SHARES]),
        (F.categorical_crossentropy, [SHARES, LABELS]),
        (F.categorical_crossentropy, [SHARES, SHARES[::-1].copy()]),
        (F.sigmoid_binary_crossentropy, [LOGITS, SHARES]),
        (F.binary_crossentropy, [SHARES, SHARES[::-1].copy()]),
        (lambda x: F.log(F.softmax(x)), [LOGITS]),
    ],
)
def test_derivatives(function, arrays, static):
    check_gradient(function, arrays, static=static)


def test_softmax_does_not_overflow():
    x = vector()
    value = {x: np.array([1000.0, -1000.0, 1000.0])}
    for function in (F.softmax, F.log_softmax):
        slope = grad(F.sum(function(x) * const([1.0, 2.0, 3.0])), x)
        assert np.isfinite(evaluate(slope, value)).all()


def likelihood(logits, labels):
    return F.sum(F.log(F.softmax(logits))[F.arange(labels.shape[0]), labels])


def test_the_logarithm_of_probabilities_that_are_zero():
    x, labels = matrix(), vector("labels", "int64")
    slope = grad(likelihood(x, labels), x)
    values = {x: np.array([[2000.0, 0.0], [0.0, 1.0]]), labels: [1, 0]}
    share = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(evaluate(slope, values), [[-1, 1], [share, -share]])
    tangent = pushforward(likelihood(x, labels), x, const([[1.0, 0.0], [0.0, 0.0]]))
    assert evaluate(tangent, values) == -1


def test_a_softmax_whose_own_derivative_is_asked_for():
    x = vector()
    shares = F.softmax(x)
    cost = F.sum(F.log(shares))
    values = {x: np.array([0.3, -0.2])}
    np.testing.assert_allclose(evaluate(grad(cost, shares), values), 1 / evaluate(shares, values))
    np.testing.assert_allclose(evaluate(grad(cost, [x, shares])[0], values), evaluate(grad(cost, x), values))
    both = grad(None, x, known_grads={cost: 1.0, shares: const([0.0, 0.0])})
    np.testing.assert_array_equal(evaluate(both, values), [0, 0])  # all flows through the shares


def test_only_composites_on_the_way_are_opened():
    x, y = vector(), vector("y")
    cost = F.sum(F.layer_norm(y) * x)
    names = {node.op.name for node in toposort([grad(cost, x)])}
    assert "layer_norm" in names
    assert "sqrt" not in names


def test_the_hessian_of_a_log_likelihood():
    x = vector()
    found = evaluate(hessian(F.logsumexp(x), x), {x: np.array([0.3, -0.2, 1.0])})
    shares = np.exp([0.3, -0.2, 1.0]) / np.sum(np.exp([0.3, -0.2, 1.0]))
    np.testing.assert_allclose(found, np.diag(shares) - np.outer(shares, shares))
