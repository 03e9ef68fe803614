"""Rewriting of loops and branches: what they need not do, what leaves them, which become one."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_graph import Graph, Variable, evaluate
from bitale_graph.functions import dmatrix, dscalar, dtensor3, dvector
from bitale_graph.functions.control.branch import ifelse
from bitale_graph.functions.control.loop import scan, while_loop
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.variable import Apply
from bitale_rewrite import optimise


def loops(graph: Graph) -> list[Apply]:
    return [node for node in graph.nodes if isinstance(node.op, Scan)]


def products(nodes: list[Apply]) -> int:
    return sum(isinstance(node.op, Contract) for node in nodes)


def functions(nodes: list[Apply]) -> set[str]:
    return {node.op.function.name for node in nodes if isinstance(node.op, Elementwise)}


def checked(inputs: list[Variable], outputs: list[Variable]) -> Graph:
    """The optimised graph, which computes what the graph did."""
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(3,) * v.ndim) / 2 for v in inputs]
    graph = Graph(inputs, outputs)
    better = optimise(graph)
    for got, wanted in zip(evaluate(better, values), evaluate(graph, values), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)
    return better


def recurrent() -> tuple[list[Variable], Variable]:
    x, h, w, u, b = dtensor3("x"), dmatrix("h"), dmatrix("w"), dmatrix("u"), dvector("b")
    _, states = scan(lambda h, x_t: (F.tanh(x_t @ w + h @ u + b),) * 2, h, x)
    return [x, h, w, u, b], states


def test_products_of_sequences_leave_the_loop():
    inputs, states = recurrent()
    graph = checked(inputs, [states])
    (loop,) = loops(graph)
    assert products(graph.nodes) == 1
    assert products(loop.op.body.nodes) == 1


def test_training_takes_two_loops_with_one_product_each():
    inputs, states = recurrent()
    cost = F.sum(states**2)
    graph = checked(inputs, [cost, *grad(cost, inputs[2:])])
    forward, backward = loops(graph)
    assert products(forward.op.body.nodes) == products(backward.op.body.nodes) == 1
    assert backward.op.carries == 1
    assert products(graph.nodes) == 3  # x @ w before, and the gradients of both matrices after


def test_what_does_not_change_is_computed_before():
    x, a = dvector("x"), dscalar("a")
    last, _ = scan(lambda c, x_t: (F.tanh(c * F.exp(a) + x_t), None), F.zeros(()), x)
    graph = checked([x, a], [last])
    (loop,) = loops(graph)
    assert "exp" in functions(graph.nodes)
    assert "exp" not in functions(loop.op.body.nodes)


def test_what_nobody_reads_is_not_done():
    x = dvector("x")

    def step(carries, x_t):
        used, unused, fixed, twin = carries
        return (F.tanh(used + x_t), unused * x_t, fixed, F.tanh(x_t + twin)), (F.exp(used), used, twin)

    (used, _, fixed, twin), (_, first, second) = scan(step, (x[0], x[1], x[2], x[0]), x)
    graph = checked([x], [used, fixed, twin, first, second])
    (loop,) = loops(graph)
    assert (loop.op.carries, loop.op.collected) == (1, 1)
    assert functions(loop.op.body.nodes) == {"add", "tanh"}


@pytest.mark.parametrize("reverse", [False, True])
def test_the_last_element_alone_needs_no_history(reverse):
    x = dvector("x")
    _, all_of_them = scan(lambda c, x_t: (c * 0.5 + x_t,) * 2, F.zeros(()), x, reverse=reverse)
    graph = checked([x], [all_of_them[0 if reverse else -1]])
    (loop,) = loops(graph)
    assert loop.op.collected == 0


def test_a_loop_that_carries_nothing_is_an_expression():
    x, w = dmatrix("x"), dmatrix("w")
    _, rows = scan(lambda c, row: (c, F.tanh(row @ w)), F.zeros(()), x)
    assert not loops(checked([x, w], [rows]))


def test_loops_over_the_same_steps_become_one():
    x = dvector("x")
    sums, _ = scan(lambda c, x_t: (c * 0.5 + x_t, None), F.zeros(()), x)
    products_, _ = scan(lambda c, x_t: (c * F.cos(x_t), None), F.ones(()), x)
    assert len(loops(checked([x], [sums, products_]))) == 1
    dependent, _ = scan(lambda c, x_t: (c * 0.5 + x_t * sums, None), F.zeros(()), x)
    assert len(loops(checked([x], [dependent]))) == 2


def test_while_loops_keep_their_condition():
    x = dscalar("x")
    root = while_loop(lambda r: F.abs(r * r - x) > 1e-12, lambda r: 0.5 * (r + x / r), F.as_variable(1.0))
    graph = Graph([x], [root])
    np.testing.assert_allclose(evaluate(optimise(graph), [2.0]), [2**0.5])


def test_what_one_body_needs_is_computed_only_in_it():
    x, c = dvector("x"), dscalar("c")
    dear = F.exp(x)
    graph = checked([x, c], [ifelse(c > 0, dear * 2, x), F.sin(x)])
    (branch,) = [node for node in graph.nodes if isinstance(node.op, Branch)]
    assert "exp" not in functions(graph.nodes)
    assert any("exp" in functions(body.nodes) for body in branch.op.bodies)


def test_branches_that_are_known_are_none():
    x = dvector("x")
    for chosen in (ifelse(F.as_variable(True), F.exp(x), F.sin(x)), ifelse(x[0] > 0, F.exp(x), F.exp(x))):
        assert not [n for n in checked([x], [chosen]).nodes if isinstance(n.op, Branch)]


def test_rules_apply_inside():
    x = dvector("x")
    last, _ = scan(lambda c, x_t: (F.log(1 + c * x_t), None), F.ones(()), F.abs(x))
    (loop,) = loops(checked([x], [last]))
    assert "log1p" in functions(loop.op.body.nodes)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("ndim", [1, 2])
def test_the_last_few_elements_alone_need_no_history(count, ndim):
    x = dvector("x") if ndim == 1 else dmatrix("x")
    _, states = scan(lambda c, x_t: (F.tanh(c * 0.5 + x_t), c - x_t), F.zeros(()) if ndim == 1 else F.zeros(3), x)
    graph = Graph([x], [states[-count:]])
    better = optimise(graph)
    (loop,) = loops(better)
    assert loop.op.collected == 0
    for steps in (0, 1, 2, 7):
        value = np.random.default_rng(0).normal(size=(steps, 3)[:ndim])
        np.testing.assert_allclose(evaluate(better, [value])[0], evaluate(graph, [value])[0])


def test_logarithms_of_scalars_are_taken_for_all_steps_at_once():
    x = dvector("x")
    total, _ = scan(lambda c, x_t: ((c[0] * 0.5 + x_t * x_t, c[1] + F.log(c[0])), None), (x[0] * x[0], F.zeros(())), x)
    graph = checked([x], [total[1]])
    (loop,) = loops(graph)
    assert "log" in functions(graph.nodes)
    assert "log" not in functions(loop.op.body.nodes)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_carry_that_only_hands_on_the_step_before_is_a_sequence(reverse):
    y, a = dvector("y"), dscalar("a")
    last, errors = scan(lambda before, y_t: (y_t * a, y_t - a * before), y[0], y, reverse=reverse)
    assert not loops(checked([y, a], [last, errors]))
    empty = optimise(Graph([y, a], [scan(lambda before, y_t: (y_t * a, None), a, y)[0]]))
    np.testing.assert_allclose(evaluate(empty, [np.zeros(0), 2.5]), [2.5])


@pytest.mark.parametrize("reverse", [False, True])
def test_carries_that_only_add_up_or_take_off_are_sums(reverse):
    y, a = dvector("y"), dscalar("a")
    last, _ = scan(lambda c, y_t: ((c[0] + a * y_t, c[1] - y_t * y_t), None), (a, y[0]), y, reverse=reverse)
    assert not loops(checked([y, a], list(last)))
    taken, _ = scan(lambda c, y_t: (y_t - c, None), a, y, reverse=reverse)  # the other way round is no sum
    assert loops(checked([y, a], [taken]))
    empty = optimise(Graph([y, a], list(last)[:1]))
    assert not loops(empty)


def test_the_gradient_of_a_likelihood_without_a_recurrence_is_no_loop():
    y, a, mean = dvector("y"), dscalar("a"), dscalar("mean")
    _, errors = scan(lambda before, y_t: (y_t - mean, (y_t - mean - a * before) ** 2), y[0] - mean, y)
    cost = F.sum(errors)
    assert not loops(checked([y, a, mean], [cost, *grad(cost, [a, mean])]))
