"""Default updates: found by function, behind explicit updates, left out on demand, replaced as everything else."""

from __future__ import annotations

import copy
import pickle

import pytest

import bitale as bt
import bitale.tensor as T


@pytest.fixture(params=["c", "numpy"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def counter(name: str, step: float = 1.0) -> bt.SharedVariable:
    made = bt.shared(0.0, name)
    made.default_update = made + step
    return made


def test_functions_that_read_a_variable_update_it(mode):
    n = counter("n")
    f, g = bt.function([], n * 2, mode=mode), bt.function([], n, mode=mode)
    assert [f(), f(), g(), f(), n.get_value()] == [0, 2, 2, 6, 4]
    assert bt.function([], [], mode=mode)() == [] and n.get_value() == 4
    assert n.eval() == 4 and n.get_value() == 5


def test_an_explicit_update_wins():
    n = counter("n")
    bt.function([], n, updates={n: n + 10})()
    assert n.get_value() == 10


def test_they_are_left_out_on_demand():
    n, m = counter("n"), counter("m")
    bt.function([], n + m, no_default_updates=True)()
    bt.function([], n + m, no_default_updates=[n])()
    bt.function([], n + m, no_default_updates=[])()
    assert (n.get_value(), m.get_value()) == (1, 2)
    for wrong in (n, 3):
        with pytest.raises(ValueError, match="a list of shared variables"):
            bt.function([], n, no_default_updates=wrong)
    with pytest.raises(ValueError, match="is no shared variable"):
        bt.function([], n, no_default_updates=[T.scalar()])


def test_updates_bring_what_they_read():
    n, m, unread = counter("n"), bt.shared(1.0, "m"), counter("unread")
    m.default_update = m * 2 + n
    f = bt.function([], m)
    assert [float(f()) for _ in range(4)] == [1, 2, 5, 12]
    assert (n.get_value(), unread.get_value()) == (4, 0)
    w = bt.shared(0.0, "w")
    bt.function([], updates={w: w + n})()
    assert (w.get_value(), n.get_value()) == (4, 5)


def test_givens_replace_in_them_and_instead_of_them():
    n, step = bt.shared(0.0, "n"), T.scalar("step")
    n.default_update = n + step
    f = bt.function([], n, givens={step: 3.0})
    assert [float(f()), float(f())] == [0, 3]
    g = bt.function([], n * 1, givens={n: 7.0})  # the variable is not read any more
    assert (g(), n.get_value()) == (7, 6)
    with pytest.raises(bt.MissingInputError, match="step"):
        bt.function([], n)


def test_a_default_update_must_fit():
    n = bt.shared(0.0, "n")
    n.default_update = T.cast(n, "int64")
    with pytest.raises(TypeError, match="the update of `n` has dtype int64"):
        bt.function([], n)


def test_copies_and_pickles_keep_them():
    n = counter("n")
    f = bt.function([], n)
    f()
    deep, shallow, thawed = copy.deepcopy(n), f.copy(), pickle.loads(pickle.dumps(n))
    for each in (deep, thawed):
        assert float(bt.function([], each)()) == 1 and each.get_value() == 2
    assert (shallow(), n.get_value()) == (1, 2)
    g = pickle.loads(pickle.dumps(f))
    assert [float(g()), float(g()), float(n.get_value())] == [2, 3, 2]
    assert f.copy(delete_updates=True)() == 2 and n.get_value() == 2
