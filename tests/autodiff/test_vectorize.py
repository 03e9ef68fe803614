"""vmap and vectorize against functions called element by element; loops and branches in batches."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_autodiff import grad, jacobian, vectorize, vectorize_graph, vmap
from bitale_graph import Graph, Variable, evaluate, tensor_type, verify
from bitale_graph.errors import ArgumentError, MissingRule, ShapeError
from bitale_graph.functions import (
    arange,
    dmatrix,
    dscalar,
    dtensor3,
    dvector,
    exp,
    lscalar,
    ones,
    softmax,
    sum,
    tanh,
    where,
)  # fmt: skip
from bitale_graph.functions.control import ifelse, loop, scan, switch_case, until
from bitale_graph.ops.control import Branch, Scan

RNG = np.random.default_rng(0)
XS, H, W = RNG.normal(size=(3, 4, 2)), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))


def recurrent(xs, h, w):
    last, ys = loop.scan(lambda h, x: (tanh(x * w + h), h.sum() * x), h, xs)
    return [last, ys]


def slopes(xs, h, w):
    last, ys = recurrent(xs, h, w)
    return grad(last.sum() + (ys * ys).sum(), [xs, h, w])


def counted(x, n):
    return loop.fori_loop(0, n, lambda i, v: v * v / 4 + x * i, x)


PROGRAMS = {
    "sequences": (recurrent, [XS, H[0], W[0]], [0]),
    "carries": (recurrent, [XS[0], H, W[0]], [1]),
    "fixed": (recurrent, [XS[0], H[0], W], [2]),
    "all": (recurrent, [XS, H, W], [0, 1, 2]),
    "gradients": (slopes, [XS, H, W], [0, 1, 2]),
    "reverse": (lambda xs, h: loop.scan(lambda h, x: (tanh(x + h), h), h, xs, reverse=True)[1], [XS, H], [0, 1]),
    "taps": (lambda x: scan(lambda a, p, q: a * p + q, x, {"initial": x[:2], "taps": [-1, -2]})[0], [XS[0].T], [0]),
    "while": (
        lambda x: loop.while_loop(lambda v: v["x"] < 20, lambda v: {"x": v["x"] ** 2 + 1, "n": v["n"] + 1},
                                  {"x": x, "n": 0})["x"],
        [np.array([1.0, 0.5, 30.0, 3.0])], [0],
    ),
    "steps": (counted, [np.array(1.5), np.array([0, 3, 2])], [1]),
    "same steps": (counted, [np.array([1.5, 2.0]), np.array(2)], [0]),
    "one end for all": (
        lambda x, w: scan(lambda v, h: (h + v, until(v > 1)), w, x)[0],
        [np.array([1.0, 2.0]), np.array([0.5, 1.5, 0.1])], [0],
    ),
    "choice": (lambda x, v: ifelse(x > 0, v, v * v + x), [np.array([1.5, -2.0, 3.0]), W], [0, 1]),
    "branch": (lambda x, v: ifelse(x > 0, lambda: v, lambda: v * v + x), [np.array(-2.0), W], [1]),
    "cases": (lambda i, v: switch_case(i, [v, v * v, v + 1]), [np.array([-1, 1, 7]), W], [0, 1]),
    "branch in a loop": (
        lambda x: scan(lambda v, h: ifelse(v > 0, lambda: h * v, lambda: exp(h)), x, 1.0)[0], [XS[0]], [0]
    ),
    "loop in a branch": (
        lambda x, b: ifelse(b > 0, lambda: scan(lambda v, h: h * v, x, 1.0)[0], lambda: x), [W, np.array(1.0)], [0]
    ),
}  # fmt: skip


def variable(array):
    return Variable(tensor_type(array.dtype.name, (None,) * array.ndim))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_batch_of_loops_and_branches(name):
    function, arrays, stacked = PROGRAMS[name]
    rows = [(k, 0 if k in stacked else None) for k in range(len(arrays))]
    inputs = [variable(a) for a in arrays]
    single = [variable(a[0]) if k in stacked else v for (k, v), a in zip(enumerate(inputs), arrays, strict=True)]
    mapped = vmap(lambda *xs: _listed(function(*xs)), tuple(axis for _, axis in rows))(*inputs)
    found = evaluate(verify(Graph(inputs, mapped)), arrays)
    graph = Graph(single, _listed(function(*single)))
    for b in range(len(arrays[stacked[0]])):
        wanted = evaluate(graph, [a[b] if k in stacked else a for k, a in enumerate(arrays)])
        for came, right in zip(found, wanted, strict=True):
            np.testing.assert_allclose(came[b], right, rtol=1e-12)


def _listed(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def test_one_condition_for_all_stays_a_branch_and_others_become_a_choice():
    b, v = dscalar("b"), dmatrix("v")
    lazy = vmap(lambda row: ifelse(b > 0, row, 2 * row))(v)
    assert isinstance(lazy.owner.op, Branch)
    chosen = vmap(lambda row: ifelse(row.sum() > 0, row, 2 * row))(v)
    assert str(chosen.owner.op) == "where"


def test_what_loops_of_different_lengths_collect_cannot_be_stacked():
    x = dvector("x")
    with pytest.raises(MissingRule, match="a length differs from one element of the batch to the next"):
        vmap(lambda v: scan(lambda h: (2 * h, until(h > 9)), None, v, n_steps=20)[0])(x)


def test_axes_and_trees():
    x, w = dmatrix("x"), dvector("w")

    def f(p, q):
        return {"a": p["k"] * q, "b": (q, p["k"].sum())}

    result = vmap(f, in_axes=({"k": 1}, None), out_axes={"a": -1, "b": (None, 0)})({"k": x}, w)
    values = np.arange(6.0).reshape(2, 3)
    a, b, c = evaluate([result["a"], *result["b"]], {x: values, w: [1.0, 10.0]})
    np.testing.assert_array_equal(a, values * [[1], [10]])
    np.testing.assert_array_equal(b, [1, 10])
    np.testing.assert_array_equal(c, values.sum(0))


def test_gradients_per_example_and_batched_jacobians():
    x, w = dmatrix("x"), dvector("w")
    per_example = vmap(lambda row: grad(tanh(row @ w) ** 2, w))(x)
    jacobians = vmap(lambda row: jacobian(softmax(row * w), row))(x)
    rows, weights = RNG.normal(size=(4, 3)), RNG.normal(size=3)
    found, stacked = evaluate([per_example, jacobians], {x: rows, w: weights})
    t = np.tanh(rows @ weights)
    np.testing.assert_allclose(found, (2 * t * (1 - t**2))[:, None] * rows)
    row = dvector("row")
    one = jacobian(softmax(row * w), row)
    for k in range(4):
        np.testing.assert_allclose(stacked[k], evaluate(one, {row: rows[k], w: weights}))


def test_vmap_in_vmap():
    x, y = dvector("x"), dvector("y")
    table = vmap(lambda a: vmap(lambda b: a * b + loop.fori_loop(0, 3, lambda i, v: v * b, a))(y))(x)
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    np.testing.assert_allclose(evaluate(table, {x: a, y: b}), np.outer(a, b) + np.outer(a, b**3))


def test_signatures_broadcast_leading_axes():
    product = vectorize("(m, n), (n) -> (m)")(lambda a, b: sum(a * b, 1))
    a, b = dtensor3("a"), dmatrix("b")
    left, right = RNG.normal(size=(4, 3, 2)), RNG.normal(size=(4, 2))
    wanted = np.einsum("kmn,kn->km", left, right)
    np.testing.assert_allclose(evaluate(product(a, b), {a: left, b: right}), wanted)
    one = product(a, ones((1, 2)))
    assert one.ndim == 2
    np.testing.assert_allclose(evaluate(one, {a: left}), left.sum(2))
    grid = product(a[:, None], b)
    np.testing.assert_allclose(
        evaluate(grid, {a: left, b: right[:3]}), np.einsum("kmn,jn->kjm", left, right[:3])
    )
    both = vectorize(lambda x, y: (x + y, x), "(),()->(),()")
    total, first = both(b, arange(2))
    np.testing.assert_allclose(evaluate([total, first], {b: right})[0], right + np.arange(2))
    assert first.ndim == 2


def test_without_a_signature_scalars_are_meant():
    x = dmatrix("x")
    f = vectorize(lambda a, b: where(a > 0, a, b))
    values = RNG.normal(size=(2, 3))
    np.testing.assert_array_equal(evaluate(f(x, [1.0, 2.0, 3.0]), {x: values}), np.where(values > 0, values, [1, 2, 3]))
    assert f(dscalar(), dscalar()).ndim == 0
    np.testing.assert_array_equal(evaluate(vectorize(lambda v: v.sum(), in_axes=1)(x), {x: values}), values.sum(0))


def test_graphs_are_vectorized_too():
    v, t = dvector("v"), dtensor3("t")
    total, last = vectorize_graph([v.sum(), scan(lambda a, h: h + a, v, 0.0)[0][-1]], {v: t})
    values = RNG.normal(size=(2, 3, 4))
    for came in evaluate([total, last], {t: values}):
        np.testing.assert_allclose(came, values.sum(-1))


def test_loops_stay_loops():
    x = dmatrix("x")
    sums = vmap(lambda v: scan(lambda a, h: h + a, v, 0.0)[0])(x)
    nodes = [node for node in Graph([x], [sums]).nodes if isinstance(node.op, Scan)]
    assert len(nodes) == 1


def loss(x, w):
    return tanh(x @ w) ** 2


@pytest.mark.parametrize(
    ("kind", "message", "build"),
    [
        (ArgumentError, "'(n)(n)->(' is no signature", lambda x, w: vectorize("(n)(n)->(")(loss)(x, w)),
        (ShapeError, "an argument has 0 axes; at least 1 are wanted",
         lambda x, w: vectorize(loss, "(n),(n)->()")(lscalar(), w)),
        (ShapeError, "the axis n has the lengths 3 and 4",
         lambda x, w: vectorize(loss, "(n),(n)->()")(ones(3), ones(4))),
        (ShapeError, "returns float64 where the signature says (n)",
         lambda x, w: vectorize(loss, "(n),(n)->(n)")(w, w)),
        (ArgumentError, "is called with 1 arguments, and its signature has 2",
         lambda x, w: vectorize(loss, "(n),(n)->()")(w)),
        (ArgumentError, "returns 1 results, and its signature has 2",
         lambda x, w: vectorize(loss, "(n),(n)->(),()")(w, w)),
        (ArgumentError, "give a signature or in_axes, not both", lambda x, w: vectorize(loss, "(),()->()", in_axes=0)),
        (ArgumentError, "in_axes gives no axis that could run over the batch", lambda x, w: vmap(loss, None)(x, w)),
        (ArgumentError, "axis 3 does not exist in an array of 1 axes", lambda x, w: vmap(loss, (0, 3))(x, w)),
        (ArgumentError, "in_axes is (0,), which does not fit the form ('*', '*')",
         lambda x, w: vmap(loss, (0,))(x, w)),
        (ArgumentError, "a result differs along the batch, but out_axes is None",
         lambda x, w: vmap(loss, (0, None), None)(x, w)),
        (ShapeError, "the argument 0 and the argument 1 have different lengths: 3 and 4",
         lambda x, w: vmap(loss)(ones((3, 2)), ones((4, 2)))),
    ],
)  # fmt: skip
def test_errors(kind, message, build):
    with pytest.raises(kind) as caught:
        build(dmatrix("x"), dvector("w"))
    assert message in str(caught.value)
