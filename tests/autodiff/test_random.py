"""Derivatives of draws by their parameters: the same random numbers, as functions of the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bitale_autodiff import UndefinedGradientError, grad
from bitale_graph import Variable, evaluate, tensor_type
from bitale_graph.functions import random
from bitale_graph.functions import sum as total

KEY = random.key(7)
COUNT = 50
STEP = 1e-5

# A draw of one parameter, and where it is differentiated.
DRAWS = {
    "uniform": (lambda v: random.uniform(KEY, (COUNT,), maxval=v), 2.0),
    "normal": (lambda v: random.normal(KEY, (COUNT,), scale=v), 1.5),
    "lognormal": (lambda v: random.lognormal(KEY, v, (COUNT,)), 0.7),
    "truncated_normal": (lambda v: random.truncated_normal(KEY, v, 2.0, (COUNT,)), -0.5),
    "exponential": (lambda v: random.exponential(KEY, (COUNT,), scale=v), 3.0),
    "laplace": (lambda v: random.laplace(KEY, (COUNT,), scale=v), 3.0),
    "logistic": (lambda v: random.logistic(KEY, (COUNT,), loc=v), 3.0),
    "gumbel": (lambda v: random.gumbel(KEY, (COUNT,), scale=v), 3.0),
    "cauchy": (lambda v: random.cauchy(KEY, (COUNT,), scale=v), 3.0),
    "weibull": (lambda v: random.weibull(KEY, v, (COUNT,)), 1.7),
    "pareto": (lambda v: random.pareto(KEY, v, (COUNT,)), 2.5),
    "scale of gamma": (lambda v: random.gamma(KEY, 2.0, (COUNT,), scale=v), 2.5),
    "cholesky": (lambda v: random.multivariate_normal(KEY, [0.0, 1.0], cholesky=[[1.0, 0.0], [v, 2.0]]), 0.5),
}


@pytest.mark.parametrize("name", DRAWS)
def test_transformations(name):
    """Differences of the same random numbers are what the gradient says."""
    draw, at = DRAWS[name]
    v = Variable(tensor_type("float64"), name="v")
    numbers = draw(v)
    slope = evaluate(grad(total(numbers), v), {v: at})
    ahead, behind = (evaluate(numbers, {v: at + step}).sum() for step in (STEP, -STEP))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * STEP), rtol=1e-6)


@pytest.mark.parametrize("a", [0.05, 1.0, 8.0, 300.0, 2e5])
def test_shapes_of_gamma_numbers(a):
    """A rejected trial makes a jump; between jumps the quantile moves as the distribution does."""
    v = Variable(tensor_type("float64", (COUNT,)), name="v")
    numbers = random.gamma(KEY, v)
    z = evaluate(numbers, {v: np.full(COUNT, a)})
    slope = evaluate(grad(total(numbers), v), {v: np.full(COUNT, a)})
    level, step = stats.gamma(a).cdf(z), 1e-4 * a
    wanted = (stats.gamma(a + step).ppf(level) - stats.gamma(a - step).ppf(level)) / (2 * step)
    middle = (level > 1e-6) & (level < 1 - 1e-6) & (z > 1e-280)
    np.testing.assert_allclose(slope[middle], wanted[middle], rtol=2e-4)


def test_means_of_gradients_are_gradients_of_means():
    """E[gamma(a)] = a, E[beta(a, b)] = a / (a + b), E[chi² of df] = df."""
    v = Variable(tensor_type("float64"), name="v")
    shape = (20_000,)
    for draw, at, wanted in [
        (random.gamma(KEY, v, shape), 0.7, 1.0),
        (random.beta(KEY, v, 2.0, shape), 1.5, 2 / 3.5**2),
        (random.chisquare(KEY, v, shape), 3.0, 1.0),
        (random.dirichlet(KEY, [v, 2.0], shape)[:, 0], 1.5, 2 / 3.5**2),
    ]:
        slope = evaluate(grad(total(draw), v), {v: at}) / 20_000
        np.testing.assert_allclose(slope, wanted, rtol=0.05)


def test_counts_have_no_gradient_and_second_derivatives_of_shapes_none_yet():
    v = Variable(tensor_type("float64"), name="v")
    slope = grad(total(random.poisson(KEY, v, (3,)) * v), v)
    np.testing.assert_array_equal(evaluate(slope, {v: 4.0}), evaluate(total(random.poisson(KEY, v, (3,))), {v: 4.0}))
    once = grad(total(random.gamma(KEY, v, (3,))), v)
    with pytest.raises(UndefinedGradientError, match="cannot be differentiated again"):
        grad(once, v)
