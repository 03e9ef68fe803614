"""Derivatives of branches: through the one that is taken only, in both modes and orders."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import check_gradient, grad, pushforward
from bitale_graph import Graph, evaluate, toposort, verify
from bitale_graph.functions import as_variable, dscalar, dvector, exp, log, lscalar, sin, sqrt
from bitale_graph.functions.control import ifelse, scan, switch_case
from bitale_graph.laziness import Readers, sink
from bitale_graph.ops.control import Branch

RNG = np.random.default_rng(0)
V = RNG.normal(size=3)

PROGRAMS = {
    "expressions": lambda x, v: ifelse(x > 0, [log(x) * v, v.sum() * x], [sin(x) * v * v, x]),
    "functions": lambda x, v: ifelse(x > 0, lambda: sqrt(x) * v, lambda: v[:2] * v[:2]),
    "three": lambda x, v: switch_case((x > 0).astype("int64") * 2, [exp(v + x), v, log(x) * v]),
    "loops": lambda x, v: ifelse(x > 0, lambda: scan(lambda u, h: h * sin(u), v, x)[0], lambda: v * x),
    "nested": lambda x, v: ifelse(x > 0, ifelse(v.sum() > 9, v, log(x) * v), ifelse(x < -9, v, x * v * v)),
    "shared work": lambda x, v: ifelse(x > 0, 2 * exp(v) + log(x), 3 * exp(v)),
}


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("x", [1.3, -0.7])
@pytest.mark.parametrize("name", PROGRAMS)
def test_against_finite_differences(name, x, static):
    check_gradient(PROGRAMS[name], [np.array(x), V], static=static)


def test_no_nan_from_the_other_branch():
    x = dscalar("x")
    y = ifelse(x > 0, log(x) + sqrt(x), 0 * x)
    slope = grad(y, x)
    graph = verify(Graph([x], [slope, grad(slope, x), pushforward(y, x, 1.0)]))
    for value, wanted in ((-1.0, [0, 0, 0]), (4.0, [0.5, -1 / 16 - 1 / 32, 0.5])):
        np.testing.assert_allclose(evaluate(graph, [value]), wanted)


def test_work_that_both_need_is_outside():
    x, v = dscalar("x"), dvector("v")
    shared = exp(v)
    y = ifelse(x > 0, shared * log(x), shared)
    lazy = sink(y.owner, Readers([y]))
    inside = [{str(node.op) for node in body.nodes} for body in lazy.op.bodies]
    assert inside == [set(), {"log", "multiply"}]
    assert sink(lazy, Readers(lazy.outputs)) is lazy
    for value in (1.5, -1.0):
        values = {x: value, v: V}
        np.testing.assert_array_equal(evaluate(lazy.outputs[0], values), evaluate(y, values))


def test_what_others_read_is_outside():
    x = dscalar("x")
    root = sqrt(x)
    y = ifelse(root > 1, 2 * root, x)
    lazy = sink(y.owner, Readers([y]))
    assert [len(body.nodes) for body in lazy.op.bodies] == [0, 1]
    assert sink(y.owner, Readers([y], keep=[y.owner.inputs[2]])) is y.owner


def test_variables_asked_for_stay_outside():
    x = dscalar("x")
    root = sqrt(x)
    y = ifelse(x > 0, 2 * root, x)
    np.testing.assert_array_equal(evaluate(grad(y, [x, root]), {x: 4.0}), [0.5, 2])


def test_an_operand_that_no_body_depends_on_gets_nothing():
    i, x, v = lscalar("i"), dscalar("x"), dvector("v")
    y = switch_case(i, [x, as_variable(2.0), v.sum()])
    nodes = [node for node in toposort([grad(y, x)]) if isinstance(node.op, Branch)]
    assert len(nodes) >= 1
    for number, wanted in ((0, [1, 0]), (1, [0, 0]), (2, [0, 1])):
        dx, dv = evaluate(grad(y, [x, v]), {i: number, x: 5.0, v: V})
        assert dx == wanted[0]
        np.testing.assert_array_equal(dv, np.full(3, wanted[1]))
