"""Theano's names: Lop, Rop, subgraph_grad, verify_grad."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import Lop, Rop, check_gradient, grad, subgraph_grad, verify_grad
from bitale_graph.errors import ArgumentError
from bitale_graph.reference import evaluate
from tests.autodiff.samples import const, matrix, vector

x, w1, w2 = vector("x"), matrix("w1"), matrix("w2")
VALUES = {x: np.array([1.0, -0.5]), w1: np.array([[0.3, 0.1], [0.2, -0.4]]), w2: np.array([[0.5, 1.0]])}


def test_products_with_jacobians():
    y = F.tanh(w1 @ x)
    jac = (1 - np.tanh(VALUES[w1] @ VALUES[x]) ** 2)[:, None] * VALUES[w1]
    t = np.array([1.0, 2.0])
    np.testing.assert_allclose(evaluate(Lop(y, x, const(t)), VALUES), t @ jac)
    np.testing.assert_allclose(evaluate(Rop(y, x, const(t)), VALUES), jac @ t)
    assert verify_grad is check_gradient


def test_a_network_differentiated_piece_by_piece():
    hidden = F.tanh(w1 @ x)
    cost = F.sum((w2 @ hidden) ** 2) + 0.1 * F.sum(w2**2)
    (to_w2,), (to_hidden,) = subgraph_grad([w2], [hidden], cost=cost)
    (to_w1,), (to_x,) = subgraph_grad([w1], [x], start={hidden: to_hidden})
    wanted = evaluate(grad(cost, [w2, hidden, w1, x]), VALUES)
    for came, right in zip(evaluate([to_w2, to_hidden, to_w1, to_x], VALUES), wanted, strict=True):
        np.testing.assert_allclose(came, right)


def test_start_and_cost_add_up():
    hidden = F.tanh(w1 @ x)
    penalty = F.sum(w1**2)
    start = {hidden: const([1.0, 2.0])}
    parameters, ends, from_start, from_cost = subgraph_grad([w1], [x], start, penalty, details=True)
    total, one, other = evaluate([parameters[0], from_start[0], from_cost[0]], VALUES)
    np.testing.assert_allclose(total, one + other)
    np.testing.assert_allclose(other, 2 * VALUES[w1])
    assert len(ends) == 1
    with pytest.raises(ArgumentError, match="give a cost, or start"):
        subgraph_grad([w1], [x])
