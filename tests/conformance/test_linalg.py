"""Linear algebra in whole functions: inside loops and branches, in place, and what fails."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
import bitale_backend_cuda
from bitale_graph.errors import LinearAlgebraError, MatrixShapeError
from bitale_graph.ops.linalg import Cholesky, SolveTriangular
from tests.support.cuda.device import any_driver

RNG = np.random.default_rng(2)
FACTORS = np.eye(3) + RNG.normal(size=(4, 3, 3)) / 3
POSITIVE = FACTORS @ FACTORS.swapaxes(1, 2)
NOT_POSITIVE = np.stack([POSITIVE[0], -POSITIVE[1]])


@pytest.fixture(params=["c", "numpy", "cuda"])
def function(request):
    """bitale.function, on each backend."""
    if request.param == "cuda":
        bitale_backend_cuda.install(0, any_driver())
    yield lambda inputs, outputs, **options: bt.function(inputs, outputs, mode=request.param, **options)
    if request.param == "cuda":
        bitale_backend_cuda.install(0, None)


def test_in_a_loop(function):
    x, s = T.dtensor3("x"), T.dmatrix("s")

    def step(a, s):
        factor = Cholesky()(a + s @ s.T)
        return SolveTriangular()(factor, s), T.sum(T.log(T.diagonal(factor)))

    (states, sums), _ = bt.scan(step, sequences=x, outputs_info=[s, None])
    run = function([x, s], [states[-1], sums, bt.grad(T.sum(states[-1]) + T.sum(sums), s)])
    s_value, wanted = RNG.normal(size=(3, 3)), []
    now = s_value
    for a in POSITIVE:
        factor = np.linalg.cholesky(a + now @ now.T)
        now = np.linalg.solve(factor, now)
        wanted.append(np.sum(np.log(np.diagonal(factor))))
    last, sums_value, slope = run(POSITIVE, s_value)
    np.testing.assert_allclose(last, now, rtol=1e-9)
    np.testing.assert_allclose(sums_value, wanted, rtol=1e-9)
    assert np.isfinite(slope).all()
    with pytest.raises(LinearAlgebraError, match="not positive definite"):
        run(-POSITIVE, s_value)


def test_in_a_branch(function):
    x, wanted = T.dmatrix("x"), T.scalar("wanted", "bool")
    run = function([x, wanted], bt.ifelse(wanted, Cholesky()(x), x))
    np.testing.assert_allclose(run(POSITIVE[0], True), np.linalg.cholesky(POSITIVE[0]), rtol=1e-12)
    np.testing.assert_array_equal(run(-POSITIVE[0], False), -POSITIVE[0])


def test_an_update_stays_as_it_was_where_it_fails(function):
    x, state = T.dmatrix("x"), bt.shared(np.eye(3))
    run = function([x], [], updates={state: Cholesky()(x) + state})
    run(POSITIVE[0])
    before = state.get_value()
    np.testing.assert_allclose(before, np.linalg.cholesky(POSITIVE[0]) + np.eye(3), rtol=1e-12)
    with pytest.raises(np.linalg.LinAlgError, match="the matrix is not positive definite"):
        run(-POSITIVE[0])
        state.get_value()  # a GPU fails when it is asked
    np.testing.assert_array_equal(state.get_value(), before)


def test_which_matrix_fails_and_where_it_was_written(function):
    x = T.dtensor3("x")
    run = function([x], Cholesky()(x) * 2)
    with pytest.raises(LinearAlgebraError, match=r"matrix 1 of the batch is not positive (.|\n)*test_linalg.py"):
        run(NOT_POSITIVE)
    np.testing.assert_allclose(run(POSITIVE), 2 * np.linalg.cholesky(POSITIVE), rtol=1e-12)


def test_a_matrix_that_is_not_square(function):
    x = T.dmatrix("x")
    run = function([x], Cholesky()(x))
    with pytest.raises(MatrixShapeError, match=r"3(.|\n)*4") as caught:
        run(np.ones((3, 4)))
    assert isinstance(caught.value, np.linalg.LinAlgError) and isinstance(caught.value, ValueError)


def test_lanes_of_a_batch_that_have_ended_do_not_fail(function):
    x, n = T.dmatrix("x"), T.lscalar("n")
    start, identity = (T.constant(0), x), T.eye(3)
    steps = bt.loop.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, Cholesky()(s[1] - identity)), start)
    many, counts = T.dtensor3("many"), T.lvector("counts")
    run = function([many, counts], bt.vmap(lambda a, k: bt.clone_replace(steps[1], {x: a, n: k}))(many, counts))
    big = 9 * np.stack([np.eye(3)] * 2)
    found = run(big, np.array([1, 0]))
    np.testing.assert_allclose(found, np.stack([np.sqrt(8) * np.eye(3), 9 * np.eye(3)]))
