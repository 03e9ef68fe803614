"""Modes: what "compare" and "nan_guard" find, what they let pass, and that all modes run the same function."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale import compared
from bitale.compared import agree
from bitale.modes import MODES
from bitale_graph.ops.elementwise import Elementwise, exp
from bitale_graph.reference import REFERENCE, evaluate

HERE = r"test_modes\.py:\d+"
A = np.array([0.5, 1.0, 2.0])

ON_THE_CPU = [mode for mode in MODES if not mode.startswith("cuda")]  # a GPU has tests of its own


# ---- compare ----


@pytest.fixture
def broken_reference(monkeypatch):
    """The reference of exp is a little off, as compiled code might be."""
    rules = REFERENCE.overridden({Elementwise(exp): lambda op, x: np.exp(x) * 1.001})
    monkeypatch.setattr(compared, "evaluate", functools.partial(evaluate, rules=rules))


def test_compare_names_the_first_node_that_differs_and_its_line(broken_reference):
    x = T.vector("x")
    y = T.exp(x)
    f = bt.function([x], T.sqrt(y + 1) * 2, mode="compare")
    with pytest.raises(bt.DisagreementError) as caught:
        f(A)
    message = str(caught.value)
    assert "differ by up to 0.00739 in exp(x)" in message
    assert "compiled: [1.64872127 2.71828183 7.3890561 ]" in message
    assert "reference: [1.65" in message
    assert message.count("test_modes.py") == 2  # of exp, and of x


def test_compare_updates_nothing_when_results_differ(broken_reference):
    w = bt.shared(np.zeros(3), "w")
    f = bt.function([], updates={w: T.exp(w)}, mode="compare")
    with pytest.raises(AssertionError, match="compare"):
        f()
    np.testing.assert_array_equal(w.get_value(), np.zeros(3))


def test_compare_lets_stable_formulas_be_better_than_the_reference():
    x = T.vector("x")
    f = bt.function([x], [T.log(1 + T.exp(x)), T.log(T.sum(T.exp(x))), 1 / (x - x)], mode="compare")
    softplus, logsumexp, infinite = f([1000.0, 0.0])
    np.testing.assert_allclose(softplus, [1000.0, np.log(2)])
    assert logsumexp == 1000
    np.testing.assert_array_equal(infinite, [np.inf, np.inf])


@pytest.mark.parametrize(
    ("array", "wanted", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-9], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-7], False),
        ([1e-12, 1.0], [0.0, 1.0], True),
        ([np.nan, np.inf, -np.inf], [np.nan, np.inf, -np.inf], True),
        ([np.nan], [np.inf], False),
        ([np.inf], [-np.inf], False),
        ([1.0], [np.nan], False),
        ([1.0], [[1.0]], False),
        ([1], [1.0], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1 + 1j], [1 + 1j], True),
        ([1 + 1j], [1 - 1j], False),
        ([], [], True),
    ],
)
def test_what_agrees(array, wanted, same):
    assert agree(np.array(array), np.array(wanted)) == same


# ---- nan_guard ----


@pytest.mark.parametrize(
    ("build", "value", "what"),
    [
        (lambda x: T.sum(T.log(x) * 0 + 1), [1.0, 0.0], "`log` makes an infinity of finite numbers, first at index .1"),
        (lambda x: T.sqrt(x), [-1.0], r"`sqrt` makes NaN of finite numbers, first at index \(0,\)"),
        (lambda x: x / (x - x), [2.0], "`true_divide` makes an infinity"),
        (lambda x: T.exp(x * x), [1000.0], r"`exp` makes an infinity(.|\n)*operands in \[1e\+06, 1e\+06\]"),
        (lambda x: x * 2, [1.0, np.nan], "`x` holds NaN"),
        (lambda x: T.max(x), [np.inf], "`x` holds an infinity"),
    ],
)  # fmt: skip
def test_nan_guard_names_the_node_and_the_line(build, value, what):
    x = T.vector("x")
    f = bt.function([x], build(x), mode="nan_guard")
    assert np.isfinite(f([1.5, 1.25] if "divide" not in what else [])).all()
    with pytest.raises(FloatingPointError, match=rf"nan_guard: {what}(.|\n)*{HERE}"):
        f(value)


def test_nan_guard_watches_updates_and_stops_before_them():
    w = bt.shared(np.ones(2), "w")
    step = bt.function([], updates={w: w - T.log(w - 1)}, mode="nan_guard")
    with pytest.raises(bt.NonFiniteError, match="`log`"):
        step()
    np.testing.assert_array_equal(w.get_value(), np.ones(2))


def test_nan_guard_does_not_mind_what_stays_inside_or_was_meant():
    x = T.vector("x")
    masked = bt.function([x], T.softmax(T.where(x > 1, x, -np.inf)), mode="nan_guard")
    np.testing.assert_allclose(masked(A), [0, 0, 1])
    shown = bt.function([x], T.where(x > 1, x, -np.inf), mode="nan_guard")
    np.testing.assert_array_equal(shown(A), [-np.inf, -np.inf, 2])
    stable = bt.function([x], T.log(1 + T.exp(x)), mode="nan_guard")
    np.testing.assert_array_equal(stable([1000.0]), [1000.0])


# ---- all modes ----


@pytest.mark.parametrize("mode", ON_THE_CPU)
def test_a_training_step_is_the_same_in_every_mode(mode):
    x, y = T.matrix("x"), T.vector("y")
    w, b = bt.shared(np.zeros(3), "w"), bt.shared(0.0, "b")
    loss = T.mean((T.tanh(x @ w + b) - y) ** 2)
    slopes = bt.grad(loss, [w, b])
    step = bt.function([x, y], loss, updates=[(v, v - 0.5 * d) for v, d in zip([w, b], slopes)], mode=mode)
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(20, 3)), rng.uniform(-1, 1, 20)
    losses = [float(step(rows, targets)) for _ in range(5)]
    weights, offset, wanted = trained(rows, targets)
    np.testing.assert_allclose(losses, wanted, rtol=1e-10)
    np.testing.assert_allclose([*w.get_value(), b.get_value()], [*weights, offset], rtol=1e-10)


def trained(rows, targets):
    """The same training, by hand."""
    w, b, losses = np.zeros(3), 0.0, []
    for _ in range(5):
        out = np.tanh(rows @ w + b)
        losses.append(np.mean((out - targets) ** 2))
        slope = 2 * (out - targets) * (1 - out**2) / len(targets)
        w, b = w - 0.5 * rows.T @ slope, b - 0.5 * slope.sum()
    return w, b, losses


@pytest.mark.parametrize("mode", ON_THE_CPU)
def test_arguments_are_checked_alike_in_every_mode(mode):
    x = T.vector("x")
    f = bt.function([x], x + 1, mode=mode)
    with pytest.raises(ValueError, match=r"argument 0 \(`x`\) has 2 axes"):
        f(np.ones((2, 2)))
    with pytest.raises(TypeError, match="misses 1 of its 1 arguments: `x`"):
        f()


def test_the_reference_says_which_operation_failed_where():
    x, y = T.vector("x"), T.vector("y")
    f = bt.function([x, y], T.exp(x) * y, mode="numpy")
    with pytest.raises(ValueError, match=rf"lengths 3 .* and 2 .* differ(.|\n)*while computing multiply .*{HERE}"):
        f(np.ones(3), np.ones(2))


@pytest.mark.parametrize("mode", ["numpy", "compare", "nan_guard"])
def test_what_was_not_compiled_as_a_function_has_no_source(mode):
    x = T.vector("x")
    f = bt.function([x], x + 1, mode=mode, name="grow")
    for ask in (f.source, f.plan, lambda: f.path):
        with pytest.raises(bt.BitaleError, match=f"grow was not compiled to C .its mode is '{mode}'"):
            ask()
    assert len(f.explain()) == 0
