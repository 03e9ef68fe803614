"""Branches: values, laziness of what functions build, errors."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Graph, evaluate, verify
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions import as_variable, concatenate, dscalar, dvector, fvector, log, lscalar
from bitale_graph.functions.control import ifelse, scan, switch_case
from bitale_graph.functions.control.branch import cond, switch
from bitale_graph.ops.control import Branch, Check


def checked(outputs, values):
    return evaluate(verify(Graph(list(values), outputs)), list(values.values()))


def failing(x):
    """An expression that must not be computed."""
    return Check("it was computed")(x, as_variable(False))


def test_expressions():
    x, v = dscalar("x"), dvector("v")
    y = ifelse(x > 0, v + x, v * 2)
    for number, wanted in ((1.0, [2.0, 3.0]), (-1.0, [2.0, 4.0])):
        np.testing.assert_array_equal(checked([y], {x: number, v: [1.0, 2.0]})[0], wanted)


def test_trees_numbers_and_lengths():
    x, v = dscalar("x"), dvector("v")
    chosen = ifelse(x, {"a": v, "b": (1, 2.5)}, {"b": (as_variable(np.float64(3)), 4), "a": concatenate([v, v])})
    assert (chosen["b"][0].dtype, chosen["b"][1].dtype) == ("float64", "float64")
    found = checked([chosen["a"], *chosen["b"]], {x: 0.0, v: [1.0]})
    np.testing.assert_array_equal(found[0], [1, 1])
    assert found[1:] == [3, 4]
    np.testing.assert_array_equal(checked([chosen["a"]], {x: 2.0, v: [1.0]})[0], [1])


def test_what_functions_build_is_lazy():
    x = dscalar("x")
    y = ifelse(x > 0, lambda: log(x), lambda: failing(x))
    z = cond(x > 0, lambda a, b: a["k"] + b, lambda a, b: failing(b), {"k": x}, 2 * x)
    assert checked([y, z], {x: 1.0}) == [0, 3]
    with pytest.raises(ArgumentError, match="it was computed"):
        checked([y], {x: -1.0})


def test_switch_case_and_its_ends():
    i, x = lscalar("i"), dscalar("x")
    y = switch_case(i, [lambda x: x, lambda x: failing(x), lambda x: 3 * x], [x])
    z = switch(i, [lambda x: x, lambda x: 2 * x], x)
    assert checked([y], {i: 2, x: 1.0}) == checked([y], {i: 9, x: 1.0}) == [3]
    assert checked([y], {i: -5, x: 1.0}) == [1]
    assert [checked([z], {i: k, x: 1.0})[0] for k in (-1, 0, 1, 2)] == [1, 1, 2, 2]
    assert checked([switch_case(i, [1, 2, 3])], {i: 1}) == [2]


def test_a_known_condition_leaves_no_branch():
    x = dscalar("x")
    assert ifelse(True, x, 2 * x) is x
    assert switch_case(7, [x, 2]).data == 2.0


def test_branches_and_loops_nest():
    x = dvector("x")
    inside, _ = scan(lambda v, h: ifelse(v > 0, lambda: h + v, lambda: ifelse(v < -1, h, 2 * h)), x, 1.0)
    around = ifelse(x.sum() > 0, lambda: scan(lambda v, h: h + v, x, 0.0)[0], lambda: x)
    values = np.array([1.0, -0.5, -2.0, 3.0])
    np.testing.assert_array_equal(checked([inside], {x: values})[0], [2, 4, 4, 7])
    np.testing.assert_array_equal(checked([around], {x: values})[0], np.cumsum(values))
    np.testing.assert_array_equal(checked([around], {x: -values})[0], -values)


def test_bodies_take_the_same_operands():
    x, v = dscalar("x"), dvector("v")
    y = ifelse(x > 0, lambda: v.sum(), lambda: x)
    op = y.owner.op
    assert isinstance(op, Branch)
    assert [[u.name for u in body.inputs] for body in op.bodies] == [["x", "v"], ["x", "v"]]


@pytest.mark.parametrize(
    ("kind", "message", "build"),
    [
        (ShapeError, "ifelse: the condition is no scalar but bool[?]", lambda v, x: ifelse(v > 0, v, v)),
        (
            ShapeError, "ifelse: the branch then gives float64[?] as output 0, and ifelse: the branch else float64\n",
            lambda v, x: ifelse(x > 0, v, x),
        ),
        (
            DtypeError, "gives float64[?] as output 0, and ifelse: the branch else float32[?]",
            lambda v, x: ifelse(x > 0, v, fvector("f")),
        ),
        (ArgumentError, "has the form ['*', '*'], and ifelse: the branch else the form ['*']",
         lambda v, x: ifelse(x > 0, [v, v], [v])),
        (DtypeError, "(a str) as output 0: a variable or a number is wanted", lambda v, x: ifelse(x > 0, "a", x)),
        (DtypeError, "switch_case: the index must be an integer, not float64", lambda v, x: switch_case(x, [v])),
        (ShapeError, "switch_case: the index is no scalar", lambda v, x: switch_case([1, 2], [v])),
        (ArgumentError, "switch_case: there is no branch", lambda v, x: switch_case(lscalar("i"), [])),
    ],
)  # fmt: skip
def test_errors(kind, message, build):
    with pytest.raises(kind) as caught:
        build(dvector("v"), dscalar("x"))
    assert message in str(caught.value)


def test_errors_name_functions():
    x = dscalar("x")

    def first(a):
        return a

    def second(a):
        return "text"

    with pytest.raises(DtypeError) as caught:
        cond(x > 0, first, second, x)
    assert f"cond: second ({__file__}:{second.__code__.co_firstlineno}) returns 'text'" in str(caught.value)
    with pytest.raises(ArgumentError, match="is called with 2 arguments"):
        cond(x > 0, first, first, x, x)
