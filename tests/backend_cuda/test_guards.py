"""Branches and loops whose conditions are on the device: nobody waits for them, and a branch is replayed whole."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_cuda import compile, persistent
from bitale_backend_cuda.host import whole
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.errors import IndexingError
from bitale_graph.functions.control.branch import ifelse
from bitale_graph.functions.control.loop import scan, while_loop
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere

pytestmark = needs_compiler
X = Variable(tensor_type("float64", (None,)), name="x")
W = Variable(tensor_type("float64", (None, None)), name="w")
S = Variable(tensor_type("float64", ()), name="s")
K = Variable(tensor_type("int64", ()), name="k")
VALUES = np.linspace(-1, 1, 5)


@pytest.fixture(params=["as one", "apart"])
def way(request, monkeypatch):
    """Loops and branches as one kernel each, or with launches of their own."""
    if request.param == "apart":
        monkeypatch.setattr(persistent, "MOST", 0)
        monkeypatch.setattr(whole, "MOST", 0)
    return request.param


def on_device(inputs, outputs):
    function = compile(Graph(inputs, outputs), driver=EmulatedDriver())
    compiles_everywhere(function)
    return function


def agree(function, inputs, outputs, values):
    """The results, which are the reference's, and how often the host waited, but for the results."""
    before = function.driver.counts["waits"]
    given = [function.driver.to_device(np.asarray(v)) for v in values]
    results = function(*given)
    waits = function.driver.counts["waits"] - before
    for got, want in zip(results, evaluate(Graph(inputs, outputs), values), strict=True):
        np.testing.assert_allclose(function.driver.to_host(got), want, rtol=1e-12)
    return waits


def test_a_branch_is_recorded_and_replayed_whichever_side_it_takes(way):
    inner = ifelse(F.sum(X) > 3, X * 2, ifelse(S > 5, F.exp(X), F.cumsum(X)))
    outputs = [ifelse(S > 0, inner, F.sum(X) * X), X + 1]
    function = on_device([X, S], outputs)
    for s in (1.0, -1.0, 9.0, 1.0):
        assert agree(function, [X, S], outputs, [VALUES + s / 9, np.asarray(s)]) == 0
    assert function.driver.counts["replays"] >= 2


def test_a_side_not_taken_raises_nothing(way):
    outputs = [ifelse(S > 0, F.sum(X[K : K + 1]) + X[K], F.sum(X))]
    function = on_device([X, S, K], outputs)
    assert function(VALUES, -1.0, 99)[0] == pytest.approx(VALUES.sum())
    assert function(VALUES, 1.0, 0)[0] == pytest.approx(-2)
    with pytest.raises(IndexingError, match="index 99"):
        function(VALUES, 1.0, 99)
    assert function(VALUES, -1.0, 99)[0] == pytest.approx(VALUES.sum())


def test_products_in_a_side_are_done_only_where_it_is_taken(way):
    outputs = [ifelse(S > 0, W @ W @ W, W)]
    function = on_device([W, S], outputs)
    for s in (-1.0, 1.0):
        before = function.driver.counts["gemms"]
        assert agree(function, [W, S], outputs, [np.eye(4) * 2, np.asarray(s)]) == (0 if way == "as one" else 1)
        assert function.driver.counts["gemms"] - before == (2 if s > 0 and way == "apart" else 0)


def halving(x):
    """Halved until the sum is small."""
    return while_loop(lambda v: F.sum(F.abs(v)) > S, lambda v: F.roll(v, 1) * 0.9, x, max_steps=1000)


@pytest.mark.parametrize("bound", [100.0, 2.9, 2.0, 1e-3])
def test_a_loop_looks_now_and_then(way, bound):
    outputs = [halving(X)]
    function = on_device([X, S], outputs)
    waits = agree(function, [X, S], outputs, [VALUES, np.asarray(bound)])
    steps = max(0, int(np.ceil(np.log(3 / bound) / np.log(1 / 0.9))))
    looks = sum(look < steps for look in (4, 8, 16, 32, 64)) + (steps > 0)
    assert waits == (0 if way == "as one" else 1 + looks)


def test_a_loop_that_collects_waits_for_its_length_alone(way):
    last, rows = scan(lambda v, x: (v + x, (v, F.sum(v))), F.zeros((5,)), X)
    doubled = while_loop(lambda v: F.max(v) < 1000, lambda v: v * 2, F.abs(X) + 1)
    outputs = [last, *rows, doubled]
    function = on_device([X], outputs)
    assert agree(function, [X], outputs, [VALUES]) <= (2 if way == "as one" else 4)


def test_a_check_inside_a_loop_ends_it(way):
    outputs = [while_loop(lambda v: v[0] > -1, lambda v: v + F.sum(X[F.cast(v, "int64")]) * 0 + 1, F.zeros((1,)))]
    function = on_device([X], outputs)
    with pytest.raises(IndexingError, match=r"index 5 .* length 5"):
        function(VALUES)
