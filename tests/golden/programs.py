"""A dozen small programs whose generated C is kept under version control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_graph import Graph, Variable, tensor_type
from bitale_graph.functions.control.loop import scan


@dataclass(frozen=True)
class Program:
    """A graph, which output replaces which input, and how many kernels it should take."""

    graph: Graph
    kernels: int
    donate: dict[int, int] = field(default_factory=dict)


def matrix(name: str, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None, None)), name=name)


def vector(name: str, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None,)), name=name)


def elementwise() -> Program:
    x, y, b = matrix("x"), matrix("y"), vector("b")
    return Program(Graph([x, y, b], [F.tanh(x.T + b) * y[:, ::-1]]), 1)


def softmax() -> Program:
    x = matrix("x")
    return Program(Graph([x], [F.softmax(x, axis=1)]), 1)


def logsumexp() -> Program:
    x = matrix("x")
    return Program(Graph([x], [F.logsumexp(x, axis=1)]), 1)


def variance() -> Program:
    x = matrix("x")
    return Program(Graph([x], [F.var(x, axis=1)]), 1)


def two_reductions() -> Program:
    x = vector("x")
    return Program(Graph([x], [F.sum(x), F.sum(x * x)]), 1)


def column_sums() -> Program:
    x = matrix("x")
    return Program(Graph([x], [F.sum(x, axis=0)]), 1)


def embedding() -> Program:
    """Gather, elementwise, scatter-add; one more kernel finds the range of the indices."""
    table, index = matrix("table"), vector("index", "int64")
    return Program(Graph([table, index], [table[index].add(F.tanh(table[index]))]), 2)


def sgd() -> Program:
    x, error, weights = matrix("x"), matrix("error"), matrix("weights")
    return Program(Graph([x, error, weights], [weights - 0.1 * F.dot(x.T, error)]), 0, {0: 2})


def linear_layer() -> Program:
    """A product whose bias is an epilogue on a GPU, shared by a batch."""
    x = Variable(tensor_type("float32", (None, None, None)), name="x")
    w, b = matrix("w", "float32"), vector("b", "float32")
    return Program(Graph([x, w, b], [F.einsum("bki,kj->bij", x, w) + b]), 1)


def logistic_regression() -> Program:
    """One pass over the samples; the mean and the new weights are small kernels of their own."""
    x, target, weights = matrix("x"), vector("target"), vector("weights")
    scores = F.dot(x, weights)
    loss = F.mean(F.softplus(scores) - target * scores)
    return Program(Graph([x, target, weights], [loss, weights - 0.1 * grad(loss, weights)]), 3, {1: 2})


def concatenate() -> Program:
    """One kernel per operand, each straight into its place."""
    x, y = matrix("x"), matrix("y")
    return Program(Graph([x, y], [F.concatenate([F.exp(x), y + 1], axis=0)]), 2)


def boolean_mask() -> Program:
    """One kernel counts, one finds the places, one reads."""
    x = vector("x")
    return Program(Graph([x], [F.sqrt(x[x > 0])]), 3)


def recurrence() -> Program:
    """The carry stays in a register."""
    y, a = vector("y"), Variable(tensor_type("float64", ()), name="a")
    last, rows = scan(lambda c, y_t: (a * c + y_t, c * c), F.zeros(()), y)
    return Program(Graph([y, a], [last, F.sum(rows)]), 4)


def recurrent_network() -> Program:
    """One product before the loop, one in each step; new states are written where they are collected."""
    x = Variable(tensor_type("float32", (None, None, None)), name="x")
    h, w, u, b = matrix("h", "float32"), matrix("w", "float32"), matrix("u", "float32"), vector("b", "float32")
    _, states = scan(lambda h, x_t: (F.tanh(x_t @ w + h @ u + b),) * 2, h, x)
    return Program(Graph([x, h, w, u, b], [states]), 1)


PROGRAMS: tuple[Callable[[], Program], ...] = (
    elementwise, softmax, logsumexp, variance, two_reductions, column_sums, embedding, sgd, linear_layer,
    logistic_regression, concatenate, boolean_mask, recurrence, recurrent_network,
)  # fmt: skip
