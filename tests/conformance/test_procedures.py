"""Sub-graphs that are kept as one C function: values, one body, memory, checks, loops around and inside, export."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale_graph.errors import ShapeError

X, W, N, K = T.dvector("x"), T.dmatrix("w"), T.lscalar("n"), T.dscalar("k")
LAYER = bt.from_graph([X, W], T.tanh(W @ X) + T.sum(X), name="layer")
RNG = np.random.default_rng(5)
A, M = RNG.normal(size=4), 0.3 * RNG.normal(size=(4, 4))


def layer(x, w):
    return np.tanh(w @ x) + x.sum()


def bodies(f, name):
    """How often the C source defines a function, and how often it calls it."""
    source = f.source()
    return source.count(f"int32_t {name}(bitale_call"), source.count(f"= {name}(call")


def kept(f):
    """The names of the sub-graphs that are C functions, which the plan shows as calls."""
    names = [procedure.name for procedure in f.plan().procedures]
    assert all(f"{name}(" in str(f.plan()) for name in names)
    return names


def check(inputs, outputs, values, wanted):
    """C, the loop IR as Python runs it, and the NumPy reference give what is wanted."""
    f = bt.function(inputs, outputs)
    for found in (f(*values), bt.function(inputs, outputs, mode="numpy")(*values)):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    return f


def test_ten_calls_share_one_body():
    y, z = X, A
    for _ in range(10):
        y, z = LAYER(y, W), layer(z, M)
    f = check([X, W], [y, LAYER(2 * X, W)], [A, M], [z, layer(2 * A, M)])
    assert bodies(f, "layer") == (1, 11)
    assert kept(f) == ["layer"]
    inlined = bt.from_graph([X, W], T.tanh(W @ X) + T.sum(X), name="layer", inline=True)
    assert bodies(bt.function([X, W], inlined(X, W)), "layer") == (0, 0)


def test_calls_of_a_compiled_function_share_one_body():
    inner = bt.function([X, W], [T.tanh(W @ X), T.sum(X)], name="inner")
    (first, total), (second, _) = bt.call(inner, X, W), bt.call(inner, X * 2, W)
    f = check([X, W], [first, second, total], [A, M], [np.tanh(M @ A), np.tanh(M @ (2 * A)), A.sum()])
    assert bodies(f, "inner") == (1, 2)


def test_procedures_call_procedures_with_constants_and_numbers():
    table = np.arange(5.0)
    inner = bt.from_graph([X, K], X[:2] * T.constant(table)[1:3] + K, name="inner")
    outer = bt.from_graph([X, K], [inner(X, K) - inner(X, 3.0), K * 2], name="outer")
    a, b = outer(X, 1.5)
    c, d = outer(X[1:], K)
    wanted = [np.full(2, -1.5), np.asarray(3.0), np.full(2, 0.25 - 3), np.asarray(0.5)]
    f = check([X, K], [a, b, c, d, inner(X, K)], [A, 0.25], [*wanted, A[:2] * [1.0, 2.0] + 0.25])
    assert bodies(f, "inner") == (1, 3) and bodies(f, "outer") == (1, 2)


def test_procedures_in_loops_and_branches_and_loops_in_procedures():
    powers = bt.from_graph([X], bt.scan(lambda x, h: h * x, X, T.constant(1.0))[0], name="powers")
    states, _ = bt.scan(lambda h: LAYER(h, W), outputs_info=X, n_steps=N)
    either = bt.ifelse(K > 0, LAYER(X, W), powers(X))
    z = A
    history = [z := layer(z, M) for _ in range(5)]
    f = check([X, W, N, K], [states, either], [A, M, 5, -1.0], [np.array(history), np.cumprod(A)])
    assert bodies(f, "layer") == (1, 2) and bodies(f, "powers") == (1, 1)


def test_derivatives_and_batches_go_through():
    y = T.sum(LAYER(LAYER(X, W), W) ** 2)
    z = T.tanh(W @ (T.tanh(W @ X) + T.sum(X))) + T.sum(T.tanh(W @ X) + T.sum(X))
    expected = bt.grad(T.sum(z**2), [X, W])
    rows = T.dmatrix("rows")
    batched = bt.vmap(lambda row: LAYER(row, W))(rows)
    R = RNG.normal(size=(3, 4))
    wanted = [*bt.function([X, W], expected)(A, M), np.array([layer(r, M) for r in R])]
    check([X, W, rows], [*bt.grad(y, [X, W]), batched], [A, M, R], wanted)


def test_checks_inside_fail_with_their_own_message():
    add = bt.from_graph([X, Y := T.dvector("y")], X + Y, name="add")
    guarded = bt.from_graph([X, N], X[N], name="pick")
    f = bt.function([X, Y, N], [add(X, Y), T.exp(guarded(X, N))])
    with pytest.raises(ShapeError, match="axis 0 has length 4 in one operand and 3 in another"):
        f(A, A[:3], 0)
    with pytest.raises(IndexError, match=r"index 9 .*length 4"):
        f(A, A, 9)
    np.testing.assert_allclose(f(A, A, 1)[0], 2 * A)


def test_what_is_of_unknown_length_is_opened():
    positive = bt.from_graph([X], X[X > 0], name="positive")
    f = check([X], [positive(X)], [A], [A[A > 0]])
    assert bodies(f, "positive") == (0, 0)


def test_updates_through_procedures():
    state = bt.shared(A.copy(), name="state")
    f = bt.function([W], state.sum(), updates={state: LAYER(state, W)})
    f(M), f(M)
    np.testing.assert_allclose(state.get_value(), layer(layer(A, M), M))

