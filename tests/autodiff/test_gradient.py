"""grad, pullback and pushforward as users call them: options, kinds of answers, names, errors and their texts."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_autodiff import (
    DisconnectedInputError,
    Undefined,
    UndefinedGradientError,
    grad,
    pullback,
    pushforward,
    stop_gradient,
    undefined_grad,
    zero_grad,
)
from bitale_graph.errors import ArgumentError, DtypeError, MissingRule, ShapeError
from bitale_graph.functions import as_variable
from bitale_graph.graph import Graph, toposort
from bitale_graph.reference import evaluate
from bitale_graph.types import tensor_type
from bitale_graph.variable import Variable
from bitale_graph.verify import verify
from tests.autodiff.samples import const, matrix, scalar, vector

x, y, v = scalar("x"), scalar("y"), vector("v")


def value(expression: Variable, **values: float) -> float:
    return float(evaluate(expression, {{"x": x, "y": y}[name]: number for name, number in values.items()}))


def test_the_answer_has_the_kind_of_wrt():
    cost = x * y
    assert isinstance(grad(cost, x), Variable)
    assert isinstance(grad(cost, [x]), list)
    assert isinstance(grad(cost, (x, y)), tuple)
    assert grad(cost, []) == []
    assert [value(g, x=2, y=3) for g in grad(cost, [x, y, x])] == [3, 2, 3]


def test_inner_variables_and_the_cost_itself():
    inner = x * x
    cost = inner * inner
    assert value(grad(cost, inner), x=3) == 18
    assert value(grad(cost, cost), x=3) == 1
    assert [value(g, x=3) for g in grad(cost, [x, inner])] == [108, 18]


def test_derivatives_of_derivatives():
    slope = x**4
    for expected in (32, 48, 48, 24, 0):
        slope = grad(slope, x, disconnected_inputs="ignore")
        assert value(slope, x=2) == expected


def test_dtypes_and_shapes_are_those_of_the_variable():
    half, single = vector("half", "float16"), matrix("single", "float32")
    cost = F.sum(F.sin(half) * 2) + F.sum(single[0] * v)
    for variable, g in zip([half, single, v], grad(cost, [half, single, v]), strict=True):
        assert g.dtype == variable.dtype
        assert g.ndim == variable.ndim
        verify(Graph([half, single, v], [g]))


def test_broadcasting_is_undone():
    row, column, number = vector("row"), Variable(tensor_type("float64", (None, 1))), scalar("number")
    cost = F.sum((F.expand_dims(row, 0) + column) * number)
    values = {row: np.ones(3), column: np.ones((2, 1)), number: 2.0}
    to_row, to_column, to_number = evaluate(grad(cost, [row, column, number]), values)
    np.testing.assert_array_equal(to_row, [4, 4, 4])
    np.testing.assert_array_equal(to_column, [[6], [6]])
    assert to_number == 12


def test_constants_pass_nothing_on():
    inner = x * x
    cost = inner * x
    assert value(grad(cost, x, consider_constant=[inner]), x=3) == 9
    assert value(grad(cost, x, consider_constant=inner), x=3) == 9
    assert value(grad(stop_gradient(inner) * x, x), x=3) == 9
    assert value(grad(cost, inner, consider_constant=[inner]), x=3) == 3


def test_known_gradients_are_taken_as_they_are():
    inner = x * x
    assert value(grad(None, x, known_grads={inner: 5.0}), x=3) == 30
    assert value(grad(inner * 2, x, known_grads={inner: 5.0}), x=3) == 30
    outer = F.exp(inner)
    assert value(grad(None, x, known_grads={inner: 5.0, outer: 1.0}), x=3) == 30
    assert value(grad(None, inner, known_grads={inner: 5.0}), x=3) == 5


def test_without_a_cost_known_gradients_are_needed():
    with pytest.raises(ArgumentError, match="known_grads must say"):
        grad(None, x)


def test_disconnected_inputs():
    with pytest.raises(DisconnectedInputError) as error:
        grad(x * 2, [x, y])
    assert "does not depend on 1 of the variables" in str(error.value)
    assert re.search(r"y: float64 +made at .*samples\.py:\d+", str(error.value))
    assert "disconnected_inputs='ignore'" in str(error.value)
    with pytest.warns(UserWarning, match="does not depend on"):
        zeros = grad(x * 2, [x, y], disconnected_inputs="warn")[1]
    assert value(zeros, y=3) == 0
    assert grad(x * 2, [x, y], disconnected_inputs="ignore", return_disconnected="None")[1] is None
    assert evaluate(grad(x * 2, v, disconnected_inputs="ignore"), {v: np.ones(3)}).tolist() == [0, 0, 0]
    marked = grad(x * 2, y, disconnected_inputs="ignore", return_disconnected="Disconnected")
    assert marked == Undefined("the expression does not depend on y")


def test_what_counts_as_connected():
    ignored = [v.shape[0] * y, F.sum(stop_gradient(v)) * y, F.sum(F.arange(v.shape[0])) * y]
    for cost in ignored:
        with pytest.raises(DisconnectedInputError):
            grad(cost, v)
    connected = [F.sum(F.floor(v)) * y, F.sum(v > 0) * y, F.sum(zero_grad(v)) * y, F.argmax(v) * y]
    for cost in connected:
        assert evaluate(grad(cost, v), {v: np.ones(2), y: 1.0}).tolist() == [0, 0]


def test_unknown_options_are_errors():
    with pytest.raises(ArgumentError, match="not 'loud'"):
        grad(x, y, disconnected_inputs="loud")
    with pytest.raises(ArgumentError, match="return_disconnected must be"):
        grad(x, x, return_disconnected="nothing")
    with pytest.raises(ArgumentError, match="null_gradients must be"):
        grad(x, x, null_gradients="hide")


def test_undefined_derivatives():
    cost = undefined_grad(x * x) * y
    with pytest.raises(UndefinedGradientError, match=r"(?s)undefined by undefined_grad.*made at.*x: float64"):
        grad(cost, x)
    to_x, to_y = grad(cost, [x, y], null_gradients="return")
    assert isinstance(to_x, Undefined)
    assert "undefined" in to_x.reason
    assert value(to_y, x=3) == 9


def test_an_op_without_a_rule_is_named():
    from bitale_graph.extend import elementwise_function

    bump = elementwise_function("bump", 1, lambda a: a)
    with pytest.raises(UndefinedGradientError, match=r"no partial derivatives for `bump`.*(?s:.*)test_gradient.py"):
        grad(bump(x), x)
    with pytest.raises(MissingRule, match="bump"):
        pushforward(bump(x), x, 1.0)
    assert value(grad(bump(x) * y, y), x=2) == 2


def test_costs_that_have_no_gradient():
    with pytest.raises(ShapeError, match=r"(?s)the cost must be a scalar, not float64\[\?\].*sum or mean"):
        grad(v * 2, v)
    with pytest.raises(ShapeError, match=r"v \* 2: float64\[\?\] +made at .*test_gradient.py"):
        grad(v * 2, v)
    with pytest.raises(DtypeError, match="complex"):
        grad(scalar("z", "complex128") * 2, x)
    with pytest.raises(DtypeError, match="the cost has dtype int64"):
        grad(scalar("n", "int64") * 2, x)


def test_variables_that_have_no_gradient():
    n = scalar("n", "int64")
    with pytest.raises(DtypeError, match=r"(?s)a variable has dtype int64; derivatives exist for floating.*n: int64"):
        grad(x * n, n)
    with pytest.raises(ArgumentError, match=r"a symbolic variable is wanted, not 3\.0"):
        grad(x * 2, 3.0)


def test_integers_pass_nothing_on():
    n = vector("n", "int64")
    cost = F.sum(v[n]) + F.sum(F.cast(v, "int64") * 1.0)
    slope = evaluate(grad(cost, v), {v: np.array([1.5, 2.5]), n: [0, 0, 1]})
    np.testing.assert_array_equal(slope, [2, 1])


def test_pullback_and_pushforward():
    w = matrix("w")
    product = F.tanh(w @ v)
    values = {w: np.array([[1.0, 2.0], [0.5, -1.0]]), v: np.array([0.3, -0.2])}
    jac = (1 - np.tanh(values[w] @ values[v]) ** 2)[:, None] * values[w]
    g, t = np.array([2.0, -3.0]), np.array([1.0, 4.0])
    np.testing.assert_allclose(evaluate(pullback(product, v, g), values), g @ jac)
    np.testing.assert_allclose(evaluate(pushforward(product, v, t), values), jac @ t)
    both = pullback([product, v], [v], [g, t])
    np.testing.assert_allclose(evaluate(both, values)[0], g @ jac + t)


def test_outputs_that_depend_on_one_another():
    inner = x * x
    outer = inner * 3
    assert value(pullback([inner, outer, outer], x, [1.0, 1.0, 1.0]), x=2) == 4 + 12 + 12
    tangents = pushforward([inner, outer], [x, inner], [1.0, 10.0])
    assert [value(t, x=2) for t in tangents] == [10, 30]  # inner's own tangent is given, not derived


def test_wrong_numbers_and_shapes_of_cotangents():
    with pytest.raises(ArgumentError, match="2 cotangents given for 1 variables"):
        pullback(x * 2, x, [1.0, 2.0])
    with pytest.raises(ShapeError, match=r"cannot be a derivative of float64"):
        pullback(x * 2, x, [const([1.0, 2.0])])
    with pytest.raises(ArgumentError, match="1 tangents given for 2 variables"):
        pushforward(x * y, [x, y], [1.0])
    with pytest.raises(DisconnectedInputError, match="1 of the outputs do not depend"):
        pushforward([x, y], [x], [1.0])
    assert pushforward([x, y], [x], [1.0], "ignore", return_disconnected="none")[1] is None


def test_derivatives_have_names_and_origins():
    hidden = F.tanh(v)
    hidden.name = "hidden"
    cost = F.sum(hidden * hidden)
    cost.name = "loss"
    slope = grad(cost, v)
    assert slope.name == "d loss/d v"
    names = {w.name for node in toposort([slope]) for w in node.outputs}
    assert "d loss/d hidden" in names
    tanh_line = hidden.origin.line
    assert slope.owner.origin.line == tanh_line
    assert grad(cost, v, add_names=False).name is None
    assert y.name == "y"
    grad(x * y, x)
    assert y.name == "y"


def test_the_graph_of_the_cost_is_left_alone():
    cost = F.sum(F.exp(v))
    before = str(Graph([v], [cost]))
    grad(cost, v)
    assert str(Graph([v], [cost])) == before


def test_complex_variables_descend():
    z = scalar("z", "complex128")
    target = as_variable(1 - 2j)
    cost = F.absolute(z * z - target) ** 2
    slope, at = grad(cost, z), 0.9 - 0.3j
    assert slope.dtype == "complex128"
    for _ in range(200):
        at = at - 0.02 * complex(evaluate(slope, {z: at}))
    np.testing.assert_allclose(at * at, 1 - 2j, rtol=1e-6)
    parts = grad(F.real(z) * 3 + F.imag(z) * 4, z)
    assert complex(evaluate(parts, {z: 1j})) == 3 + 4j  # ∂/∂x + i ∂/∂y


def test_a_deep_chain():
    expression, length = x, 100_000
    for _ in range(length):
        expression = F.sin(expression)
    start = time.process_time()
    slope = grad(expression, x)
    assert time.process_time() - start < 30  # 3 s on a free core
    assert len(toposort([slope])) > 2 * length
    assert len(toposort([pushforward(expression, x, 1.0)])) > 2 * length


def test_a_variable_used_very_often():
    expression = x
    for _ in range(5_000):
        expression = expression + x
    assert value(grad(expression, x), x=1) == 5_001


def test_composites_in_composites_open_without_recursion():
    from bitale_graph.ops.control import Composite

    inside = scalar("inside")
    body = F.sin(inside)
    for depth in range(2_000):
        fresh = scalar("inside")
        body = Composite(f"level{depth}", (), Graph([inside], [body]))(fresh)
        inside = fresh
    outer = Composite("outermost", (), Graph([inside], [body]))(x)
    slope = grad(outer, x)
    assert value(slope, x=0.0) == 1
