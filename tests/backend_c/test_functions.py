"""Large programs: kernels are functions of their own, equal ones are one function, and inputs are row-major."""

from __future__ import annotations

import numpy as np
import pytest

import bitale
import bitale.tensor as bt
from bitale_backend_c.emit.functions import nameless, placed
from bitale_backend_c.emit.program import HUGE

ROWS = 60
LAYERS = HUGE  # two kernels each and more: the entry point is a huge one


@pytest.fixture(scope="module")
def network() -> bitale.Function:
    """The cost of a chain of equal layers, and its gradient."""
    x, w, b = bt.matrix("x"), bt.matrix("w"), bt.vector("b")
    h = x
    for _ in range(LAYERS):
        h = bt.tanh(h @ w + b)
    cost = (h**2).sum()
    return bitale.function([x, w, b], [cost, *bitale.grad(cost, [w, b])])


def arrays() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.normal(size=(4, 3)), random.normal(size=(3, 3)), random.normal(size=3)]


def test_a_large_program_agrees_with_the_reference(network: bitale.Function) -> None:
    wanted = bitale.function(network.inputs, list(network.outputs), mode="numpy")(*arrays())
    for found, expected in zip(network(*arrays()), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_inputs_of_other_strides_give_the_same_results(network: bitale.Function) -> None:
    x, w, b = arrays()
    wanted = network(x, w, b)
    found = network(np.asfortranarray(x), np.repeat(w, 2, axis=1)[:, ::2], b[::-1].copy()[::-1])
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_layers_are_one_function(network: bitale.Function) -> None:
    source, equal = network.source(), LAYERS - 1  # the last one is squared and added up in the same loop
    assert f"/* The same for {equal} kernels, of which this is the first: */" in source
    assert source.count(" compute_tanh(") == equal + 1


def test_rows_of_an_array_share_a_function_that_takes_their_number() -> None:
    q, y = bt.vector("q"), bt.matrix("y")
    total = 0.0
    for k in range(2 * ROWS):
        total = total - ((y[k] - q[k]) ** 2).sum() * bt.exp(q[k + 1])
    inputs, outputs = [q, y], [total, bitale.grad(total, q)]
    f = bitale.function(inputs, outputs)
    random = np.random.default_rng(1)
    values = random.normal(size=2 * ROWS + 1), random.normal(size=(2 * ROWS, 3))
    for found, expected in zip(f(*values), bitale.function(inputs, outputs, mode="numpy")(*values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert "int64_t at_0" in f.source()
    assert f.source().count("for (int64_t") < ROWS


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("void f(double *restrict x) { x[0] = 1; }", "void g(double *restrict y) { y[0] = 1; }", True),
        ("void f(double *restrict x) { x[0] = exp(x[1]); }", "void g(double *restrict y) { y[0] = log(y[1]); }", False),
        ("void f(double *x, double *y) { x[0] = y[0]; }", "void g(double *y, double *x) { x[0] = y[0]; }", False),
        ("void f(double *x, int64_t n) { x[n] = 1; }", "void f(double *x, int64_t n) { x[n] = 2; }", False),
        ("void f(double *x, int64_t a) { x[a] = a; }", "void f(double *x, int64_t a) { x[a] = b; }", False),
        ("void f(float *restrict x) { x[0] = 1; }", "void f(float *x) { x[0] = 1; }", False),
    ],
)
def test_functions_are_equal_when_only_their_own_names_differ(one: str, other: str, equal: bool) -> None:
    assert (nameless(one) == nameless(other)) is equal


def test_only_indices_that_differ_become_parameters() -> None:
    columns = [("0", "0"), ("3", "4"), ("1", "1000"), ("3", "4")]
    text, places = placed("void f(double *x) {\n    x[0] = x[3] + x[1*n + i] + x[3];\n}", columns)
    assert text == "void f(double *x, int64_t at_0, int64_t at_1) {\n    x[0] = x[at_0] + x[at_1*n + i] + x[at_0];\n}"
    assert places == [("3", "4"), ("1", "1000")]


def test_parts_side_by_side_keep_their_places() -> None:
    """Each part is one element of the row that is then summed from a place on that is known only at run time."""
    a, b, n = bt.vector("a"), bt.vector("b"), bt.lscalar("n")
    joined = bt.concatenate([bt.exp(a)[:, None], bt.tanh(b)[:, None]], axis=1)
    function = bitale.function([a, b, n], bt.sum(joined[:, n:], axis=1))
    x, y = np.arange(3.0), np.arange(3.0) + 1
    for start, wanted in ((0, np.exp(x) + np.tanh(y)), (1, np.tanh(y)), (2, np.zeros(3))):
        np.testing.assert_allclose(function(x, y, start), wanted, rtol=1e-14)
