"""Random streams: draws advance, are what the functions of their keys give, start again, and live in loops."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale import RandomStream, random
from bitale.random import MRG_RandomStreams, RandomStreams


@pytest.fixture(params=["c", "numpy"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def test_calls_advance_and_equal_seeds_agree(mode):
    calls = []
    for _ in range(2):
        stream = RandomStream(seed=5)
        x, y = stream.normal(size=3), stream.normal(size=3)
        f = bt.function([], [x, y, x - x], mode=mode)
        calls.append([f(), f()])
    (first, second), again = calls
    np.testing.assert_array_equal(np.array([first, second]), again)
    assert len(np.unique([*first[:2], *second[:2]])) == 12
    assert not first[2].any()  # one draw used twice is the same numbers
    other = RandomStream(seed=6)
    assert not np.isin(bt.function([], other.normal(size=3))(), first).any()


def test_functions_share_the_draws_that_they_share():
    stream = RandomStream(1)
    x = stream.uniform(size=2)
    f, g = bt.function([], x), bt.function([], x * 1)
    one, two, three = f(), g(), f()
    stream.seed(1)
    h = bt.function([], x)
    np.testing.assert_array_equal([h(), h(), h()], [one, two, three])


def test_a_draw_is_the_function_of_its_key():
    stream = RandomStream(3)
    x = stream.gamma(2.0, 3.0, size=(2, 2))
    (state,) = stream.states
    key = state.get_value()
    found = bt.function([], x)()
    wanted = random.gamma(key, 2.0, (2, 2), scale=3.0).eval()
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(state.get_value(), key + np.array([0, 1], "uint64"))


def test_seeds_start_again_and_may_come_from_the_system():
    stream = RandomStream(9)
    f = bt.function([], stream.normal(size=4))
    first, second = f(), f()
    stream.seed(9)
    np.testing.assert_array_equal([f(), f()], [first, second])
    stream.seed(10)
    assert not np.array_equal(f(), first)
    stream.seed()
    assert len({float(RandomStream().uniform().eval()) for _ in range(3)}) == 3
    for wrong in (-1, 2**128):
        with pytest.raises(ValueError, match="a seed is not negative"):
            RandomStream(wrong)
    with pytest.raises(TypeError, match="a seed is a whole number"):
        RandomStream(0.5)


def test_updates_can_be_given_and_left_out():
    stream = RandomStream(2)
    x = stream.normal()
    still, given = bt.function([], x, no_default_updates=True), bt.function([], x, updates=stream.updates())
    assert still() == still()
    assert stream.state_updates == stream.updates()
    assert given() != given()


def test_sizes_are_symbolic_and_parameters_give_shapes(mode):
    stream, n, loc = RandomStream(4), T.lscalar("n"), T.vector("loc")
    draws = [stream.normal(size=(n, 2)), stream.normal(loc, 0.0), stream.poisson(3.0, size=n)]
    f = bt.function([n, loc], draws, mode=mode)
    drawn, centres, counts = f(5, [1.0, 2.0, 3.0])
    assert (drawn.shape, counts.shape, counts.dtype) == ((5, 2), (5,), "int64")
    np.testing.assert_array_equal(centres, [1, 2, 3])


METHODS = {
    "uniform": (-1.0, 1.0), "random": (), "normal": (0.0, 1.0), "standard_normal": (), "lognormal": (0.0, 1.0),
    "truncated_normal": (0.0, 1.0, -1.0, 3.0), "exponential": (2.0,), "gamma": (2.0, 1.0), "beta": (1.0, 2.0),
    "dirichlet": ([1.0, 2.0],), "chisquare": (3.0,), "standard_t": (3.0,), "t": (3.0, 0.0, 1.0), "laplace": (0.0, 1.0),
    "logistic": (0.0, 1.0), "gumbel": (0.0, 1.0), "cauchy": (0.0, 1.0), "weibull": (2.0, 1.0), "pareto": (2.0, 1.0),
    "multivariate_normal": ([0.0, 1.0], np.eye(2)), "bernoulli": (0.3,), "binomial": (4, 0.5), "poisson": (3.0,),
    "geometric": (0.3,), "negative_binomial": (3.0, 0.5), "integers": (0, 10), "categorical": ([0.5, 0.5],),
    "multinomial": (10, [0.2, 0.8]), "choice": (5,),
}  # fmt: skip


def test_every_method():
    stream = RandomStream(0)
    draws = [getattr(stream, name)(*given, size=(2, 3)) for name, given in METHODS.items()]
    draws += [stream.permutation(6), stream.shuffle(np.arange(6).reshape(3, 2))]
    f = bt.function([], draws)
    first, second = f(), f()
    for name, a, b in zip([*METHODS, "permutation", "shuffle"], first, second, strict=True):
        assert name in ("permutation", "shuffle") or a.shape[:2] == (2, 3), name
        assert getattr(RandomStream, name).__doc__, name
        assert name in ("bernoulli", "categorical", "shuffle") or not np.array_equal(a, b), name
    assert sorted(first[-2]) == list(range(6)) and sorted(first[-1].tolist()) == [[0, 1], [2, 3], [4, 5]]


def test_theano_names_put_the_size_first():
    stream = RandomStreams(seed=234)
    assert MRG_RandomStreams is RandomStreams
    draws = {
        "uniform": stream.uniform((2, 2)), "normal": stream.normal((2, 2), avg=5.0, std=0.1),
        "binomial": stream.binomial((2, 2), n=1, p=0.5, dtype="float32"), "poisson": stream.poisson((2, 2), lam=2.0),
        "integers": stream.random_integers((2, 2), 0, 3), "choice": stream.choice((2, 2), a=4, p=[0.1, 0.2, 0.3, 0.4]),
        "truncated": stream.truncated_normal(size=(2, 2)), "permutation": stream.permutation((2,), n=4),
        "multinomial": stream.multinomial(n=1, pvals=[[0.1, 0.9], [1.0, 0.0]]),
        "shuffled": stream.shuffle_row_elements(np.arange(8).reshape(2, 4)), "one": stream.permutation(n=3),
    }  # fmt: skip
    found = bt.function([], draws)()
    assert all(a.shape[0] == 2 for name, a in found.items() if name != "one")
    assert found["binomial"].dtype == "float32" and abs(found["truncated"]).max() < 2
    assert np.sort(found["permutation"], axis=1).tolist() == [[0, 1, 2, 3]] * 2
    assert found["multinomial"].sum(axis=1).tolist() == [1, 1] and found["multinomial"][1, 0] == 1
    assert np.sort(found["shuffled"], axis=1).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_draws_in_loops_are_new_at_every_step():
    stream = RandomStream(8)
    steps, updates = bt.scan(lambda: stream.normal(), n_steps=5)
    f = bt.function([], steps, updates=updates)
    assert len(np.unique([f(), f()])) == 10


def test_masks_are_new_for_every_training_step():
    """Dropout: the mask of the gradient is that of the value."""
    stream, x = RandomStream(7), T.vector("x")
    w = bt.shared(np.ones(50))
    kept = T.switch(stream.bernoulli(0.5, size=50), w * x, 0.0)
    step = bt.function([x], [kept, bt.grad(T.sum(kept), w)])
    (first, slope), (second, _) = step(np.full(50, 3.0)), step(np.full(50, 3.0))
    np.testing.assert_array_equal(first, slope)
    assert set(first) == {0.0, 3.0} and not np.array_equal(first, second)


def test_threads_change_nothing():
    stream = RandomStream(11)
    x = stream.normal(size=(1500, 1000))
    results = []
    for threads in (1, 4):
        stream.seed(11)
        with bt.config.set(threads=threads):
            f = bt.function([], [x, T.mean(T.exp(x))])
        results.append(f())
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-13)
    assert 1.6 < results[0][1] < 1.7  # the square root of e


def test_pickled_functions_go_on():
    stream = RandomStream(12)
    f = bt.function([], stream.normal(size=2))
    f()
    g = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal([g(), g()], [f(), f()])


def test_keys_in_loops():
    """Folded by the step's number, or carried; a key that stands twice in a step is one."""
    key = random.key(3)

    def step(total, number):
        drawn = random.normal(random.fold_in(key, number), (3,))
        return total + random.normal(random.fold_in(key, number)), drawn

    total, rows = bt.function([], list(bt.loop.scan(step, T.zeros(()), T.arange(4))))()
    wanted = [random.normal(random.fold_in(key, number), (3,)).eval() for number in range(4)]
    np.testing.assert_allclose(rows, wanted, rtol=1e-13)
    np.testing.assert_allclose(total, sum(row[0] for row in wanted), rtol=1e-12)

    def carry(key, _):
        keys = random.split(key)
        return keys[0], random.uniform(keys[1], (2,))

    _, pairs = bt.loop.scan(carry, key, T.arange(5))
    assert len(np.unique(bt.function([], pairs)())) == 10


