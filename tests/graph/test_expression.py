"""Variables as text: as a reader would write them, whatever the op, and never too long."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Constant, Variable, functions, tensor_type
from bitale_graph import functions as F
from bitale_graph.expression import expression


def variable(name: str | None, *shape: int | None, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, shape), name=name)


def vector(name: str | None) -> Variable:
    return variable(name, None)


def test_variables_show_the_expression_they_are():
    x = vector("x")
    t = functions.exp(x)
    t.name = "t"
    assert repr(t) == "exp(x)"
    assert repr(t + 2 * x) == "t + 2 * x"
    assert repr(vector(None)) == "<float64[?]>"


def test_long_expressions_are_cut():
    x = vector("x")
    for _ in range(100):
        x = functions.tanh(x)
    assert repr(x).startswith("tanh(tanh(")
    assert repr(x).endswith("tanh(...)" + ")" * (repr(x).count("tanh") - 1))
    assert 150 < len(repr(x)) <= 200


x, v, k = variable("x", None, 4), vector("v"), variable("k", dtype="int64")
PARTS = F.exp(x - F.max(x, 1, keepdims=True))


@pytest.mark.parametrize(
    ("build", "written"),
    [
        (lambda: x + v, "x + v"),
        (lambda: x * v[:, None], "x * v[:, None]"),
        (lambda: (x - 1) ** 2 / 3, "(x - 1)**2 / 3"),
        (lambda: PARTS / F.sum(PARTS, 1, keepdims=True),
         "exp(x - max(x, axis=1)[:, None]) / sum(exp(x - max(x, axis=1)[:, None]), axis=1)[:, None]"),
        (lambda: F.softmax(x), "softmax(x, axis=(1,))"),
        (lambda: x.T @ (x @ v), "x.T @ (x @ v)"),
        (lambda: (x @ x.T) @ v, "x @ x.T @ v"),
        (lambda: F.einsum("ij,ij->i", x, x), 'einsum("ab,ab->a", x, x)'),
        (lambda: x[1:, ::-1][k], "x[1:, ::-1][k]"),
        (lambda: x[..., None, 0], "x[..., None, 0]"),
        (lambda: x[x > 0], "x[x > 0]"),
        (lambda: v[np.array([0, 2])], "v[[0, 2]]"),
        (lambda: F.reshape(x, (-1, 2)), "reshape(x, (x.shape[0] * 4 // 2, 2))"),
        (lambda: F.concatenate([x, x], 1), "concatenate([x, x], axis=1)"),
        (lambda: F.moveaxis(x[None], 0, 2), "transpose(x[None], (1, 2, 0))"),
        (lambda: v[1:].set(0.5), "v[1:...].set(0.5)"),
        (lambda: x[F.arange(2)].add(1), "x[arange(2)].add(1)"),
        (lambda: F.zeros((k, 3)), "full((k, 3), 0)"),
        (lambda: F.nonzero(x > 1)[1], "nonzero(x > 1)[1]"),
        (lambda: F.argmax(x, 0), "argmax(x, axis=0)"),
        (lambda: F.cumsum(x, 1), "cumsum(x, axis=1)"),
        (lambda: F.logsumexp(x, 1), "logsumexp(x, axis=(1,), keepdims=False)"),
        (lambda: F.cast(k, "float32") * np.float32(0.1), "k * 0.1"),
        (lambda: Constant(np.zeros(3), name="zeros") + 1, "zeros + 1"),
    ],
)  # fmt: skip
def test_each_op_reads_as_it_is_written(build, written):
    assert expression(build()) == written


def test_a_short_line_keeps_the_outer_part():
    assert expression(PARTS / F.sum(PARTS, 1, keepdims=True), 70) == (
        "exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None]"
    )
    assert expression(F.concatenate([x] * 30, 0), 40) == "concatenate(...)"
