"""Derivatives where care is needed: corners, poles, ties, zeros in products, infinities, the branch not taken."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import check_gradient, grad, jacobian, pushforward
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.indexing import Scatter
from bitale_graph.ops.reduction import Cumulate
from bitale_graph.reference import evaluate
from tests.autodiff.samples import const, scalar, vector

inf, nan = np.inf, np.nan


def slopes(function, *points):
    """The gradients of the sum of an elementwise expression with respect to each operand."""
    inputs = [vector(f"x{i}") for i in range(len(points))]
    cost = F.sum(function(*inputs))
    gradients = grad(cost, inputs, disconnected_inputs="ignore")
    return evaluate(gradients, dict(zip(inputs, map(np.array, points), strict=True)))


@pytest.mark.parametrize(
    ("function", "points", "wanted"),
    [
        (F.absolute, [[0.0, -0.0, -2.0]], [[0, 0, -1]]),
        (F.sqrt, [[0.0, 4.0]], [[inf, 0.25]]),
        (lambda x: x**0, [[0.0, 3.0]], [[0, 0]]),
        (lambda x: x**1, [[0.0, 3.0]], [[1, 1]]),
        (lambda x: x**2, [[0.0, 3.0]], [[0, 6]]),
        (lambda x: x**0.5, [[0.0, 4.0]], [[inf, 0.25]]),
        (lambda x: x**-1, [[2.0]], [[-0.25]]),
        (F.power, [[0.0, 0.0, 0.0, 2.0, -2.0], [0.0, 1.0, 2.0, 0.0, 2.0]],
         [[0, 1, 0, 0, -4], [0, 0, 0, np.log(2), nan]]),
        (F.maximum, [[1.0, 2.0, 3.0, nan], [2.0, 2.0, 1.0, 1.0]], [[0, 0.5, 1, 0], [1, 0.5, 0, 0]]),
        (F.minimum, [[1.0, 2.0, 3.0], [2.0, 2.0, 1.0]], [[1, 0.5, 0], [0, 0.5, 1]]),
        (F.fmax, [[1.0, 2.0, nan, 3.0], [2.0, 2.0, 1.0, nan]], [[0, 0.5, 0, 1], [1, 0.5, 1, 0]]),
        (F.fmin, [[1.0, 2.0, nan, 3.0], [2.0, 2.0, 1.0, nan]], [[1, 0.5, 0, 1], [0, 0.5, 1, 0]]),
        (lambda x: F.clip(x, -1.0, 1.0), [[-2.0, -1.0, 0.0, 1.0, 2.0]], [[0, 1, 1, 1, 0]]),
        (row.clip, [[0.0, 0.0, 3.0, 0.0], [1.0, -1.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0]],
         [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]]),
        (F.hypot, [[0.0, 3.0], [0.0, 4.0]], [[0, 0.6], [0, 0.8]]),
        (F.logaddexp, [[-inf, -inf, 0.0, 1e4, inf], [-inf, 1.0, 0.0, 0.0, 3.0]],
         [[0, 0, 0.5, 1, 1], [0, 1, 0.5, 0, 0]]),
        (F.softplus, [[-800.0, 0.0, 800.0]], [[0, 0.5, 1]]),
        (F.sigmoid, [[-800.0, 0.0, 800.0]], [[0, 0.25, 0]]),
        (F.log1mexp, [[-800.0, -np.log(2)]], [[0, -1]]),
        (F.floor, [[0.5, 2.0]], [[0, 0]]),
        (F.sign, [[-1.0, 0.0]], [[0, 0]]),
        (F.copysign, [[2.0, -2.0, 2.0], [1.0, 1.0, -1.0]], [[1, -1, -1], [0, 0, 0]]),
        (F.remainder, [[7.0, -7.0], [3.0, 3.0]], [[1, 1], [-2, 3]]),
        (F.fmod, [[7.0, -7.0], [3.0, 3.0]], [[1, 1], [-2, 2]]),
        (F.relu, [[-1.0, 0.0, 2.0]], [[0, 0.5, 1]]),
        (F.xlogy, [[0.0, 2.0], [0.0, 4.0]], [[0, np.log(4)], [0, 0.5]]),
        (F.sinc, [[0.0]], [[0]]),
    ],
)  # fmt: skip
def test_elementwise(function, points, wanted):
    for came, right in zip(slopes(function, *points), wanted, strict=True):
        np.testing.assert_allclose(came, right, rtol=1e-12, atol=1e-15)


BRANCHES = [
    (lambda x: F.where(x > 0, F.log(x), 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    (lambda x: F.where(x > 0, F.sqrt(x), 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    (lambda x: F.where(x <= 0, 0.0, 1 / x), [-1.0, 0.0, 2.0], [0, 0, -0.25]),
    (lambda x: F.where(x > 0, x * F.log(x), 0.0), [0.0, 1.0], [0, 1]),
    (lambda x: F.where(x > 0, F.log(x) * F.log(x), 0.0), [0.0, np.e], [0, 2 / np.e]),
    (lambda x: F.where(x > 0, F.log(F.sqrt(x)), 0.0), [0.0, 1.0], [0, 0.5]),
    (lambda x: F.where(x > 0, F.where(x > 1, F.log(x - 1), F.log(x)), 0.0), [0.0, 0.5, 1.0, 3.0], [0, 2, 1, 0.5]),
    (lambda x: 3.0 * F.where(F.isfinite(x), F.exp(x) - 1, 0.0), [inf, -inf, 0.0], [0, 0, 3]),
]


@pytest.mark.parametrize(("function", "point", "wanted"), BRANCHES)
def test_the_branch_not_taken_leaves_nothing(function, point, wanted):
    np.testing.assert_allclose(slopes(function, point)[0], wanted, rtol=1e-12)


LOGARITHMS = [
    (lambda x: F.log(F.sigmoid(x)), [-1e3, 0.0, 1e3], [1, 0.5, 0]),
    (lambda x: F.log(1 - F.sigmoid(x)), [-1e3, 0.0, 1e3], [0, -0.5, -1]),
    (lambda x: F.log1p(-F.sigmoid(x)), [1e3], [-1]),
    (lambda x: F.log(1 / (1 + F.exp(-x))), [-1e3, 0.0], [1, 0.5]),
    (lambda x: F.log(F.exp(x) + F.exp(2 * x)), [-1e3, 0.0, 1e3], [1, 1.5, 2]),
    (lambda x: F.log(1 + F.exp(x)), [-1e3, 0.0, 1e3], [0, 0.5, 1]),
    (lambda x: F.log(F.exp(2 * x) - F.exp(x)), [1e3], [2]),
    (lambda x: F.log(3 * F.exp(-x * x) / (2 + x)), [100.0], [-200 - 1 / 102]),
    (lambda x: F.log(1 - 1 / (1 + F.exp(-x))), [-1e3, 0.0, 1e3], [0, -0.5, -1]),
    (lambda x: 1 - 1 / (1 + F.exp(-x)), [-1e3, 0.0, 1e3], [0, -0.25, 0]),
    (lambda x: F.exp(x) / (1 + F.exp(x)), [-1e3, 0.0, 1e3], [0, 0.25, 0]),
    (lambda x: F.sigmoid(x) / (1 - F.sigmoid(x)), [-800.0, 0.0], [0, 1]),
    (lambda x: (1 - F.sigmoid(x)) / F.sigmoid(x), [0.0, 800.0], [-1, 0]),
    (lambda x: F.log(F.exp(-x) / (1 + F.exp(-x)) ** 2), [-1e3, 0.0, 1e3], [1, 0, -1]),
    (lambda x: F.log(F.cosh(x)), [-1e3, 0.0, 1e-9, 1e3], [-1, 0, 1e-9, 1]),
    (lambda x: F.log(1 - F.tanh(x) ** 2), [-1e3, 0.0, 40.0], [2, 0, -2]),
    (lambda x: F.log(1 + F.tanh(x)), [-1e3, 0.0, 40.0], [2, 1, 2 * np.exp(-80)]),
    (lambda x: F.log(F.exp(x) - 1), [1e3], [1]),
    (lambda x: F.log(F.erfc(x)), [0.0], [-2 / np.sqrt(np.pi)]),
    (lambda x: F.log(0.5 * F.erfc(-x)), [0.0], [2 / np.sqrt(np.pi)]),
    (lambda x: F.binary_crossentropy(F.sigmoid(x), 0.25), [-1e3, 1e3], [-0.25, 0.75]),
    (lambda x: F.log(F.softmax(x, 0)) * np.array([0.0, 1.0]), [0.0, -2e3], [-1, 1]),
    (lambda x: F.log(F.sum(F.exp(x))), [1e3, 1e3], [0.5, 0.5]),
    (lambda x: F.log(F.mean(F.exp(x), keepdims=True)), [1e3, 1e3], [0.5, 0.5]),
    (lambda x: F.log(F.prod(F.sigmoid(x))), [-1e3, 1e3], [1, 0]),
]


@pytest.mark.parametrize(("function", "point", "wanted"), LOGARITHMS)
def test_logarithms_do_not_divide_by_what_underflows(function, point, wanted):
    np.testing.assert_allclose(slopes(function, point)[0], wanted, rtol=1e-12, atol=1e-300)


def test_the_derivative_to_what_a_logarithm_is_of():
    x = scalar()
    inside = F.sigmoid(x)
    to_inside, to_x = grad(F.log(inside), [inside, x])
    assert float(evaluate(to_inside, {x: 0.0})) == 2
    assert float(evaluate(to_x, {x: 0.0})) == 0.5
    assert float(evaluate(grad(F.log(inside) * x, x, consider_constant=[inside]), {x: 0.0})) == np.log(0.5)


def test_one_value_used_in_two_branches():
    def function(x):
        y = F.log(x)
        return F.where(x > 0, y, 0.0) + F.where(x > 1, y, 0.0)

    np.testing.assert_allclose(slopes(function, [0.0, 0.5, 2.0])[0], [0, 2, 1])


def test_second_derivatives_behind_a_branch():
    x = scalar()
    curvature = grad(grad(F.where(x > 0, F.log(x), 0.0), x), x)
    assert [float(evaluate(curvature, {x: v})) for v in (0.0, 2.0)] == [0.0, -0.25]


def test_elements_equal_to_an_extremum_share():
    x = vector()
    value = {x: np.array([3.0, 1.0, 3.0, 2.0])}
    np.testing.assert_array_equal(evaluate(grad(F.max(x), x), value), [0.5, 0, 0.5, 0])
    np.testing.assert_array_equal(evaluate(grad(F.min(x), x), value), [0, 1, 0, 0])
    np.testing.assert_array_equal(evaluate(pushforward(F.max(x), x, const([1.0, 5, 2, 7])), value), 1.5)
    running = evaluate(grad(F.sum(Cumulate(row.maximum, 0)(x)), x), value)
    np.testing.assert_array_equal(running, [2, 0, 2, 0])


PRODUCTS = [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]


@pytest.mark.parametrize("point", PRODUCTS, ids=str)
def test_products_with_zeros(point):
    check_gradient(F.prod, [np.array(point)])
    check_gradient(F.prod, [np.array(point)], static=False)
    check_gradient(F.cumprod, [np.array(point)])


def test_running_products_with_an_infinity():
    x = vector()
    slope = grad(F.sum(F.cumprod(x)), x)
    np.testing.assert_array_equal(evaluate(slope, {x: np.array([2.0, np.inf, 3.0])}), [np.inf, 8, np.inf])
    np.testing.assert_array_equal(evaluate(slope, {x: np.array([np.nan, 2.0, 3.0])}), [9, np.nan, np.nan])


def test_products_of_matrices_with_zeros():
    matrix = np.array([[2.0, 0.0, 3.0], [0.0, 5.0, 0.0]])
    for axis in (0, 1, None):
        check_gradient(lambda x, axis=axis: F.prod(x, axis=axis), [matrix])
    for axis in (0, 1):
        check_gradient(lambda x, axis=axis: F.cumprod(x, axis=axis), [matrix])


@pytest.mark.parametrize("updates", [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0]], ids=str)
def test_scattered_products_with_zeros(updates):
    def function(x, y):
        return Scatter((0,), row.multiply)(x, y, const([1, 0, 1]))

    for x in ([3.0, 7.0], [3.0, 0.0]):
        check_gradient(function, [np.array(x), np.array(updates)])


def test_only_the_last_of_several_writes_counts():
    x, y = vector(), vector("y")
    written = Scatter((0,), None)(x, y, const([1, 0, 1]))
    weights = const([1.0, 10.0, 100.0])
    to_x, to_y = grad(F.sum(written * weights), [x, y])
    values = {x: np.zeros(3), y: np.ones(3)}
    np.testing.assert_array_equal(evaluate(to_x, values), [0, 0, 100])
    np.testing.assert_array_equal(evaluate(to_y, values), [0, 1, 10])


def test_written_maxima_share():
    x, y = vector(), vector("y")
    cost = F.sum(Scatter((0,), row.maximum)(x, y, const([0, 0, 1])) * const([1.0, 10.0]))
    to_x, to_y = evaluate(grad(cost, [x, y]), {x: np.array([5.0, 1.0]), y: np.array([5.0, 5.0, 2.0])})
    np.testing.assert_allclose(to_x, [1 / 3, 0])
    np.testing.assert_allclose(to_y, [1 / 3, 1 / 3, 10])


ROOTS = [
    lambda x: F.norm(x),
    lambda x: F.sqrt(F.sum(x**2)),
    lambda x: F.sqrt(F.sum(x * x)),
    lambda x: F.sqrt(F.mean(F.square(x))),
    lambda x: F.sqrt(x[0] ** 2 + x[1] ** 2),
    lambda x: F.sqrt(0.5 * F.dot(x, x)),
]


@pytest.mark.parametrize("function", ROOTS)
def test_the_derivative_of_a_norm_at_the_origin_is_zero(function):
    x = vector()
    slope = grad(function(x), x)
    np.testing.assert_array_equal(evaluate(slope, {x: np.zeros(2)}), [0, 0])
    check_gradient(function, [np.array([0.3, -0.8])])


def test_the_derivative_of_a_deviation_of_equal_numbers_is_zero():
    x = vector()
    np.testing.assert_array_equal(evaluate(grad(F.std(x), x), {x: np.full(3, 2.0)}), np.zeros(3))


def test_logsumexp_of_infinities():
    x = vector()
    slope = grad(F.logsumexp(x), x)
    np.testing.assert_allclose(evaluate(slope, {x: np.array([-inf, 0.0, 0.0])}), [0, 0.5, 0.5])
    np.testing.assert_array_equal(evaluate(slope, {x: np.array([-inf, -inf])}), [0, 0])
    np.testing.assert_array_equal(evaluate(slope, {x: np.array([1e4, 0.0])}), [1, 0])


def test_a_function_of_its_own_power_at_zero():
    x, y = scalar(), scalar("y")
    mixed = grad(grad(x**y, x), y)
    assert float(evaluate(mixed, {x: 2.0, y: 0.0})) == 0.5  # d/dy y x**(y - 1) = 1/x at y = 0


def test_a_pushforward_through_zero_counts_all():
    x = vector()
    (came,) = evaluate([pushforward(F.prod(x), x, const([1.0, 1.0]))], {x: np.array([0.0, 3.0])})
    assert came == 3


def test_jacobian_of_a_maximum_with_ties():
    x = vector()
    found = evaluate(jacobian(F.maximum(x, x[::-1]), x), {x: np.array([1.0, 1.0])})
    np.testing.assert_array_equal(found, [[0.5, 0.5], [0.5, 0.5]])


def test_empty_arrays():
    x = vector()
    for function in (F.sum, F.prod, lambda x: F.sum(F.cumprod(x)), lambda x: F.norm(x)):
        assert evaluate(grad(function(x), x), {x: np.zeros(0)}).shape == (0,)


@pytest.mark.parametrize("value", [0.1, 0.5, 1.0, 2.5, 9.0, 30.0, -0.5, -3.3])
def test_trigamma(value):
    from scipy.special import polygamma

    x = scalar()
    second = grad(grad(F.gammaln(x), x), x)
    np.testing.assert_allclose(evaluate(second, {x: value}), polygamma(1, value), rtol=1e-13)