def test_vmap_draws_for_many_keys():
    keys = random.split(random.key(1), 3)
    for draw in (
        lambda key: random.normal(key, (70,)), lambda key: random.gamma(key, 2.0, (3,)),
        lambda key: random.permutation(key, 6), lambda key: random.choice(key, 9, (2,), replace=False),
        lambda key: random.multinomial(key, 9, [0.5, 0.2, 0.3]),
    ):  # fmt: skip
        found = bt.function([], bt.vmap(draw)(keys))()
        np.testing.assert_allclose(found, [draw(key).eval() for key in keys.eval()], rtol=1e-13)


def test_streams_are_where_theano_has_them():
    assert T.random is random and T.random.RandomStream is RandomStream


def test_exported_functions_carry_their_state(tmp_path):
    f = bt.function([], RandomStream(3).normal(size=4), name="draw")
    header = f.export(tmp_path)
    text = "".join(path.read_text() for path in sorted(tmp_path.iterdir()))
    assert header is not None and "draw_state" in text and "random_state_0[2]" in text


def test_categories_are_drawn_by_logits_too():
    rng = bt.RandomStream(3)
    both = bt.function([], [rng.categorical(logits=np.log([0.2, 0.8]), size=4000)])()[0]
    assert abs(both.mean() - 0.8) < 0.03
