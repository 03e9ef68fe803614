"""x.eval(): values by mapping or in order, shared values, what is missing."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale import evaluation


def test_values_come_by_variable_or_in_order():
    x, y = T.vector("x"), T.vector("y")
    np.testing.assert_array_equal((x - y).eval({y: [1.0], x: [3.0]}), [2.0])
    np.testing.assert_array_equal((x - y).eval([[3.0], [1.0]]), [2.0])
    np.testing.assert_array_equal(bt.evaluate(x - y, {x: [3.0], y: [1.0]}), [2.0])


def test_values_come_by_name():
    x, k = T.vector("x"), T.scalar("k")
    np.testing.assert_array_equal((x * k).eval({"x": [1, 2], k: 3}), [3.0, 6.0])
    with pytest.raises(ValueError, match="no input has the name 'z'"):
        (x * k).eval({"z": 1})
    with pytest.raises(ValueError, match=r"(?s)2 inputs have the name 'k'.*Give the variable itself"):
        (T.scalar("k") * k).eval({"k": 1})


def test_shared_variables_have_their_values_unless_others_are_given():
    x, w = T.scalar("x"), bt.shared(2.0, "w")
    y = x * w
    assert y.eval({x: 3.0}) == 6
    w.set_value(5.0)
    assert y.eval({x: 3.0}) == 15
    assert y.eval({x: 3.0, w: 1.0}) == 3
    assert (w.get_value(), w.eval()) == (5, 5)


def test_values_may_stand_for_what_is_computed():
    x = T.scalar("x")
    y = x + 1
    assert (y * 2).eval({y: 10.0}) == 20


def test_a_constant_needs_no_function(monkeypatch):
    monkeypatch.setattr(evaluation, "function", None)
    value = T.constant([1, 2]).eval()
    value[0] = 5
    np.testing.assert_array_equal(value, [5, 2])


def test_the_compiled_function_is_kept(monkeypatch):
    x = T.scalar("x")
    y = T.exp(x)
    assert y.eval({x: 0.0}) == 1
    monkeypatch.setattr(evaluation, "function", None)
    assert y.eval({x: 0}) == 1


def test_missing_and_surplus_values():
    x = T.scalar("x")
    with pytest.raises(bt.MissingInputError, match=r"need `x`(.|\n)*exp(.|\n)*test_evaluation\.py"):
        T.exp(x).eval()
    with pytest.raises(ValueError, match="2 values given for 1 inputs"):
        T.exp(x).eval([1.0, 2.0])
    assert T.exp(x).eval({x: 0.0, T.scalar("unused"): 1.0}) == 1


def test_the_mode_is_that_of_the_settings(monkeypatch):
    x = T.vector("x")
    with bt.config.set(mode="nan_guard"), pytest.raises(FloatingPointError):
        T.log(x).eval({x: [0.0]})
    assert T.log(x).eval({x: [0.0]}) == -np.inf
