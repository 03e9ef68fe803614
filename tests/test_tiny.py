"""The tour: fifteen things Bitale does, each in a few lines. Read from top to bottom."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T


def test_an_expression_becomes_a_function():
    x, y = T.vector("x"), T.vector("y")
    f = bt.function([x, y], T.exp(-(x**2)) + y)
    np.testing.assert_allclose(f([0.0, 1.0], [1.0, 2.0]), [2.0, 2.0 + np.exp(-1.0)])


def test_shapes_and_dtypes_are_known_before_anything_runs():
    x = T.tensor("x", dtype="float32", shape=(None, 3))
    scaled = x * 2  # a Python number takes the array's dtype
    assert scaled.dtype == "float32"
    assert scaled.ndim == 2
    assert T.sum(scaled, axis=1, keepdims=True).type.shape == (None, 1)
    assert (x + T.dvector("y")).dtype == "float64"  # arrays promote as in NumPy


def test_numpy_functions_build_expressions():
    x = T.matrix("x")
    f = bt.function([x], np.sqrt(x).sum(axis=0))
    value = np.array([[1.0, 4.0], [9.0, 16.0]])
    np.testing.assert_allclose(f(value), [4.0, 6.0])


def test_the_gradient_is_one_more_expression():
    x = T.scalar("x")
    slope = bt.grad(x**3, x)
    curvature = bt.grad(slope, x)
    assert bt.function([x], [slope, curvature])(2.0) == [12.0, 12.0]


def test_the_branch_not_taken_leaves_no_nan():
    x = T.vector("x")
    safe = T.where(x > 0, T.log(x), 0.0)
    slope = bt.function([x], bt.grad(safe.sum(), x))
    np.testing.assert_array_equal(slope([-1.0, 0.0, 4.0]), [0.0, 0.0, 0.25])


def test_expressions_are_made_numerically_stable():
    x = T.vector("x")
    f = bt.function([x], [T.log(1 + T.exp(x)), T.log(T.sum(T.exp(x)))])
    softplus, logsumexp = f([1000.0, -1000.0])
    np.testing.assert_array_equal(softplus, [1000.0, 0.0])
    assert logsumexp == 1000.0


def test_shared_variables_keep_state_between_calls():
    total = bt.shared(0.0, name="total")
    x = T.scalar("x")
    add = bt.function([x], total, updates={total: total + x})  # the output is the value before the update
    assert [float(add(value)) for value in (1.0, 2.0, 3.0)] == [0.0, 1.0, 3.0]
    assert total.get_value() == 6.0


def test_a_regression_learns():
    x, y = T.matrix("x"), T.vector("y")
    w = bt.shared(np.zeros(2), name="w")
    loss = T.mean((x @ w - y) ** 2)
    step = bt.function([x, y], loss, updates={w: w - 0.25 * bt.grad(loss, w)})
    rows = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    losses = [float(step(rows, rows @ [1.0, 2.0])) for _ in range(200)]
    assert losses == sorted(losses, reverse=True)
    np.testing.assert_allclose(w.get_value(), [1.0, 2.0], atol=1e-6)


def test_indexing_reads_and_writes():
    x, index = T.vector("x"), T.lvector("index")
    outputs = [x[index], x[::-1], x[index].set(0.0), x[index].add(1.0)]
    gathered, backwards, written, counted = bt.function([x, index], outputs)([5.0, 6.0, 7.0], [2, 0, 2])
    np.testing.assert_array_equal(gathered, [7.0, 5.0, 7.0])
    np.testing.assert_array_equal(backwards, [7.0, 6.0, 5.0])
    np.testing.assert_array_equal(written, [0.0, 6.0, 0.0])
    np.testing.assert_array_equal(counted, [6.0, 6.0, 9.0])  # an index that comes twice adds twice


def test_a_size_is_an_expression():
    x = T.matrix("x")
    rows, columns = x.shape
    f = bt.function([x], [T.arange(rows), x.reshape((columns, rows))])
    numbers, reshaped = f(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(numbers, [0, 1])
    np.testing.assert_array_equal(reshaped, np.arange(6.0).reshape(3, 2))


def test_jacobian_and_hessian():
    x = T.vector("x")
    jacobian = bt.function([x], bt.jacobian(x**2, x))
    hessian = bt.function([x], bt.hessian(T.sum(x**3), x))
    np.testing.assert_allclose(jacobian([1.0, 2.0]), [[2.0, 0.0], [0.0, 4.0]])
    np.testing.assert_allclose(hessian([1.0, 2.0]), [[6.0, 0.0], [0.0, 12.0]])


def test_outputs_have_the_structure_asked_for():
    x = T.vector("x")
    f = bt.function([x], {"mean": x.mean(), "largest": x.max()})
    assert f([1.0, 2.0, 6.0]) == {"mean": 3.0, "largest": 6.0}


def test_the_reference_and_the_compiled_function_agree():
    x = T.matrix("x")
    y = T.softmax(x @ x.T, axis=-1)
    value = np.random.default_rng(0).normal(size=(4, 3))
    slow, fast = (bt.function([x], y, mode=mode)(value) for mode in ("numpy", "c"))
    np.testing.assert_allclose(fast, slow, rtol=1e-12)


def test_a_function_shows_its_work_and_survives_pickling():
    x = T.vector("x")
    f = bt.function([x], T.tanh(2 * x + 1))
    assert "tanh" in f.source()  # C, one file
    loaded = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(loaded([0.5, 1.0]), f([0.5, 1.0]))


def test_a_mistake_gets_an_answer():
    x, y = T.vector("x"), T.vector("y")
    with pytest.raises(bt.MissingInputError, match="y"):
        bt.function([x], x + y)
    f = bt.function([x, y], x + y)
    with pytest.raises(ValueError, match=r"(?s)x.*y"):
        f([1.0, 2.0], [1.0, 2.0, 3.0])
