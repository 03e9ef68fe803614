"""Arrays in loops whose lengths differ from step to step, and loops that may end long before their bound."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale_graph.graph import Graph
from bitale_rewrite.expand import expand
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower

X, N, LIMIT = T.dvector("x"), T.lscalar("n"), T.dscalar("limit")
VALUES = np.random.default_rng(0).normal(size=7)
MEMORY = 1e6  # bytes


def growing(x, n):
    """Sums over a part that grows and one that shrinks, each of which needs memory."""
    total, found = 0.0, []
    for t in range(n):
        total += np.cumsum(np.exp(x[: t + 1]))[-1] + np.sqrt(np.cumsum(x[t:] ** 2)).sum()
        found.append(total)
    return np.array(found)


def growing_scan():
    def step(t, total):
        return total + T.cumsum(T.exp(X[: t + 1]))[-1] + T.sum(T.sqrt(T.cumsum(X[t:] ** 2)))

    return bt.scan(step, sequences=T.arange(N), outputs_info=T.constant(0.0))[0]


def until_scan(n_steps):
    return bt.scan(lambda s: (s * 1.5, bt.until(s * 1.5 > LIMIT)), outputs_info=T.constant(1.0), n_steps=n_steps)[0]


def check(inputs, outputs, values, wanted):
    """Compiled, the loop IR run in Python, and the reference."""
    ways = [bt.function(inputs, outputs, mode=mode)(*values) for mode in (None, "numpy")]
    for found in (*ways, interpret(lower(expand(Graph(inputs, outputs))), [np.asarray(v) for v in values])):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_parts_of_any_length():
    check([X, N], [growing_scan()], [VALUES, 6], [growing(VALUES, 6)])


def test_their_derivative():
    found = bt.function([X, N], bt.grad(T.sum(growing_scan()), X))(VALUES, 6)
    bumps = 1e-6 * np.eye(7)
    wanted = [(growing(VALUES + b, 6).sum() - growing(VALUES - b, 6).sum()) / 2e-6 for b in bumps]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_masks():
    sums = bt.scan(lambda a: T.sum(T.cumsum(T.exp(X[a < X]))), sequences=X)[0]
    check([X], [sums], [VALUES], [[np.cumsum(np.exp(VALUES[a < VALUES])).sum() for a in VALUES]])


def test_a_bound_that_is_never_reached_costs_nothing():
    powers = until_scan(N)
    f = bt.function([N, LIMIT], [powers, bt.grad(T.sum(powers[-1:] * LIMIT), LIMIT)])
    wanted = 1.5 ** np.arange(1, 201)
    tracemalloc.start()
    found, slope = f(10**15, wanted[-2])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    np.testing.assert_allclose(slope, wanted[-1])
    assert peak < MEMORY


def test_a_loop_with_a_condition_inside_a_loop():
    limits = T.dvector("limits")
    inner = lambda a: T.sum(bt.scan(lambda s: (s * 1.1, bt.until(s > a)), None, T.constant(1.0), n_steps=10**9)[0])  # noqa: E731
    sums = bt.scan(inner, sequences=limits)[0]

    def wanted(a):
        s, total = 1.0, 0.0
        while True:
            before, s = s, s * 1.1
            total += s
            if before > a:
                return total

    values = np.linspace(0, 90, 40)
    check([limits], [sums], [values], [[wanted(a) for a in values]])


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_a_while_loop_inside_a_loop(order):
    def newton(v):
        return bt.loop.while_loop(lambda r: abs(r * r - v) > 1e-12, lambda r: (r + v / r) / 2, v)

    v = T.dscalar("v")
    slope = bt.loop.fori_loop(0, N, lambda t, s: s + newton(v + t), T.constant(0.0))
    for _ in range(order):
        slope = bt.grad(slope, v, disconnected_inputs="ignore")
    found = bt.function([v, N], slope)(3.0, 4)
    factor = {1: 0.5, 2: -0.25}[order]
    np.testing.assert_allclose(found, sum(factor * (3.0 + t) ** (0.5 - order) for t in range(4)), rtol=1e-7)


def test_a_row_that_is_made_of_the_row_before():
    """The edit distance: a loop over one word, in which a loop over the other makes a row of what it carries."""
    a, b = T.lvector("a"), T.lvector("b")

    def row(before, letter):
        def cell(left, given):
            up, diagonal, other = given
            value = T.minimum(T.minimum(up, left) + 1, diagonal + T.not_equal(letter, other).astype("int64"))
            return value, value

        first = before[0] + 1
        _, rest = bt.loop.scan(cell, first, (before[1:], before[:-1], b))
        return T.concatenate([first[None], rest]), None

    last, _ = bt.loop.scan(row, T.arange(b.shape[0] + 1), a)
    f = bt.function([a, b], last[-1])
    words = ["kitten", "sitting", "saturday", "sunday"]
    codes = [np.frombuffer(word.encode(), "uint8").astype("int64") for word in words]
    assert f(codes[0], codes[1]) == 3 and f(codes[2], codes[3]) == 3 and f(codes[3], codes[2]) == 3


def test_the_last_state_of_a_checkpointed_scan_keeps_no_history():
    """Whether the steps are a square number or not."""

    def ends(checkpoint):
        states, _ = bt.scan(lambda h: T.tanh(1.3 * h + LIMIT), None, X, n_steps=N, checkpoint=checkpoint)
        return [states[-1], *bt.grad(T.sum(states[-1] ** 2), [X, LIMIT])]

    plain, saving = (bt.function([X, LIMIT, N], ends(checkpoint)) for checkpoint in (None, "sqrt"))
    for n in range(1, 11):
        for a, b in zip(plain(VALUES, 0.1, n), saving(VALUES, 0.1, n), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
    with pytest.raises(IndexError):
        saving(VALUES, 0.1, 0)
    whole = {"n_[] * x_0", "x_0 * n_[]"}
    assert not any(each in line for line in str(saving.plan()).splitlines() for each in whole)


K = T.lvector("k")


def waves(total, n):
    """A sum over as many terms as `n` says, from which the next begins."""
    return total / 2 + T.sum(T.exp(T.arange(n) * (total + 0.1) * 0.01))


def waves_wanted(lengths):
    total, found = 0.0, []
    for n in lengths:
        total = total / 2 + np.exp(np.arange(n) * (total + 0.1) * 0.01).sum()
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize(
    "sequence",
    [
        pytest.param(lambda: T.cumsum(K), id="running sum"),
        pytest.param(lambda: bt.scan(lambda k, s: s + k, sequences=K, outputs_info=0)[0], id="loop"),
        pytest.param(lambda: T.cumsum(T.stack([K, K], axis=1), axis=0)[:, 1], id="column"),
    ],
)
def test_lengths_that_are_elements_of_what_is_computed(sequence):
    total = bt.scan(lambda n, s: waves(s, n), sequences=sequence(), outputs_info=T.constant(0.0))[0]
    one = T.sum(T.exp(T.arange(sequence()[N]) * 0.1))
    lengths = np.array([2, 0, 3])
    wanted = [waves_wanted(np.cumsum(lengths)), np.exp(np.arange(5) * 0.1).sum()]
    check([K, N], [total, one], [lengths, 2], wanted)
    with pytest.raises(IndexError, match="index 3 is out of range for axis 0 of length 3"):
        bt.function([K, N], one)(lengths, 3)
