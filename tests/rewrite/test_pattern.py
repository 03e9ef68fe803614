"""Patterns: what they match, whatever the dtype, the rank and the order of operands."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Constant, Variable, tensor_type
from bitale_graph import functions as F
from bitale_graph.ops.elementwise import exp, log
from bitale_graph.ops.movement import Broadcast
from bitale_rewrite.constants import uniform, value_of
from bitale_rewrite.pattern import boolean, constant, integer, real, wild
from bitale_rewrite.rule import RuleError, rule

x, y = wild("x"), wild("y")
v = Variable(tensor_type("float32", (None, 3)), name="v")
w = Variable(tensor_type("float32", (None, 3)), name="w")


def found(pattern, variable: Variable) -> dict | None:
    """The first bindings under which the pattern is the variable."""
    return next(iter(pattern.match(variable, {})), None)


def test_patterns_print_as_they_are_written():
    assert str(log(1 + x) - y / 2) == "(log((1 + x)) - (y / 2))"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint64", "complex64"])
def test_a_number_matches_a_constant_of_any_dtype(dtype):
    one = Constant(np.asarray(1, dtype))
    assert found(x + 1, Variable(one.type) + one) is not None
    assert found(x + 2, Variable(one.type) + one) is None


@pytest.mark.parametrize(
    "ones",
    [
        Constant(np.ones((), "float32")),
        Constant(np.ones((2, 3), "float32")),
        Broadcast((2, 3))(Constant(np.ones((1, 1), "float32"))),
        F.expand_dims(Constant(np.ones(3, "float32")), 0),
    ],
    ids=["scalar", "array", "broadcast", "expanded"],
)
def test_a_number_matches_arrays_of_that_number(ones):
    assert found(1 + x, v + ones)["x"] is v


def test_a_rounded_number_matches():
    assert found(x * 0.1, v * 0.1) is not None
    assert found(x * 0.1, v * 0.1000001) is None


def test_the_sign_of_zero_counts():
    assert found(x + 0, v + np.float32(-0.0)) is None
    assert found(x + -0.0, v + np.float32(-0.0)) is not None


def test_commutative_functions_match_in_either_order():
    assert found(exp(x) * y, v * exp(w)) == {"x": w, "y": v}
    assert found(exp(x) - y, v - exp(w)) is None


def test_every_order_is_tried():
    assert found((x + exp(y)) * y, w * (exp(w) + v)) == {"x": v, "y": w}


def test_a_wildcard_met_twice_is_one_variable():
    assert found(x - x, v - v) is not None
    assert found(x - x, v - w) is None


def test_kinds_of_wildcards():
    assert found(real("r"), v) and not found(real("r"), F.cast(v, "int32"))
    assert found(integer("n"), F.cast(v, "int32")) and not found(integer("n"), v)
    assert found(boolean("b"), F.isnan(v)) and not found(boolean("b"), v)
    assert value_of(found(x * constant("c"), v * np.full((1, 3), 7.0, "float32"))["c"]) == 7


def test_unknown_lengths_are_not_looked_through():
    stretched = F.broadcast_to(np.ones((1, 1), "float32"), v.shape)
    assert uniform(stretched) is None


def test_literals_take_the_dtype_they_meet():
    halved = rule(exp(x), 0.5 * x)
    (result,) = halved.apply(exp(v).owner)
    assert result.dtype == "float32"


def test_a_rule_begins_with_a_function():
    with pytest.raises(RuleError, match="must be a function"):
        rule(x, x)
