"""Draws inside loops: new at every step and at every call, the same in C and in the reference, with their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

N, S, X = T.lscalar("n"), T.dscalar("s"), T.dvector("x")
ZERO, VALUES = T.constant(0.0), np.array([1.0, -1.0, 2.0, 0.5])


def nested(rng):
    def outer(total):
        inner, updates = bt.scan(lambda b: b + rng.normal(), outputs_info=total, n_steps=3)
        return inner[-1], updates

    return bt.scan(outer, outputs_info=ZERO, n_steps=N)


def nested_without_updates(rng):
    return bt.scan(
        lambda total: bt.scan(lambda b: b + rng.normal(), outputs_info=total, n_steps=3)[0][-1], None, ZERO, n_steps=N
    )


def with_a_draw_outside(rng):
    outside = rng.normal()
    return bt.scan(lambda p: p + outside + rng.normal(), outputs_info=ZERO, n_steps=N)


PROGRAMS = {
    "walk": lambda rng: bt.scan(lambda p: p + rng.normal(), outputs_info=ZERO, n_steps=N),
    "arrays": lambda rng: bt.scan(
        lambda a, p: 0.5 * p + a * rng.uniform(size=3) + rng.gamma(2.0, size=3), X, T.zeros(3)
    ),
    "until": lambda rng: bt.scan(lambda p: (p + rng.exponential(), bt.until(p > 5)), None, ZERO, n_steps=10**6),
    "nested": nested,
    "nested, updates found": nested_without_updates,
    "branches": lambda rng: bt.scan(lambda a, p: bt.ifelse(a > 0, p + rng.normal(), p - a), X, rng.normal()),
    "outside": with_a_draw_outside,
    "fori": lambda rng: (bt.loop.fori_loop(0, N, lambda i, p: p + rng.normal(size=2), T.zeros(2)), {}),
    "while": lambda rng: (bt.loop.while_loop(lambda p: p < 5, lambda p: p + rng.uniform(), ZERO), {}),
}


def calls(mode: str | None, passed: bool) -> list[dict[str, np.ndarray]]:
    """Three calls of a function of all programs, each with a stream of its own."""
    built = {name: build(bt.RandomStream(7)) for name, build in PROGRAMS.items()}
    updates = {k: v for _, found in built.values() for k, v in found.items()} if passed else None
    f = bt.function([N, X], {name: out for name, (out, _) in built.items()}, updates=updates, mode=mode)
    return [f(4, VALUES) for _ in range(3)]


def test_c_draws_what_the_reference_draws_at_every_call():
    compiled, reference, found = calls(None, True), calls("numpy", True), calls(None, False)
    for name in PROGRAMS:
        for a, b, c in zip(compiled, reference, found, strict=True):
            np.testing.assert_allclose(a[name], b[name], rtol=1e-10, err_msg=name)
            np.testing.assert_array_equal(a[name], c[name], err_msg=f"{name}: updates are found")
        ends = [np.ravel(each[name])[-1] for each in compiled]
        assert len(np.unique(np.round(ends, 9))) == 3, f"{name}: every call is new"
    steps = np.diff(compiled[0]["walk"])
    assert len(np.unique(steps.round(9))) == 3


@pytest.mark.parametrize("checkpoint", [None, "sqrt"])
def test_gradients_of_reparameterised_draws(checkpoint):
    rng = bt.RandomStream(3)
    last, _ = bt.loop.scan(lambda h, x: (0.9 * h + S * rng.normal() * x,) * 2, ZERO, X, checkpoint=checkpoint)
    f = bt.function([S, X], [last, bt.grad(last, S)])
    first, second = f(2.0, VALUES), f(2.0, VALUES)
    assert first[0] != second[0]
    for value, slope in (first, second):
        np.testing.assert_allclose(slope, value / 2)


def test_a_markov_chain_and_a_metropolis_sampler():
    rng, rows = bt.RandomStream(1), T.constant(np.array([[0.1, 0.9], [0.8, 0.2]]))

    def metropolis(p):
        proposal = p + 2 * rng.normal()
        return bt.ifelse(rng.uniform() < T.exp((p**2 - proposal**2) / 2), proposal, p)

    chain, _ = bt.scan(lambda k: rng.categorical(rows[k]), outputs_info=T.constant(0), n_steps=N)
    states, _ = bt.scan(metropolis, outputs_info=ZERO, n_steps=N)
    k, p = bt.function([N], [chain, states])(20_000)
    found = [[np.mean(k[1:][k[:-1] == i] == j) for j in (0, 1)] for i in (0, 1)]
    np.testing.assert_allclose(found, rows.data, atol=0.02)
    assert abs(p.mean()) < 0.1 and abs(p.var() - 1) < 0.1
