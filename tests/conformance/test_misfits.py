"""Random graphs of arrays that mostly do not fit: C fails where the reference fails, and never reads past an end.

Rewriting may leave out what no result needs, with its error: then the reference of the rewritten graph decides. Under
the sanitizers (`hatch run sanitize`) every access to memory is checked.
"""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bitale_graph.functions as F
from bitale_backend_c import compile
from bitale_backend_c.shim import Form
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.errors import BitaleError
from bitale_rewrite import optimise

UNARY = (
    F.tanh,
    lambda x: x.T,
    lambda x: x[::-1],
    lambda x: x[1:] - x[:-1],
    lambda x: x[:, :2],
    lambda x: F.sum(x, axis=0, keepdims=True) + x,
    lambda x: F.reshape(x, (2, -1)),
    lambda x: F.diagonal(x)[:, None] * x,
    lambda x: F.concatenate([x[:0], x]),
    lambda x: F.set_subtensor(x[:, 0], x[0]),
    lambda x: x[F.argmax(x, axis=0)],
)
BINARY = (
    lambda x, y: x + y,
    lambda x, y: x - 0.5 * (y.T @ y),
    lambda x, y: x @ y.T,
    lambda x, y: F.concatenate([x, y], axis=1),
    lambda x, y: F.stack([x, y])[1],
    lambda x, y: F.where(x > 0, x, y),
    lambda x, y: F.set_subtensor(x[1:], y),
    lambda x, y: x[: y.shape[0]],
    lambda x, y: F.inc_subtensor(x[F.cast(F.clip(F.absolute(y[:, 0]), 0, 3), "int64")], y),
    lambda x, y: F.broadcast_to(x[:1], y.shape) * x,
    lambda x, y: F.specify_shape(x, (3, 3)) @ y,
    lambda x, y: x + F.sum(x @ y, axis=0),
    lambda x, y: F.reshape(x, y.shape),
    lambda x, y: F.ones((x.shape[0], y.shape[1])) * y,
)
SHAPES = st.tuples(st.sampled_from((0, 1, 2, 3, 3, 3, 4, 30)), st.sampled_from((0, 1, 2, 3, 3, 3, 4, 20)))
CALLS = 20


@st.composite
def graphs(draw):
    """Matrices made of three inputs, one operation at a time."""
    inputs = [Variable(tensor_type("float64", (None, None)), name=name) for name in "xyz"]
    values = list(inputs)
    for _ in range(draw(st.integers(2, 6))):
        family = draw(st.sampled_from((UNARY, BINARY)))
        operands = [draw(st.sampled_from(values[-3:] + inputs)) for _ in range(1 if family is UNARY else 2)]
        try:
            values.append(draw(st.sampled_from(family))(*operands))
        except BitaleError:  # these do not fit whatever their unknown lengths are
            continue
    return Graph(inputs, [v if v.owner is not None else v + 1.0 for v in values[-2:]])


def outcome(call, arrays) -> object:
    """The results, or the error."""
    try:
        return call(*arrays)
    except BitaleError as error:
        return error


@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.lists(st.tuples(SHAPES, SHAPES, SHAPES), min_size=CALLS, max_size=CALLS))
def test_what_does_not_fit_fails(graph, calls):
    function, rewritten, cell = compile(graph), optimise(graph), [np.zeros((3, 3))]
    update = compile(graph, cells=[cell], updates={1: 0}, form=Form.SINGLE)
    for shapes in [((3, 3),) * 3, *calls]:
        arrays = [np.random.default_rng(k).normal(size=shape) for k, shape in enumerate(shapes)]
        wanted = outcome(lambda *a: evaluate(graph, list(a)), arrays)
        found = outcome(function, arrays)
        cell[0] = arrays[2].copy()
        in_place = outcome(update, arrays[:2])
        if isinstance(found, BitaleError):
            assert isinstance(wanted, BitaleError), (shapes, found)
            assert isinstance(in_place, BitaleError)
            np.testing.assert_array_equal(cell[0], arrays[2])
        else:
            if isinstance(wanted, BitaleError):
                wanted = evaluate(rewritten, arrays)
            for mine, theirs in zip([*found, in_place, cell[0]], [*wanted, *wanted], strict=True):
                np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
