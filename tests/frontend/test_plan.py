"""f.plan(): arrays, steps and their costs as data and as text."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale.formula import Formula, text
from bitale_graph.ops.elementwise import add, exp, floor_divide, multiply, subtract
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Name

N, M, ONE = Name("n"), Name("m"), Literal(1, "int64")


def call(function, *operands):
    return Call(function, operands, "int64")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (N, "n"),
        (ONE, "1"),
        (call(add, N, ONE), "n + 1"),
        (call(multiply, call(subtract, N, ONE), M), "(n - 1) * m"),
        (call(floor_divide, M, call(add, N, M)), "m // (n + m)"),
        (call(exp, call(add, N, ONE)), "exp(n + 1)"),
        (Load(Buffer("found", "int64", (N,), "temporary"), (call(add, N, ONE),)), "found[n + 1]"),
    ],
)
def test_expressions_are_written_with_the_usual_signs(value, written):
    assert text(value) == written


def test_a_long_expression_needs_no_recursion():
    value = N
    for _ in range(20_000):
        value = call(add, value, ONE)
    assert text(value).endswith("+ 1 + 1")


def test_formulas_add_up():
    square, line = Formula.product(2, (N, N)), Formula.product(3, (M, ONE))
    assert str(square + line + line) == "6 * m + 2 * n * n"
    assert str(Formula.product(8, ()) + Formula()) == "8"
    assert str(Formula()) == "0"
    assert Formula.product(2, (N, M)) == Formula.product(2, (M, N))
    assert len({Formula.product(2, (N, M)), Formula.product(2, (M, N))}) == 1


def test_an_elementwise_function_is_one_step():
    x, y = T.vector("x"), T.scalar("y")
    plan = bt.function([x, y], x * y + 1, name="mix").plan()
    assert [str(a) for a in plan.inputs] == ["x: float64[x_0]  8 * x_0 bytes", "y: float64[]  8 bytes"]
    assert plan.workspace == ()
    (step,) = [s for s in plan.steps if s.writes]
    assert (step.reads, step.writes) == (("x", "y"), (plan.outputs[0].name,))
    assert (str(step.operations), str(step.bytes)) == ("2 * x_0", "8 + 16 * x_0")
    assert str(plan).splitlines()[-1].strip() == "2 * x_0 operations, 8 + 16 * x_0 bytes"


def test_a_product_counts_multiplications_and_additions():
    x, w = T.matrix("x"), T.matrix("w")
    plan = bt.function([x, w], x @ w.T).plan()
    step = plan.steps[-1]
    assert "x @ w.T" in step.text
    assert str(step.operations) == "2 * w_0 * x_0 * x_1" or str(step.operations) == "2 * w_0 * w_1 * x_0"


def test_updates_in_place_are_shown():
    w = bt.shared(np.ones(3), "w")
    plan = bt.function([], updates={w: w * 2}).plan()
    assert plan.outputs[0].place == "written in place of w"
    assert "written in place of w" in str(plan)


def test_single_elements_are_local_variables():
    x = T.vector("x")
    plan = bt.function([x], [T.sum(x), x - T.mean(x), T.std(x)]).plan()
    assert [a.place for a in plan.workspace if not a.shape] == ["a local variable"]
