"""Keys, choices, shapes and dtypes of draws, and what bad arguments get; with the NumPy reference."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy import stats

from bitale_graph import Variable, evaluate, tensor_type
from bitale_graph.dtypes import FLOATS
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions import random
from bitale_graph.ops.random import Permutation

KEY = random.key(2024)
COUNT = 20_000
UNLIKELY = 1e-4


def value(x: Variable) -> np.ndarray:
    return evaluate(x)


# ---- keys ---------------------------------------------------------------------------------------------------------


def test_keys():
    assert KEY.type == tensor_type("uint64", (2,)) and random.PRNGKey is random.key
    assert value(random.key(2**64 + 5)).tolist() == [5, 1]
    seed = Variable(tensor_type("int64", ()), name="seed")
    np.testing.assert_array_equal(evaluate(random.key(seed), {seed: 2024}), value(KEY))
    children = [value(random.split(KEY, 3)), *(value(random.fold_in(KEY, k)) for k in range(3))]
    np.testing.assert_array_equal(children[0], children[1:])
    assert value(random.fold_in(KEY, np.arange(6).reshape(2, 3))).shape == (2, 3, 2)
    assert len(np.unique([*children[0].ravel(), *value(KEY)])) == 8
    assert value(random.key()).tolist() != value(random.key()).tolist()


def test_keys_streams_and_draws_are_independent():
    """Neighbouring seeds, children, grandchildren, words of one draw: no correlation, and pairs fill the square."""
    seeds = [value(random.normal(random.key(seed), (COUNT,))) for seed in range(4)]
    children = [value(random.normal(random.fold_in(KEY, k), (COUNT,))) for k in range(4)]
    grand = [value(random.normal(random.fold_in(random.fold_in(KEY, k), 0), (COUNT,))) for k in range(2)]
    draws = np.array([*seeds, *children, *grand, value(random.normal(KEY, (COUNT,)))])
    correlations = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(COUNT)
    for lag in (1, 2, 16, 32, 64):
        assert abs(np.corrcoef(draws[0][:-lag], draws[0][lag:])[0, 1]) < 5 / np.sqrt(COUNT)
    u = value(random.uniform(KEY, (COUNT, 2), "float32"))
    cells = np.bincount((u * 16).astype(int) @ [16, 1], minlength=256)
    assert stats.chisquare(cells).pvalue > UNLIKELY


def test_words_have_fair_bits():
    words = value(random.integers(KEY, 0, 2**64 - 1, (COUNT,), "uint64", endpoint=True))
    ones = [int(np.count_nonzero(words >> np.uint64(bit) & np.uint64(1))) for bit in range(64)]
    assert min(stats.binomtest(n, COUNT).pvalue for n in ones) > UNLIKELY


# ---- shapes and dtypes --------------------------------------------------------------------------------------------


def test_shapes_are_those_of_parameters_or_given():
    loc, unknown = np.zeros((3, 1)), Variable(tensor_type("float64", (None,)), name="unknown")
    assert random.normal(KEY, loc=loc, scale=np.ones(4)).type.shape == (3, 4)
    assert random.normal(KEY).type.shape == () and random.normal(KEY, 5).type.shape == (5,)
    assert random.normal(KEY, (2, 3, 4), loc=loc).type.shape == (2, 3, 4)
    assert random.normal(KEY, loc=unknown).type.shape == (None,)
    n = Variable(tensor_type("int64", ()), name="n")
    assert evaluate(random.normal(KEY, (n, 2)), {n: 3}).shape == (3, 2)
    assert value(random.dirichlet(KEY, np.ones((4, 3)))).shape == (4, 3)
    assert value(random.dirichlet(KEY, np.ones(3), (5, 2))).shape == (5, 2, 3)
    for shape, parameter in [((2,), np.zeros(3)), ((3,), loc), ((1,), np.zeros(2))]:
        text = rf"normal: loc does not stretch to the shape \({shape[0]}\)\n    loc: float64"
        with pytest.raises(ShapeError, match=text):
            random.normal(KEY, shape, loc=parameter)


def test_dtypes_follow_the_parameters():
    assert random.normal(KEY).dtype == "float64" and random.normal(KEY, loc=np.float32(1)).dtype == "float64"
    for dtype in FLOATS:
        assert value(random.uniform(KEY, (10_000,), dtype)).max() < 1  # rounding makes no 1 of it
        numbers = value(random.normal(KEY, (1000,), dtype))
        assert numbers.dtype == dtype and abs(numbers.mean()) < 0.2
    assert random.poisson(KEY, 3.0, dtype="int8").dtype == "int8"
    assert random.bernoulli(KEY).dtype == "bool"
    with pytest.raises(DtypeError, match="normal: numbers of dtype int32 cannot be drawn"):
        random.normal(KEY, dtype="int32")
    with pytest.raises(DtypeError, match="normal: loc must be real"):
        random.normal(KEY, loc=1j)
    with pytest.raises(DtypeError, match="counts are integers"):
        random.poisson(KEY, 1.0, dtype="float64")


def test_extreme_words_make_finite_numbers():
    """Nothing is NaN, nor 1 where 1 is left out."""
    for dtype in ("float32", "float64"):
        u = value(random.uniform(KEY, (COUNT,), dtype))
        assert u.min() >= 0 and u.max() < 1
    t = value(random.t(KEY, 1e-2, (1000,)))
    assert not np.isnan(t).any()
    assert (value(random.beta(KEY, 1e-3, 1e-3, (1000,))) <= 1).all()


def test_draws_without_spread():
    same = {"loc": 3.0, "scale": 0.0}
    for draw in (random.normal, random.laplace, random.logistic, random.gumbel, random.cauchy):
        assert set(value(draw(KEY, (9,), **same))) == {3.0}
    assert set(value(random.uniform(KEY, (9,), minval=2.0, maxval=2.0))) == {2.0}
    assert set(value(random.gamma(KEY, 0.0, (9,)))) == {0.0}
    assert np.isnan(value(random.normal(KEY, loc=np.nan)))


# ---- choices ------------------------------------------------------------------------------------------------------

P = np.array([0.1, 0.0, 0.4, 0.2, 0.3])


def fits(numbers: np.ndarray, chances: np.ndarray) -> bool:
    observed = np.bincount(numbers.ravel(), minlength=len(chances))
    assert not observed[chances == 0].any() and len(observed) == len(chances)
    likely = chances > 0
    return stats.chisquare(observed[likely], chances[likely] * numbers.size).pvalue > UNLIKELY


def test_categories():
    logits = np.log(np.array([[1.0, 2.0, 1.0], [5.0, 0.5, 4.5]]))
    numbers = value(random.categorical(KEY, logits, shape=(COUNT, 2)))
    assert fits(numbers[:, 0], np.array([0.25, 0.5, 0.25])) and fits(numbers[:, 1], np.array([0.5, 0.05, 0.45]))
    assert value(random.categorical(KEY, logits, axis=0)).shape == (3,)
    assert fits(value(random.categorical(KEY, p=P, shape=(COUNT,))), P)
    with pytest.raises(ArgumentError, match="either logits or p"):
        random.categorical(KEY)


@pytest.mark.parametrize("n", [3, 1000])
def test_multinomial_counts(n):
    counts = value(random.multinomial(KEY, n, P, (5000,)))
    assert counts.shape == (5000, 5) and (counts.sum(axis=1) == n).all() and not counts[:, 1].any()
    error = np.sqrt(n * P * (1 - P) / 5000)
    assert (np.abs(counts.mean(axis=0) - n * P) <= 5 * error).all()
    covariance = n * (np.diag(P) - np.outer(P, P))
    np.testing.assert_allclose(np.cov(counts.T), covariance, atol=0.1 * n * 0.24)
    assert value(random.multinomial(KEY, [4, 0], np.stack([P, P]))).sum(axis=1).tolist() == [4, 0]
    assert value(random.multinomial(KEY, 7, [1.0])).tolist() == [7]


def test_permutations_are_all_as_likely():
    keys = random.split(KEY, 2400)
    orders = value(Permutation(4)(keys[:, 0], keys[:, 1]))
    found = dict.fromkeys(itertools.permutations(range(4)), 0)
    for order in map(tuple, orders.tolist()):
        found[order] += 1
    assert stats.chisquare(list(found.values())).pvalue > UNLIKELY


def test_permuted_arrays_keep_their_elements():
    x = np.arange(12).reshape(4, 3)
    for axis in (0, 1, -1):
        np.testing.assert_array_equal(np.sort(value(random.permutation(KEY, x, axis)), axis=axis), x)
    assert sorted(value(random.shuffle(KEY, np.array([5.0, 6.0, 7.0])))) == [5, 6, 7]
    assert value(random.permutation(KEY, 0)).tolist() == [] and value(random.permutation(KEY, 1)).tolist() == [0]


def test_choices_with_replacement():
    assert fits(value(random.choice(KEY, 4, (COUNT,))), np.full(4, 0.25))
    letters = np.array([10, 20, 30, 40, 50])
    assert fits(value(random.choice(KEY, letters, (COUNT,), p=P)) // 10 - 1, P)
    assert value(random.choice(KEY, np.arange(6).reshape(2, 3), (4,), axis=1)).shape == (2, 4)
    assert value(random.choice(KEY, letters)).shape == ()


def test_choices_without_replacement():
    chosen = value(random.choice(KEY, 10, (2, 5), replace=False))
    assert sorted(chosen.ravel()) == list(range(10))
    first = [value(random.choice(key, 5, (2,), replace=False, p=P)) for key in value(random.split(KEY, 600))]
    assert fits(np.array(first)[:, 0], P) and all(a != b for a, b in first)
    second = sum(P[k] * np.where(np.arange(5) == k, 0, P) / (1 - P[k]) for k in range(5))
    assert fits(np.array(first)[:, 1], second)
    with pytest.raises(ArgumentError, match="11 of 10 elements"):
        random.choice(KEY, 10, (11,), replace=False)
    n = Variable(tensor_type("int64", ()), name="n")
    with pytest.raises(ArgumentError, match="fewer elements than choices"):
        evaluate(random.choice(KEY, 10, (n,), replace=False), {n: 11})


def test_multivariate_normals():
    mean, factor = np.array([1.0, -2.0, 0.5]), np.array([[2.0, 0, 0], [1.0, 1.0, 0], [-1.0, 0.5, 0.3]])
    cov = Variable(tensor_type("float64", (3, 3)), name="cov")
    symbolic = evaluate(random.multivariate_normal(KEY, mean, cov, (COUNT,)), {cov: factor @ factor.T})
    constant = value(random.multivariate_normal(KEY, mean, factor @ factor.T, (COUNT,)))
    given = value(random.multivariate_normal(KEY, mean, shape=(COUNT,), cholesky=factor))
    np.testing.assert_allclose(symbolic, given, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(constant, given, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(given.mean(axis=0), mean, atol=0.08)
    np.testing.assert_allclose(np.cov(given.T), factor @ factor.T, atol=0.2)
    assert value(random.multivariate_normal(KEY, mean, np.eye(3))).shape == (3,)
    with pytest.raises(ArgumentError, match="not positive definite"):
        random.multivariate_normal(KEY, mean, -np.eye(3))
    with pytest.raises(ArgumentError, match="either cov or cholesky"):
        random.multivariate_normal(KEY, mean)
    with pytest.raises(ShapeError, match="Give a factor as cholesky="):
        random.multivariate_normal(KEY, mean, Variable(tensor_type("float64", (None, None))))


def test_integers_reach_their_bounds_and_no_further():
    for low, high, dtype in [(0, 2, "int64"), (-3, 5, "int8"), (250, 256, "uint8"), (2**63, 2**64 - 1, "uint64")]:
        numbers = value(random.integers(KEY, low, high, (2000,), dtype))
        assert numbers.dtype == dtype and low <= int(numbers.min()) and int(numbers.max()) < high
        assert high - low > 10 or set(map(int, numbers)) == set(range(low, high))
    assert set(map(int, value(random.integers(KEY, 3, shape=(200,))))) == {0, 1, 2}
    assert set(map(int, value(random.integers(KEY, 1, 2, (50,), endpoint=True)))) == {1, 2}
    assert value(random.randint(KEY, (4,), 0, 3)).shape == (4,)


# ---- what bad arguments get ---------------------------------------------------------------------------------------

BAD = {
    "scale": (lambda v: random.normal(KEY, scale=v), -1.0, "normal: scale must be at least 0"),
    "sigma": (lambda v: random.lognormal(KEY, v), [-1.0, 1.0], "lognormal: sigma must be at least 0"),
    "rate": (lambda v: random.exponential(KEY, scale=v), -0.1, "exponential: scale must be at least 0"),
    "maxval": (lambda v: random.uniform(KEY, maxval=v), -1.0, "uniform: maxval must be at least minval"),
    "upper": (lambda v: random.truncated_normal(KEY, 1.0, v), 1.0, "truncated_normal: upper must be more than lower"),
    "a": (lambda v: random.gamma(KEY, v), -2.0, "gamma: a must be at least 0"),
    "beta": (lambda v: random.beta(KEY, 1.0, v), 0.0, "beta: b must be more than 0"),
    "alpha": (lambda v: random.dirichlet(KEY, v), [1.0, 0.0], "dirichlet: alpha must be more than 0"),
    "df": (lambda v: random.t(KEY, v), 0.0, "t: df must be more than 0"),
    "p": (lambda v: random.bernoulli(KEY, v), 1.5, "bernoulli: p must be from 0 to 1"),
    "nan": (lambda v: random.bernoulli(KEY, v), np.nan, "bernoulli: p must be from 0 to 1"),
    "chance": (lambda v: random.binomial(KEY, 3, v), -0.5, "binomial: p must be from 0 to 1"),
    "n": (lambda v: random.binomial(KEY, v, 0.5), -3, "binomial: n must be at least 0"),
    "lam": (lambda v: random.poisson(KEY, v), -1.0, "poisson: lam must be from 0"),
    "success": (lambda v: random.geometric(KEY, v), 0.0, "geometric: p must be more than 0 and at most 1"),
    "failures": (lambda v: random.negative_binomial(KEY, v, 0.5), 0.0, "negative_binomial: n must be more than 0"),
    "high": (lambda v: random.integers(KEY, 5, v), 5, "integers: high must be more than low"),
    "sum": (lambda v: random.categorical(KEY, p=v), [0.5, 0.6], "categorical: p must be probabilities"),
    "negative": (lambda v: random.choice(KEY, 2, p=v), [1.5, -0.5], "choice: p must be probabilities"),
    "pvals": (lambda v: random.multinomial(KEY, 3, v), [0.2, 0.2], "multinomial: p must be probabilities"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_parameters(case):
    """Known ones are refused when the graph is built, others when it runs, with the line that made them."""
    build, bad, text = BAD[case]
    with pytest.raises(ArgumentError, match=re.escape(text)):
        build(bad)
    array = np.asarray(bad)
    given = Variable(tensor_type(array.dtype, array.shape), name="given")
    lines = r".*given: .*test_functions_random\.py:.*Drawn at .*test_functions_random\.py:"
    with pytest.raises(ArgumentError, match=f"(?s){re.escape(text)}{lines}"):
        evaluate(build(given), {given: bad})


def test_bounds_that_depend_on_each_other():
    low = Variable(tensor_type("float64", ()), name="low")
    for draw in (random.uniform(KEY, minval=low), random.truncated_normal(KEY, low, 1.0)):
        assert -2 <= evaluate(draw, {low: -2.0}) < 1
        with pytest.raises(ArgumentError, match="must be"):
            evaluate(draw, {low: 2.0})


def test_what_is_no_key():
    with pytest.raises(DtypeError, match=r"normal: a key is made of uint64, not int64(?s:.*)random\.key\(seed\)"):
        random.normal(np.array([1, 2]))
    with pytest.raises(ShapeError, match="one key is a vector of two numbers"):
        random.normal(random.split(KEY))
    with pytest.raises(DtypeError, match="a seed is a whole number"):
        random.key(1.5)
    with pytest.raises(DtypeError, match="a seed is an integer scalar"):
        random.key(Variable(tensor_type("float64", ())))
    with pytest.raises(DtypeError, match="the data must be integers"):
        random.fold_in(KEY, 1.5)
    with pytest.raises(ShapeError, match="a length cannot be negative"):
        random.normal(KEY, (-1,))
    with pytest.raises(DtypeError, match="bounds are integers"):
        random.integers(KEY, 0.5)
    with pytest.raises(ArgumentError, match="out of range for int8"):
        random.integers(KEY, 0, 300, dtype="int8")
