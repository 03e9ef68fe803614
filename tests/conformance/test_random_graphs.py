"""Random graphs: what the optimised C computes is what the reference makes of the graph as it was written."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_c import compile
from bitale_graph import Graph, Variable, evaluate, tensor_type

UNARY = (
    F.tanh, F.sin, F.sigmoid, F.square, F.negative, F.absolute, F.softplus, F.arctan, F.erf, F.relu,
    lambda x: F.log(1 + F.square(x)),
    lambda x: F.log(3 * F.sigmoid(x)),
    lambda x: 1 / (1 + F.exp(-x)),
    lambda x: F.clip(x, -0.5, 0.7) ** 3,
    lambda x: 2 * x - x / 4,
    lambda x: F.cast(F.cast(x, "float32"), "float64"),
)  # fmt: skip
BINARY = (
    F.add, F.subtract, F.multiply, F.maximum, F.minimum, F.logaddexp, F.arctan2,
    lambda x, y: x / (1 + F.square(y)),
    lambda x, y: F.where(x > y, x, y * 0.5),
    lambda x, y: F.log(F.exp(F.tanh(x)) + F.exp(F.tanh(y))),
    lambda x, y: F.einsum("ij,jk,lk->il", x, y, x) / 16,
    lambda x, y: F.sum(x[:, :, None] * y[None], axis=1) / 4,
    lambda x, y: F.sum((x @ y)[1:3, ::-1], axis=0) / 4 + y,
    lambda x, y: F.set_subtensor(x[1:3], y[:2]),
    lambda x, y: x[np.array([0, 2, 2])].add(y[:3]),
    lambda x, y: x[np.array([3, 1])].maximum(y[:2]),
)  # fmt: skip
MOVING = (
    lambda x: x.T,
    lambda x: x[::-1],
    lambda x: F.sum(x[:, ::2], axis=1, keepdims=True) + x,
    lambda x: F.roll(x, 1, axis=0),
    lambda x: F.concatenate([x[1:], x[:1]], axis=0),
    lambda x: F.reshape(F.reshape(x, (-1,)), x.shape),
    lambda x: F.where(x > 0, x, 0.5 * x),
    lambda x: x[F.argmax(x, axis=0)],
    lambda x: F.set_subtensor(x[0], 1.0),
    lambda x: F.cumsum(x, axis=1),
    lambda x: F.pad(x[1:], ((0, 1), (0, 0)), mode="reflect"),
    lambda x: F.pad(x[1:, 1:], ((1, 0), (0, 1)), mode="wrap"),
    lambda x: F.repeat(x, 2, axis=0)[::2],
    lambda x: F.tril(x) + F.triu(x, 1)[0],
    lambda x: x[np.array([0, 0, 3, 2])][:, np.array([1, 2, 2, 0])],
    lambda x: F.moveaxis(F.stack([x, x * 2], 0), 0, 2)[:, :, 1],
)
REDUCING = (
    lambda x: x - F.sum(x, axis=1, keepdims=True),
    lambda x: x - F.mean(x, axis=0, keepdims=True),
    lambda x: F.softmax(x, axis=1),
    lambda x: F.log_softmax(x, axis=0),
    lambda x: x + F.log(F.sum(F.exp(F.tanh(x)), axis=1, keepdims=True)),
    lambda x: x * F.prod(F.tanh(x), axis=0),
    lambda x: F.std(x, 0) + x,
    lambda x: x * F.max(x, axis=0),
    lambda x: x / (1 + F.var(x)),
    lambda x: F.dot(x, x.T) / 4,
)
N = 4  # square matrices, so that any two operands fit
RUNS = settings(
    max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
RTOL, ATOL = 1e-9, 1e-9  # float64; chains of a dozen operations may lose some digits, never half of them


@st.composite
def graphs(draw):
    """Matrices made of two inputs, one operation at a time; earlier results are used again."""
    known = draw(st.booleans())
    inputs = [Variable(tensor_type("float64", (N, N) if known else (None, None)), name=name) for name in "xy"]
    values = list(inputs)
    for _ in range(draw(st.integers(3, 10))):
        family = draw(st.sampled_from((UNARY, BINARY, MOVING, REDUCING)))
        operation = draw(st.sampled_from(family))
        operands = [draw(st.sampled_from(values[-4:] + inputs)) for _ in range(2 if family is BINARY else 1)]
        values.append(operation(*operands))
    outputs = values[-draw(st.integers(2, 4)) :]
    return inputs, [v if v not in inputs else v + 1.0 for v in outputs]


def arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [rng.normal(size=(N, N)), rng.normal(size=(2 * N, N))[::2][::-1]]


def assert_agree(inputs: list[Variable], outputs: list[Variable]) -> None:
    graph = Graph(inputs, outputs)
    given_arrays = arrays()
    for mine, theirs in zip(compile(graph)(*given_arrays), evaluate(graph, given_arrays), strict=True):
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(mine, theirs, rtol=RTOL, atol=ATOL)


@RUNS
@given(graphs())
def test_optimised_c_is_the_unoptimised_reference(made):
    assert_agree(*made)


@RUNS
@given(graphs())
def test_gradients_too(made):
    inputs, outputs = made
    cost = sum((F.mean(F.tanh(v)) for v in outputs[1:]), F.mean(F.tanh(outputs[0])))
    assert_agree(inputs, [cost, *grad(cost, inputs, disconnected_inputs="ignore")])
