"""Sub-graphs that are called: values, sharing, derivatives and overrides, errors."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import OpFromGraph, call, check_gradient, from_graph, grad, pushforward
from bitale_graph import Graph, evaluate, verify
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions import dmatrix, dscalar, dvector, exp, fscalar, sin
from bitale_graph.functions.control import scan

X, Y, N, W = dscalar("x"), dscalar("y"), dscalar("n"), dscalar("w")


def at(outputs, **values):
    by_name = {"n": N, "y": Y, "w": W}
    return [float(v) for v in evaluate(outputs, {by_name[k]: value for k, value in values.items()})]


def test_a_call_is_one_node():
    op = OpFromGraph([X, Y], [X * Y, X + Y], name="both")
    product, total = op(N, 2 * N)
    assert product.owner is total.owner
    assert str(product.owner.op).startswith("both")
    assert at([product, total], n=3.0) == [18, 9]
    single = from_graph([X], exp(X))
    assert single(N).owner.op == single(Y).owner.op
    verify(Graph([N], [product, single(N)]))


def test_inline_leaves_no_node():
    assert str(from_graph([X], sin(X), inline=True)(N)) == str(sin(N))


def test_bodies_follow_the_types_of_arguments():
    a, b = dmatrix("a"), dvector("b")
    op = from_graph([a, b], a @ b)
    fixed = op(np.ones((2, 3)), np.arange(3.0))
    assert str(fixed.type) == "float64[2]"
    np.testing.assert_array_equal(evaluate(fixed), [3, 3])
    check_gradient(op, [np.ones((2, 3)), np.arange(3.0)])


def test_others_are_taken_along():
    op = from_graph([X], X * X * W)
    value = op(N + 1)
    assert at([value, *grad(value, [N, W])], n=2.0, w=3.0) == [27, 18, 9]


def test_an_input_that_is_computed_stands_for_itself():
    middle = X * X
    op = from_graph([middle], 3 * middle)
    assert at([op(N)], n=2.0) == [6]


def test_loops_inside():
    v = dvector("v")
    op = from_graph([v], scan(lambda a, h: h * a, v, 1.0)[0])
    check_gradient(op, [np.array([1.0, 2.0, 0.5])])


@pytest.mark.parametrize(
    ("override", "wanted"),
    [
        ({"pullback": lambda ins, outs, gs: [gs[0] * 100 + outs[0], gs[1]]}, [106, 1]),
        ({"lop_overrides": lambda ins, outs, gs: [gs[0] * 100, None]}, [100, 0]),
        ({"grad_overrides": lambda ins, gs: [gs[0] * 100, ins[0]]}, [100, 2]),
        ({"grad_overrides": [lambda ins, gs: gs[0] * 100, "default"]}, [100, 3]),
        ({"grad_overrides": [None, "default"]}, [0, 3]),
        ({"lop_overrides": "default"}, [4, 3]),
    ],
)
def test_overrides_of_reverse_mode(override, wanted):
    product, total = from_graph([X, Y], [X * Y, X + Y], **override)(N, Y)
    assert at(grad(product + total, [N, Y], disconnected_inputs="ignore"), n=2.0, y=3.0) == wanted


def test_overrides_see_what_is_taken_along():
    op = from_graph([X], X * W, grad_overrides=lambda ins, gs: [gs[0] * 7])
    assert at(grad(op(N), [N, W]), n=2.0, w=3.0) == [7, 2]


def test_overrides_of_forward_mode():
    theano = from_graph([X], X * X, rop_overrides=lambda ins, ts: ts[0] * 7)
    own = from_graph([X], X * X, pushforward=lambda ins, outs, ts: ts[0] * outs[0])
    assert at([pushforward(theano(N), N, 1.0), pushforward(own(N), N, 1.0)], n=3.0) == [7, 9]
    assert at([pushforward(from_graph([X], X * X)(N), N, 1.0)], n=3.0) == [6]


def test_graphs_are_called_too():
    graph = Graph([X, Y], [X - Y], "difference")
    assert at([call(graph, N, 1), call(graph, N, Y, inline=True)], n=3.0, y=2.0) == [2, 1]
    both = call(Graph([X], [X, 2 * X]), N)
    assert at(both, n=3.0) == [3, 6]


@pytest.mark.parametrize(
    ("kind", "message", "build"),
    [
        (ArgumentError, "half takes 1 arguments, 2 are given", lambda op: op(N, N)),
        (ShapeError, "half: float64[?, ?] is given for x of type float64", lambda op: op(dmatrix("m"))),
        (DtypeError, "half: float32 is given for x of type float64", lambda op: op(fscalar("f"))),
        (ArgumentError, "an input is a symbolic variable, not 3", lambda op: from_graph([3], X)),
        (ArgumentError, "give one rule for each mode", lambda op: from_graph([X], X, pullback=len, lop_overrides=len)),
        (ArgumentError, "a Graph or a function made by Bitale is wanted, not 3", lambda op: call(3)),
    ],
)
def test_errors(kind, message, build):
    op = from_graph([X], X / 2, name="half")
    with pytest.raises(kind) as caught:
        build(op)
    assert message in str(caught.value)
