"""Derivatives of loops: against finite differences, against the loop written out, in both modes and orders."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import (
    DisconnectedInputError,
    check_gradient,
    grad,
    hessian_vector_product,
    jacobian,
    pullback,
    pushforward,
)  # fmt: skip
from bitale_graph import Graph, evaluate, toposort, verify
from bitale_graph.errors import ArgumentError
from bitale_graph.functions import (
    as_variable,
    cast,
    dmatrix,
    dscalar,
    dvector,
    exp,
    lscalar,
    lvector,
    sin,
    stack,
    sum,
    tanh,
    where,
)  # fmt: skip
from bitale_graph.functions.control import ifelse, loop, map, scan, until
from bitale_graph.ops.control import Scan
from bitale_graph.ops.elementwise import tanh as tanh_function
from bitale_graph.ops.movement import Broadcast, SetSlice

RNG = np.random.default_rng(0)


def recurrent(xs, h, w, u):
    last, ys = loop.scan(lambda h, x: (tanh(x @ w + h @ u), (2 * h).sum() * x), h, xs)
    return [last, ys]


def unrolled(xs, h, w, u, length=3):
    ys = []
    for t in range(length):
        ys.append((2 * h).sum() * xs[t])
        h = tanh(xs[t] @ w + h @ u)
    return [h, stack(ys)]


POINT = [RNG.normal(size=shape) for shape in ((3, 2), (2,), (2, 2), (2, 2))]

PROGRAMS = {
    "recurrent": (recurrent, POINT),
    "reverse": (lambda xs, h: loop.scan(lambda h, x: (tanh(x + h), h * x), h, xs, reverse=True)[1], POINT[:2]),
    "backwards": (lambda x: scan(lambda v, h: tanh(h * v), x, x[0], go_backwards=True)[0], [RNG.normal(size=4)]),
    "taps": (
        lambda x: scan(lambda a, b, p, q: a * sin(p) + b * q, {"input": x, "taps": [0, 2]},
                       {"initial": x[:3], "taps": [-1, -3]})[0],
        [RNG.normal(size=5)],
    ),
    "map": (lambda x, w: map(lambda row, w: exp(row) * w, x, w)[0], [RNG.normal(size=(2, 3)), RNG.normal(size=3)]),
    "while": (lambda x: loop.while_loop(lambda v: v.sum() < 20, lambda v: v * v + 1, x), [np.array([1.0, 0.5])]),
    "until": (
        lambda x, w: scan(lambda v, h, w: [h * v * w, sin(h), until(h * v > 3)], x, [x[0], None], w)[0],
        [np.array([1.0, 2.5, 2.0, 3.0]), np.array(1.1)],
    ),
    "bounded": (lambda x: loop.fori_loop(1, 4, lambda i, v: sin(v) * i + x, x), [RNG.normal(size=2)]),
    "nested": (
        lambda x: scan(lambda row, h: sum(scan(lambda v, s: sin(s) + v * h, row, h)[0]), x, x[0, 0])[0],
        [RNG.normal(size=(2, 3))],
    ),
    "branch inside": (
        lambda x: scan(lambda v, h: ifelse(v > 0, lambda: h * v, lambda: sin(h)), x, 1.0)[0],
        [np.array([0.5, -0.5, 1.5])],
    ),
    "passed on": (lambda x, h: scan(lambda v, h, k: [v * k, h], x, [h, h * h])[0], [RNG.normal(size=3), np.array(0.7)]),
    "constant carry": (lambda x, h: loop.scan(lambda c, v: (c, c * v), h, x), [RNG.normal(size=3), np.array(0.7)]),
    "overwritten": (lambda x, h: loop.scan(lambda c, v: (v * v, c * v), h, x), [RNG.normal(size=3), np.array(2.0)]),
    "number of the step": (
        lambda x: loop.fori_loop(0, 3, lambda i, v: v * cast(i + 1, "float64") + sin(v), x), [np.array(0.3)],
    ),
    "integer carry": (
        lambda x: loop.scan(lambda c, v: ((c[0] + 1, c[1] * v + c[0]), c[1] * c[0]), (0, 1.0), x)[1],
        [RNG.normal(size=3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_against_finite_differences(name, static):
    function, point = PROGRAMS[name]
    check_gradient(lambda *xs: flat(function(*xs)), point, static=static, tolerance=2e-5)


def flat(outputs):
    if isinstance(outputs, tuple):
        outputs = [y for part in outputs for y in (part if isinstance(part, (tuple, list)) else [part])]
    return outputs


@pytest.mark.parametrize("order", [1, 2])
def test_as_the_loop_written_out(order):
    inputs = [dmatrix("xs"), dvector("h"), dmatrix("w"), dmatrix("u")]

    def derivatives(function):
        last, ys = function(*inputs)
        cost = (last * last).sum() + sin(ys).sum()
        if order == 1:
            return grad(cost, inputs)
        return hessian_vector_product(cost, inputs, [as_variable(0.1 * p) for p in POINT])

    graphs = [verify(Graph(inputs, derivatives(f))) for f in (recurrent, unrolled)]
    found, wanted = (evaluate(g, POINT) for g in graphs)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("length", [0, 1])
def test_short_loops(length):
    xs, h = dmatrix("xs"), dvector("h")
    last, ys = loop.scan(lambda h, x: (tanh(x * h), h * x), h, xs)
    found = evaluate(grad(last.sum() + ys.sum(), [xs, h]), {xs: np.ones((length, 2)), h: np.array([0.5, 2.0])})
    slope = 1 - np.tanh([0.5, 2.0]) ** 2
    np.testing.assert_allclose(found[0], np.array([[0.5, 2.0] * (slope + 1)] if length else np.zeros((0, 2))))
    np.testing.assert_allclose(found[1], slope + 1 if length else [1, 1])


@pytest.mark.parametrize("kept", [1, 2, 3, 7])
def test_truncation_goes_through_the_last_steps_only(kept):
    x, h = dvector("x"), dscalar("h")
    ys, _ = scan(lambda v, h: tanh(h * v), x, h, truncate_gradient=kept)
    gradients = evaluate(grad(ys.sum(), [x, h]), {x: np.array([0.5, 1.5, -2.0]), h: 0.7})
    states, steps = [0.7], [0.5, 1.5, -2.0]
    for v in steps:
        states.append(np.tanh(states[-1] * v))
    wanted, flow = np.zeros(3), 0.0
    for t in reversed(range(max(0, 3 - kept), 3)):
        flow = (flow + 1) * (1 - states[t + 1] ** 2)
        wanted[t] = flow * states[t]
        flow *= steps[t]
    np.testing.assert_allclose(gradients[0], wanted, rtol=1e-12)
    np.testing.assert_allclose(gradients[1], flow if kept >= 3 else 0, rtol=1e-12)


def test_forward_mode_is_one_loop():
    x, w = dvector("x"), dscalar("w")
    last, _ = loop.scan(lambda h, v: (tanh(h * w + v), None), 0.0, x)
    tangent = pushforward(last, w, 1.0)
    scans = [node for node in toposort([tangent]) if isinstance(node.op, Scan)]
    assert [(node.op.carries, node.op.collected) for node in scans] == [(2, 0)]


def test_dear_values_are_saved_and_cheap_ones_computed_again():
    x, w = dvector("x"), dscalar("w")
    last, _ = loop.scan(lambda h, v: (tanh(3 * h * w + v * v), None), 0.0, x)
    gradient = grad(last, [x, w])
    scans = [node.op for node in toposort(gradient) if isinstance(node.op, Scan)]
    saving, backward = (op for op in scans if op.carries != 1 or op.collected)
    assert saving.collected == 2  # the state before, and tanh
    again = [node.op.function for node in backward.body.nodes if hasattr(node.op, "function")]
    assert tanh_function not in again


def test_lengths_alone_save_nothing():
    """The shape of a carry is known outside: its values are not kept for it."""
    x = dmatrix("x")
    last, _ = loop.scan(lambda h, row: (h + sum(row), h.sum()), x[0] * 0, x)
    scans = [node.op for node in toposort([grad(last.sum(), x)]) if isinstance(node.op, Scan)]
    assert [op.collected for op in scans if op.reverse] == [1]
    assert not any(op.collected for op in scans if not op.reverse and op.collected != 1)


def test_what_does_not_depend():
    x, w, n = dvector("x"), dscalar("w"), lvector("n")
    ys, _ = scan(lambda v, h: h * v, x, 1.0)
    with pytest.raises(DisconnectedInputError):
        grad(ys.sum(), w)
    counted, _ = scan(lambda v, k: where(v > w, k + 1, k), x, 0)
    (zero,) = evaluate([grad(cast(counted, "float64").sum(), w)], {x: [1.0], w: 0.5})
    assert zero == 0
    picked, _ = scan(lambda i, x: x[i] * x[i], n, None, x)
    found = evaluate(grad(picked.sum(), x), {x: [1.0, 2.0, 3.0], n: np.array([0, 2, 2])})
    np.testing.assert_array_equal(found, [2, 0, 12])


def test_gradients_through_updates():
    x, s = dvector("x"), dscalar("s")
    ys, updates = scan(lambda v: (s * v, {s: s * v + 1}), x)
    found = evaluate(grad(updates[s] + ys.sum(), s), {x: [2.0, 3.0], s: 1.0})
    assert found == 6 + 2 + 6


def test_jacobian_of_a_loop_by_a_loop():
    x = dvector("x")
    rows, _ = scan(lambda i, y, x: grad(y[i], x), np.arange(3), None, [x * x * x.sum(), x])
    assert rows.ndim == 2
    values = np.array([1.0, 2.0, 3.0])
    wanted = np.diag(2 * values * values.sum()) + np.outer(values**2, np.ones(3))
    y = x * x * x.sum()
    rows, _ = scan(lambda i: grad(y[i], x), np.arange(3))
    np.testing.assert_allclose(evaluate(rows, {x: values}), wanted)
    np.testing.assert_allclose(evaluate(jacobian(y, x), {x: values}), wanted)


def test_steps_of_a_while_loop_that_took_none():
    x, n = dscalar("x"), lscalar("n")
    y = loop.while_loop(lambda v: v > 5, lambda v: v / 2, x)
    assert evaluate(pullback(y, x, 3.0), {x: 1.0}) == 3
    assert evaluate(pullback(y, x, 3.0), {x: 21.0}) == 3 / 8
    powers = loop.fori_loop(0, n, lambda i, v: v * x, 1.0)
    assert evaluate(grad(powers, x), {x: 2.0, n: 3}) == 12


CHECKPOINTED = {
    "scan": lambda xs, h, c: flat(loop.scan(lambda h, x: (tanh(x + h), h * x), h, xs, checkpoint=c)),
    "reverse": lambda xs, h, c: flat(loop.scan(lambda h, x: (tanh(x * h), h), h, xs, reverse=True, checkpoint=c)),
    "steps": lambda xs, h, c: loop.fori_loop(0, 7, lambda i, v: sin(v) * i + xs.sum(), h, checkpoint=c),
    "while": lambda xs, h, c: loop.while_loop(lambda v: v.sum() < 90, lambda v: v * v + 1 + xs[0], h, checkpoint=c),
    "theano": lambda xs, h, c: scan(lambda x, h, k: [tanh(x * k), h], xs, [h, h], checkpoint=c)[0],
    "until": lambda xs, h, c: scan(lambda x, h: (h + x, until(h.sum() > 3)), xs, h, checkpoint=c)[0],
}  # fmt: skip


@pytest.mark.parametrize("every", ["sqrt", 1, 3, 100])
@pytest.mark.parametrize("name", CHECKPOINTED)
def test_checkpoints_change_nothing_but_memory(name, every):
    xs, h = dmatrix("xs"), dvector("h")
    values = {xs: RNG.uniform(0.1, 0.9, size=(7, 2)), h: np.array([0.5, 0.7])}

    def results(checkpoint):
        outputs = CHECKPOINTED[name](xs, h, checkpoint)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        cost = sum(stack([sin(y).sum() for y in outputs]))
        slopes = grad(cost, [xs, h], disconnected_inputs="ignore")
        return evaluate(verify(Graph([xs, h], [*outputs, *slopes, pushforward(cost, h, h)])), list(values.values()))

    for came, wanted in zip(results(every), results(None), strict=True):
        np.testing.assert_allclose(came, wanted, rtol=1e-12, atol=1e-14)


def test_checkpoints_keep_carries_only():
    x = dvector("x")
    last, _ = loop.scan(lambda h, v: (tanh(h * v), None), 0.5, x, checkpoint="sqrt")
    outer = [node.op for node in toposort([grad(last, x)]) if isinstance(node.op, Scan) and node.op.recompute]
    saving = [op for op in outer if not op.reverse and op.collected]
    assert [op.collected for op in saving] == [1]
    slopes = evaluate(grad(last, x), {x: np.ones(10)})
    assert slopes.shape == (10,)


def test_second_derivatives_through_checkpoints():
    check_gradient(lambda xs: loop.scan(lambda h, v: (tanh(h * v), h), 0.5, xs, checkpoint=2)[1], [RNG.normal(size=5)])


def test_what_a_checkpoint_is():
    with pytest.raises(ArgumentError, match="checkpoint is 'sqrt' or a number of steps above 0, not 0"):
        loop.scan(lambda h, v: (h, v), 0.5, dvector("x"), checkpoint=0)
    with pytest.raises(ArgumentError, match="give truncate_gradient or checkpoint, not both"):
        scan(lambda v: v, dvector("x"), truncate_gradient=2, checkpoint="sqrt")


def test_the_derivative_of_the_last_element_flows_through_the_last_carry():
    h, s, n = dvector("h"), dscalar("s"), lscalar("n")
    states, _ = scan(lambda c: tanh(c * s + 0.1), None, h, n_steps=n)
    slope = grad(sum(states[-1]), s)
    assert not any(isinstance(node.op, (SetSlice, Broadcast)) and node.outputs[0].ndim == 2
                   for node in toposort([slope]))  # fmt: skip
    through = grad(sum(states[-1]) + sum(states[0]), states)
    values = {h: np.array([0.1, 0.2]), s: 0.5, n: 3}
    np.testing.assert_array_equal(evaluate(through, values), [[1, 1], [0, 0], [1, 1]])
    bump = 1e-6
    ends = [evaluate(sum(states[-1]), values | {s: 0.5 + sign * bump}) for sign in (1, -1)]
    np.testing.assert_allclose(evaluate(slope, values), (ends[0] - ends[1]) / (2 * bump), rtol=1e-6)
