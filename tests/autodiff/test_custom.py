"""Derivatives of one's own, checkpoints, barriers, and user functions."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import (
    GradientCheckError,
    add_partials,
    check_gradient,
    checkpoint,
    custom_gradient,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    jacobian,
    pullback,
    pushforward,
    stop_gradient,
    zero_grad,
)
from bitale_graph.errors import ArgumentError, MissingInputError, MissingRule
from bitale_graph.extend import elementwise_function
from bitale_graph.graph import Graph, toposort
from bitale_graph.reference import evaluate
from tests.autodiff.samples import scalar, vector

x, y, v = scalar("x"), scalar("y"), vector("v")


def at(expression, **values):
    return float(evaluate(expression, {{"x": x, "y": y}[name]: number for name, number in values.items()}))


def test_a_pullback_of_ones_own():
    @custom_gradient(pullback=lambda inputs, outputs, cotangents: [cotangents[0] * 100])
    def square(a):
        return a * a

    assert square.__name__ == "square"
    z = square(x)
    assert "square" in repr(z)
    assert at(z, x=3) == 9
    assert at(grad(z, x), x=3) == 100
    assert at(pushforward(z, x, 1.0), x=3) == 100  # through the pullback's own pullback


def test_a_pushforward_of_ones_own():
    double = custom_gradient(lambda a: 2 * a, pushforward=lambda inputs, outputs, tangents: tangents[0] * 7)
    assert at(pushforward(double(x), x, 1.0), x=3) == 7
    assert at(grad(double(x), x), x=3) == 7


def test_rules_see_inputs_and_outputs_and_are_differentiated_themselves():
    def pull(inputs, outputs, cotangents):
        return cotangents[0] * outputs[0] * inputs[1], None

    scaled = custom_gradient(lambda a, b: F.exp(a * b), pullback=pull)
    first = grad(scaled(x, y), x)
    assert at(first, x=0.5, y=2) == pytest.approx(2 * np.exp(1))
    assert at(grad(first, x), x=0.5, y=2) == pytest.approx(4 * np.exp(1))
    assert at(grad(scaled(x, y), y), x=0.5, y=2) == 0


def test_several_outputs():
    @custom_gradient(pullback=lambda inputs, outputs, cotangents: cotangents[0] + 10 * cotangents[1])
    def both(a):
        return F.sin(a), F.cos(a)

    sine, cosine = both(v)
    values = {v: np.array([1.0, 2.0])}
    np.testing.assert_array_equal(evaluate(grad(F.sum(cosine), v), values), [10, 10])
    np.testing.assert_array_equal(evaluate(grad(F.sum(sine + cosine), v), values), [11, 11])


def test_two_uses_keep_their_own_rules():
    def build(a):
        return a * a

    once = custom_gradient(build, pullback=lambda i, o, g: g[0])(x)
    twice = custom_gradient(build, pullback=lambda i, o, g: 2 * g[0])(x)
    assert once.owner.op != twice.owner.op
    assert [at(grad(z, x), x=5) for z in (once, twice)] == [1, 2]


def test_rules_that_do_not_fit():
    with pytest.raises(ArgumentError, match="a pullback, a pushforward, or both"):
        custom_gradient(lambda a: a)
    two = custom_gradient(lambda a: F.sin(a), pullback=lambda i, o, g: [g[0], g[0]])
    with pytest.raises(ArgumentError, match=r"the pullback of <lambda> gave 2 derivatives for 1 variables"):
        grad(two(x), x)
    wide = custom_gradient(lambda a: F.sin(a), pullback=lambda i, o, g: F.ones((2, 2)))
    with pytest.raises(ArgumentError, match=r"gave float64\[2, 2\] for a variable of type float64"):
        grad(wide(x), x)
    free = custom_gradient(lambda a: a * y, pullback=lambda i, o, g: g)
    with pytest.raises(MissingInputError, match=r"(?s)uses a variable that is not among its arguments.*y"):
        free(x)


def test_a_loaded_graph_says_that_its_rules_are_gone():
    z = custom_gradient(lambda a: F.sin(a), pullback=lambda i, o, g: g[0])(x)
    loaded = pickle.loads(pickle.dumps(Graph([x], [z])))
    assert evaluate(loaded, [0.0]) == [0]
    with pytest.raises(MissingRule, match="not in this process"):
        grad(loaded.outputs[0], loaded.inputs[0])


def test_a_checkpoint_computes_again():
    def layers(a, b):
        return F.sum(F.tanh(F.tanh(a * b)))

    plain, saved = grad(layers(v, x), [v, x]), grad(checkpoint(layers)(v, x), [v, x])
    values = {v: np.array([0.3, -0.7]), x: 1.5}
    for one, other in zip(evaluate(plain, values), evaluate(saved, values), strict=True):
        np.testing.assert_allclose(one, other)
    names = [node.op.name for node in toposort(saved)]
    assert names.count("recompute") == 2
    assert names.count("tanh") == 2  # the cotangents need none but those computed again
    check_gradient(checkpoint(layers), [np.array([0.3, -0.7]), np.float64(1.5)])


def test_stop_gradient_and_zero_grad():
    assert disconnected_grad is stop_gradient
    for barrier in (stop_gradient, zero_grad):
        assert at(grad(x * barrier(x), x), x=3) == 3
        assert at(pushforward(x * barrier(x), x, 1.0), x=3) == 3
        assert at(barrier(x), x=3) == 3


def test_grad_clip_and_grad_scale():
    values = {v: np.array([-5.0, 0.5, 5.0])}
    np.testing.assert_array_equal(evaluate(grad(F.sum(grad_clip(v, -1, 1) ** 2), v), values), [-1, 1, 1])
    np.testing.assert_array_equal(evaluate(pushforward(grad_clip(v, -1, 1) * 2, v, v), values), [-10, 1, 10])
    np.testing.assert_array_equal(evaluate(grad(F.sum(grad_scale(v, -0.5)), v), values), [-0.5] * 3)
    np.testing.assert_array_equal(evaluate(pushforward(grad_scale(v, 2), v, v), values), 2 * values[v])
    np.testing.assert_array_equal(evaluate(jacobian(grad_scale(v, 2), v), values), 2 * np.eye(3))
    assert grad_clip(v, -1, 1).owner.op == grad_clip(v, -1, 1).owner.op
    with pytest.raises(ArgumentError, match="lower bound 1 is above the upper bound -1"):
        grad_clip(v, 1, -1)


def test_partials_of_a_function_of_ones_own():
    softclip = elementwise_function("softclip", 2, lambda a, b: b * np.tanh(a / b))
    with pytest.raises(ArgumentError, match="softclip has 2 operands; 1 rules are given"):
        add_partials(softclip, lambda g, z, a, b: g)

    def tanh_part(g, z, a, b):
        return g * (1 - (z / b) ** 2)

    add_partials(softclip, tanh_part, lambda g, z, a, b: g * (z / b) - (a / b) * tanh_part(g, z, a, b))
    check_gradient(softclip, [np.array([[0.5, -1.0]]), np.array([[2.0], [0.7]])])


def test_check_gradient_finds_mistakes():
    wrong = custom_gradient(lambda a: F.sin(a), pullback=lambda i, o, g: g[0] * 1.001 * F.cos(i[0]))
    with pytest.raises(GradientCheckError, match=r"(?s)order 1.*finite differences"):
        check_gradient(wrong, [np.array([0.3])])

    def second(inputs, outputs, cotangents):
        return cotangents[0] * stop_gradient(F.cos(inputs[0]))

    with pytest.raises(GradientCheckError, match="order 2"):
        check_gradient(custom_gradient(lambda a: F.sin(a), pullback=second), [np.array([0.3])])
    check_gradient(custom_gradient(lambda a: F.sin(a), pullback=second), [np.array([0.3])], order=1)
    transposed = custom_gradient(
        lambda a: 2 * a, pullback=lambda i, o, g: 3 * g[0], pushforward=lambda i, o, t: 2 * t[0]
    )
    with pytest.raises(GradientCheckError, match="order 1: the pullback"):
        check_gradient(transposed, [np.array([0.3])])
    with pytest.raises(ArgumentError, match="none of the arrays"):
        check_gradient(F.sin, [np.array([1])])


def test_pullback_through_two_outputs_of_which_one_is_unused():
    split = custom_gradient(lambda a: [F.sin(a), F.cos(a)], pullback=lambda i, o, g: g[0] * o[1] - g[1] * o[0])
    first, _ = split(x)
    assert at(pullback(first, x, 1.0), x=0.0) == 1
