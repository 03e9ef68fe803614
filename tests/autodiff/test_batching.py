"""Batching every op: the stacked expression is the stack of expressions; every op with a rule of it is covered."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bitale_autodiff import BATCHING, batch
from bitale_graph.errors import IndexingError, MissingRule
from bitale_graph.functions import arange, argmax, nonzero, tanh
from bitale_graph.ops.control import Check, Composite, Procedure, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS, where
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import Dimension
from bitale_graph.reference import evaluate
from bitale_graph.types import tensor_type
from bitale_graph.variable import Variable
from tests.autodiff.samples import ROWS, const, matrix, samples, scalar, vector
from tests.autodiff.test_rules import all_ops

# Opened, not batched, without inputs, of unknown lengths.
WITHOUT_RULE = {Composite, Dimension, Nonzero, Procedure}
CASES = [(name, function, arrays) for name, function, arrays in samples(ROWS)]
LENGTH = 3


def check(function, arrays, batched, static):
    """Compare with one evaluation per element; the operands that are not `batched` stay the same."""
    rows = [np.stack([a * (1 + 0.1 * i) for i in range(LENGTH)]).astype(a.dtype) for a in arrays]
    types = [tensor_type(a.dtype.name, tuple(n if static or n == 1 else None for n in a.shape)) for a in arrays]
    inputs = [Variable(t) for t in types]
    output = function(*inputs)
    stacked = {
        x: Variable(tensor_type(x.dtype, (LENGTH if static else None, *x.type.shape)))
        for x, flag in zip(inputs, batched, strict=True)
        if flag
    }
    (result,) = batch([output], stacked)
    values = {stacked.get(x, x): r if x in stacked else a for x, r, a in zip(inputs, rows, arrays, strict=True)}
    found = evaluate(result, values)
    each = [[r[i] if flag else a for r, a, flag in zip(rows, arrays, batched, strict=True)] for i in range(LENGTH)]
    wanted = np.stack([evaluate(output, dict(zip(inputs, row, strict=True))) for row in each])
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def some_of(arrays):
    return [flags for flags in itertools.product([True, False], repeat=len(arrays)) if any(flags)]


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize(("function", "arrays"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_structural_ops(function, arrays, static):
    for batched in some_of(arrays):
        check(function, arrays, batched, static)


@pytest.mark.parametrize("static", [True, False], ids=["static", "unknown"])
def test_elementwise_functions_stretch_scalars_and_rows(static):
    arrays = [np.array([[True, False, True], [False, True, False]]), np.float64(2), np.array([[1.0, 2, 3]])]
    for batched in some_of(arrays):
        check(where, [np.asarray(a) for a in arrays], batched, static)


@pytest.mark.parametrize(
    "batched", [(True, False, False), (False, False, True), (True, True, True), (False, True, True)], ids=str
)
def test_indices_that_differ_along_the_batch(batched):
    x, y = np.arange(12.0).reshape(4, 3), np.arange(6.0).reshape(2, 3)
    rows = [np.stack([a, a + 1, a + 2]) for a in (x, y, np.array([1, -4]))]
    inputs = [matrix(), matrix(), vector(dtype="int64")]
    chosen = [v for v, flag in zip(inputs, batched, strict=True) if flag]
    taken = {v: Variable(tensor_type(v.dtype, (None, *v.type.shape))) for v in chosen}
    outputs = [Gather((0,))(inputs[0], inputs[2]), Scatter((0,), FUNCTIONS["add"])(*inputs)]
    values = {taken.get(v, v): r if v in taken else r[0] for v, r in zip(inputs, rows, strict=True)}
    found = evaluate(batch(outputs, taken), values)
    for i in range(3):
        one = evaluate(outputs, {v: r[i] if v in taken else r[0] for v, r in zip(inputs, rows, strict=True)})
        for whole, part in zip(found, one, strict=True):
            np.testing.assert_array_equal(whole[i], part)


def test_a_check_holds_for_the_whole_batch():
    x, n = vector(), scalar("n", "int64")
    output, numbers = Check("{0} is too large", IndexingError)(x, n < 2, n), vector("numbers", "int64")
    np.testing.assert_array_equal(evaluate(batch([output], {n: numbers})[0], [[3.0], [0, 1]]), [[3.0], [3.0]])
    with pytest.raises(IndexingError, match=r"\? is too large"):
        evaluate(batch([output], {n: numbers}), [[3.0], [0, 2]])


def test_what_is_left_out_of_the_batch():
    x, rows = vector(), matrix()
    outputs = batch([x, const([1.0, 2.0]), StopGradient()(x), argmax(x), arange(x.shape[0])], {x: rows})
    value = np.array([[1.0, 3.0], [5.0, 4.0], [6.0, 7.0]])
    same, constant, stopped, places, numbers = evaluate(outputs, {rows: value})
    np.testing.assert_array_equal(same, value)
    np.testing.assert_array_equal(constant, [[1, 2]] * 3)
    np.testing.assert_array_equal(stopped, value)
    np.testing.assert_array_equal(places, [1, 0, 1])
    np.testing.assert_array_equal(numbers, [[0, 1]] * 3)


def test_lengths_that_would_differ_along_the_batch_are_refused():
    x = vector()
    with pytest.raises(MissingRule, match="nonzero"):
        batch([nonzero(x > 0)[0]], {x: matrix()})
    n = scalar("n", "int64")
    with pytest.raises(MissingRule, match="a length differs from one element of the batch to the next"):
        batch([tanh(x)[:n]], {n: vector("ns", "int64")})


def test_every_op_is_batched_or_says_why_not():
    assert {op for op in all_ops() if op not in BATCHING} == WITHOUT_RULE
