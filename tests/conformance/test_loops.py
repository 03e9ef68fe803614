"""The programs that the derivatives of loops and branches are tested with, compiled: as the reference says."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
from bitale_graph import Variable, tensor_type
from bitale_graph.dtypes import is_differentiable
from tests.autodiff.test_branches import PROGRAMS as BRANCHES
from tests.autodiff.test_loops import CHECKPOINTED, flat
from tests.autodiff.test_loops import PROGRAMS as LOOPS
from tests.autodiff.test_vectorize import PROGRAMS as BATCHES


def variable(array):
    return Variable(tensor_type(array.dtype.name, (None,) * array.ndim))


def listed(outputs):
    outputs = flat(outputs)
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def compared(inputs, outputs, points):
    """Compiled once, called at each point; what is computed must be what the reference computes."""
    compiled = bt.function(inputs, outputs, on_unused_input="ignore")
    reference = bt.function(inputs, outputs, mode="numpy", on_unused_input="ignore")
    for point in points:
        for came, wanted in zip(compiled(*point), reference(*point), strict=True):
            np.testing.assert_allclose(came, wanted, rtol=1e-10, atol=1e-12)


def with_gradients(outputs, inputs):
    cost = sum((y * y).sum() for y in outputs if is_differentiable(y.dtype))
    return [*outputs, *bt.grad(cost, inputs, disconnected_inputs="ignore")]


@pytest.mark.parametrize("name", LOOPS)
def test_loops_and_their_gradients(name):
    function, point = LOOPS[name]
    inputs = [variable(np.asarray(a)) for a in point]
    compared(inputs, with_gradients(listed(function(*inputs)), inputs), [point])


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_and_their_gradients(name):
    points = [[np.array(x), np.array([0.3, -0.2, 0.5])] for x in (1.3, -0.7)]
    inputs = [variable(a) for a in points[0]]
    compared(inputs, with_gradients(listed(BRANCHES[name](*inputs)), inputs), points)


@pytest.mark.parametrize("name", BATCHES)
def test_batches(name):
    function, arrays, stacked = BATCHES[name]
    inputs = [variable(a) for a in arrays]
    axes = tuple(0 if k in stacked else None for k in range(len(arrays)))
    compared(inputs, bt.vmap(lambda *xs: listed(function(*xs)), axes)(*inputs), [arrays])


@pytest.mark.parametrize("every", ["sqrt", 3])
@pytest.mark.parametrize("name", CHECKPOINTED)
def test_checkpoints(name, every):
    rng = np.random.default_rng(0)
    points = [[rng.uniform(0.1, 0.9, size=(n, 2)), np.array([0.5, 0.7])] for n in (7, 1, 12)]
    inputs = [variable(a) for a in points[0]]
    compared(inputs, with_gradients(listed(CHECKPOINTED[name](*inputs, every)), inputs), points)
