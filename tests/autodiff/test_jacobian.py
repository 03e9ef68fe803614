"""Jacobians, Hessians and their products: shapes, both modes, unknown lengths, errors."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import DisconnectedInputError, grad, hessian, hessian_vector_product, jacobian
from bitale_graph.errors import ArgumentError, DtypeError
from bitale_graph.reference import evaluate
from tests.autodiff.samples import const, matrix, scalar, vector

x, w, s = vector("x"), matrix("w"), scalar("s")
VALUES = {x: np.array([0.5, -1.0, 2.0]), w: np.arange(6.0).reshape(2, 3) / 5, s: np.float64(0.7)}


def numeric(expression, wrt, step=1e-6):
    """The Jacobian by central differences, element by element."""
    at = np.asarray(VALUES[wrt])
    columns = []
    for index in np.ndindex(at.shape):
        unit = np.zeros(at.shape)
        unit[index] = step
        ahead, behind = (evaluate(expression, VALUES | {wrt: at + sign * unit}) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    return np.moveaxis(np.array(columns), 0, -1).reshape((*columns[0].shape, *at.shape))


EXPRESSIONS = {
    "elementwise": F.tanh(x) * s,
    "matrix times vector": F.sin(w @ x),
    "outer": F.exp(F.outer(x, x)),
    "scalar": F.sum(w * x) * s,
    "softmax": F.softmax(w * s, axis=1),
    "reversed": x[::-1] * x,
    "gathered": w[:, [2, 0, 2]] * x,
    "scattered": x[[1, 2]].set(x[:2] ** 2),
    "cumulated": F.cumprod(x) + F.cumsum(x),
    "largest": F.max(w * x, axis=0),
}


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_jacobian(name, mode):
    expression = EXPRESSIONS[name]
    slopes = grad(F.sum(expression), [x, w, s], disconnected_inputs="ignore", return_disconnected="none")
    wrt = [v for v, slope in zip((x, w, s), slopes, strict=True) if slope is not None]
    for v in wrt:
        found = evaluate(jacobian(expression, v, mode=mode), VALUES)
        np.testing.assert_allclose(found, numeric(expression, v), rtol=1e-6, atol=1e-8)


def test_kinds_and_shapes():
    to_x, to_w = jacobian(w @ x, [x, w])
    assert (to_x.ndim, to_w.ndim) == (2, 3)
    assert isinstance(jacobian(w @ x, (x,)), tuple)
    assert jacobian(x * 2, x).type.shape == (None, None)


def test_an_empty_expression():
    empty = {x: np.zeros(0)}
    assert evaluate(jacobian(x**2, x), empty).shape == (0, 0)
    assert evaluate(jacobian(w @ x, x), {w: np.zeros((2, 0)), x: np.zeros(0)}).shape == (2, 0)


def test_disconnected_jacobians():
    with pytest.raises(DisconnectedInputError):
        jacobian(x * 2, s)
    zeros = jacobian(x * 2, s, disconnected_inputs="ignore")
    np.testing.assert_array_equal(evaluate(zeros, VALUES), np.zeros(3))


def test_complex_jacobians_are_refused():
    z = vector("z", "complex128")
    with pytest.raises(DtypeError, match="is complex"):
        jacobian(z * z, z)
    with pytest.raises(DtypeError, match="is complex"):
        jacobian(F.real(z), z, mode="forward")
    found = evaluate(jacobian(F.real(z), z), {z: np.array([1j])})
    np.testing.assert_array_equal(found, [[1]])


def test_an_unknown_mode():
    with pytest.raises(ArgumentError, match="'reverse' or 'forward', not 'sideways'"):
        jacobian(x, x, mode="sideways")


def test_hessian():
    cost = F.sum(F.exp(w @ x)) + F.prod(x)
    found = evaluate(hessian(cost, x), VALUES)
    np.testing.assert_allclose(found, numeric(grad(cost, x), x), rtol=1e-6, atol=1e-8)
    to_x, to_w = hessian(cost, [x, w])
    assert (to_x.ndim, to_w.ndim) == (2, 4)
    np.testing.assert_allclose(evaluate(to_w, VALUES), numeric(grad(cost, w), w), rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(evaluate(hessian(F.sum(x), x), VALUES), np.zeros((3, 3)))


def test_hessian_vector_product():
    cost = F.sum(F.exp(w @ x)) * s
    direction = np.array([1.0, -2.0, 0.5])
    product = evaluate(hessian_vector_product(cost, x, const(direction)), VALUES)
    np.testing.assert_allclose(product, evaluate(hessian(cost, x), VALUES) @ direction)
    to_x, to_s = hessian_vector_product(cost, [x, s], [const(direction), const(2.0)])
    mixed = evaluate(jacobian(grad(cost, x), s), VALUES)
    np.testing.assert_allclose(evaluate(to_x, VALUES), product + 2 * mixed)
    np.testing.assert_allclose(evaluate(to_s, VALUES), mixed @ direction)
