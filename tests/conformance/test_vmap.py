"""vmap against one call for each element: loops of differing lengths, indices and slices that differ, branches."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

ROW, SQUARE, N, V = T.dvector("row"), T.dmatrix("square"), T.lscalar("n"), T.dscalar("v")
RNG = np.random.default_rng(3)
ROWS, SQUARES = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 3, 6))
NS, VS = np.array([0, 5, 2, 3]), np.array([4.0, 2.0, -1.0, 30.0])


def newton(v):
    return bt.loop.while_loop(lambda r: abs(r * r - v) > 1e-12, lambda r: (r + v / r) / 2, v)


def powers(v):
    """1, v, v^2, ... until they exceed 50."""
    return bt.scan(lambda s: (s * v, bt.until(abs(s * v) > 50)), outputs_info=T.constant(1.0), n_steps=9)[0]


def states(row, n):
    return bt.scan(lambda x, h: T.tanh(h + x), sequences=row[:n], outputs_info=T.constant(0.1))[0]


def filled(n):
    def body(s):
        return s[0] + 1, T.set_subtensor(s[1][s[0]], 1.0 + s[0])

    return bt.loop.while_loop(lambda s: s[0] < n, body, (T.constant(0), T.zeros(6)))[1]


SOLVED = abs(V) + 1
CASES = {
    "an element": lambda: ROW[N],
    "an element of a matrix": lambda: SQUARE[:, N] + SQUARE[N // 2, 1],
    "an element from the end": lambda: ROW[-N - 1],
    "a block": lambda: SQUARE[N // 3, ::2],
    "taken": lambda: T.take(ROW, N) + T.take(SQUARE, N, axis=1)[0],
    "set": lambda: T.set_subtensor(SQUARE[:, N], V),
    "set in a block": lambda: T.set_subtensor(SQUARE[1:, N], ROW[:2]),
    "increased": lambda: T.inc_subtensor(ROW[N], V),
    "derivative of an element": lambda: bt.grad(SQUARE[1, N] ** 2 + ROW[N], SQUARE),
    "sum of a part": lambda: T.sum(T.exp(ROW[:N])),
    "sum of a part, backwards": lambda: T.sum(ROW[N::-1] * T.arange(N + 1)),
    "largest of a part": lambda: T.max(ROW[: N + 1]) - T.min(SQUARE.T[N:]),
    "product of a part": lambda: T.prod(ROW[:N]),
    "mean, norm": lambda: T.mean(ROW[: N + 1]) + T.sqrt(T.sum(SQUARE[0, N:] ** 2)),
    "dot of parts": lambda: T.dot(ROW[:N], SQUARE[1, :N]),
    "a part of rows times a matrix": lambda: T.sum(T.dot(SQUARE.T[:N], SQUARE[:, :2])),
    "written to a part": lambda: T.set_subtensor(ROW[N:], V) + T.inc_subtensor(ROW[:N], ROW[:N] * 2),
    "derivative of a part": lambda: bt.grad(T.sum(ROW[:N] ** 3) + T.sum(ROW[1 : N + 1]), ROW),
    "running sum": lambda: T.cumsum(ROW[: N + 1])[-1],
    "while": lambda: newton(SOLVED),
    "derivative of while": lambda: bt.grad(newton(SOLVED), V),
    "second derivative of while": lambda: bt.grad(bt.grad(newton(SOLVED), V), V),
    "forward derivative of while": lambda: bt.pushforward(newton(SOLVED), V, T.ones_like(V)),
    "until": lambda: powers(SOLVED)[-1],
    "until, all of it": lambda: T.sum(powers(SOLVED) ** 2) + powers(SOLVED).shape[0],
    "derivative of until": lambda: bt.grad(T.sum(powers(SOLVED)) + powers(SOLVED)[0], V),
    "steps": lambda: bt.loop.fori_loop(0, N, lambda t, s: s * 0.5 + ROW[t], V),
    "derivative of steps": lambda: bt.grad(bt.loop.fori_loop(0, N, lambda t, s: s * 0.5 + ROW[t] ** 2, V), ROW),
    "scan over a part": lambda: T.sum(states(ROW, N)),
    "last of a scan over a part": lambda: states(ROW, N + 1)[-1],
    "derivative of a scan over a part": lambda: bt.grad(T.sum(states(ROW, N) ** 2), ROW),
    "a filled buffer": lambda: filled(N),
    "a branch whose index would not fit": lambda: bt.ifelse(N < 4, SQUARE[1, N % 4], SQUARE[N // 10, 0]),
    "a loop that a branch does not take": lambda: bt.ifelse(V > 0, newton(V), -V),
    "derivative of a branch": lambda: bt.grad(bt.ifelse(V > 0, T.log(V), V**2), V),
    "derivative of nested": lambda: bt.grad(
        bt.loop.fori_loop(0, N, lambda t, s: s + newton(SOLVED + t), T.constant(0.0)), V, disconnected_inputs="ignore"
    ),
    "nested": lambda: bt.loop.fori_loop(0, N, lambda t, s: s + newton(SOLVED + t), T.constant(0.0)),
}


@pytest.fixture(scope="module", params=["c", "numpy"])
def found(request):
    return batch_and_elements(request.param)


def batch_and_elements(mode):
    """The results of all cases in one function of the batch, and of each element in the reference."""
    inputs, values = [ROW, SQUARE, N, V], [ROWS, SQUARES, NS, VS]
    single = bt.function(inputs, {name: case() for name, case in CASES.items()}, mode="numpy")
    names = list(CASES)
    batch = [T.dmatrix(), T.dtensor3(), T.lvector(), T.dvector()]
    outputs = []
    for case in CASES.values():
        mapped = bt.vmap(lambda *given, case=case: bt.clone_replace(case(), dict(zip(inputs, given, strict=True))))
        outputs.append(mapped(*batch))
    whole = dict(zip(names, bt.function(batch, outputs, mode=mode)(*values), strict=True))
    return whole, [single(*each) for each in zip(*values, strict=True)]


@pytest.mark.parametrize("name", CASES)
def test_the_batch_is_the_stack_of_its_elements(found, name):
    whole, elements = found
    np.testing.assert_allclose(whole[name], np.stack([each[name] for each in elements]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mode", ["c", "numpy", "compare"])
def test_what_no_branch_takes_is_not_computed(mode):
    """Newton's iteration for the root of a negative number never ends, and 77 is no index of two numbers."""
    f = bt.function([V, N], bt.ifelse(V > 0, newton(V), T.constant([-1.0, -2.0])[N]), mode=mode)
    assert f(-1.0, 1) == -2 and abs(f(4.0, 77) - 2) < 1e-12
