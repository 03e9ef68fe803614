"""The driver: common subexpressions, normal forms, loops between rules, determinism, deep and large graphs."""

from __future__ import annotations

import cProfile

import numpy as np
import pytest

from bitale_graph import Constant, Graph, Variable, functions, tensor_type, verify
from bitale_graph.ops.elementwise import exp, log, sin, tanh
from bitale_rewrite import RuleError, optimise, rewrite, rule
from bitale_rewrite.driver import RuleIndex
from bitale_rewrite.pattern import wild

x = wild("x")


def vector(name: str = "v", dtype: str = "float64", length: int | None = None) -> Variable:
    return Variable(tensor_type(dtype, (length,)), name=name)


def rewritten(graph: Graph, *rules) -> Graph:
    return verify(rewrite(graph, RuleIndex(rules)))


def chain(length: int) -> Graph:
    v = vector()
    y = v
    for k in range(length):
        y = tanh(y) if k % 2 else y + v
    return Graph([v], [y])


def test_equal_expressions_become_one():
    v, w = vector("v"), vector("w")
    y = exp(v + w) * exp(w + v)  # commutative: the order of operands does not matter
    graph = rewritten(Graph([v, w], [y, exp(v + w)]))
    assert [str(node.op) for node in graph.nodes] == ["add", "exp", "multiply"]
    assert graph.nodes[2].inputs[0] is graph.nodes[2].inputs[1] is graph.outputs[1]


def test_equal_constants_become_one():
    v = vector()
    graph = rewritten(Graph([v], [v + np.ones(3), exp(v + np.ones(3))]))
    assert len(graph.nodes) == 2


def test_a_graph_that_is_in_normal_form_is_not_copied():
    graph = chain(10)
    assert all(a is b for a, b in zip(rewritten(graph).nodes, graph.nodes))


def test_rules_apply_until_none_fits():
    v = vector()
    y = v
    for _ in range(6):
        y = exp(y)
    graph = rewritten(Graph([v], [y]), rule(exp(exp(x)), sin(x)), rule(sin(sin(x)), log(x)))
    assert [str(node.op) for node in graph.nodes] == ["log", "sin"]


def test_graph_inputs_are_not_looked_behind():
    v = vector()
    inside = exp(v)
    graph = rewritten(Graph([inside], [log(inside)]), rule(log(exp(x)), x))
    assert len(graph.nodes) == 1


def test_rules_that_undo_each_other_are_named():
    back_and_forth = rule(exp(x), log(x), name="there"), rule(log(x), exp(x), name="back again")
    with pytest.raises(RuleError, match=r"there.*back again|back again.*there"):
        rewritten(Graph([v := vector()], [exp(v)]), *back_and_forth)


def test_rules_that_grow_for_ever_are_named():
    v = vector()
    with pytest.raises(RuleError, match=r"rules undo each other.*for ever"):
        rewritten(Graph([v], [exp(v)]), rule(exp(x), exp(x + 1.0), name="for ever"))


def test_names_and_origins_stay():
    v = vector()
    y = log(1 + v)
    y.name = "y"
    (result,) = optimise(Graph([v], [y])).outputs
    assert str(result.owner.op) == "log1p"
    assert result.name == "y"
    assert result.origin == y.origin


def test_the_result_is_the_same_every_time():
    def build() -> str:
        v, w = vector("v"), vector("w")
        total = v
        for k in range(20):
            total = total * w + exp(-w) / (1 + exp(-v)) + k
        return str(optimise(Graph([v, w], [functions.sum(total), total])))

    assert build() == build()


def test_a_rule_may_not_change_the_type():
    v = vector(length=None)
    wrong = rule(exp(x), lambda x: functions.sum(x), name="sum")
    assert len(rewritten(Graph([v], [exp(v)]), wrong).outputs[0].type.shape) == 1  # the scalar is stretched
    narrower = rule(exp(x), lambda x: x[:, None], name="two axes")
    assert str(rewritten(Graph([v], [exp(v)]), narrower).outputs[0].owner.op) == "exp"  # refused


def test_results_are_cast_to_the_dtype_they_replace():
    v = vector(dtype="float32")
    graph = rewritten(Graph([v], [exp(v)]), rule(exp(x), lambda x: functions.cast(x, "float64")))
    assert graph.outputs[0].dtype == "float32"


def test_a_shared_operand_is_not_computed_twice():
    v = Variable(tensor_type("float64", (2, 3)), name="v")
    y = v * v + 1.0
    both = optimise(Graph([v], [y, functions.reshape(y, (6,))]))
    assert [str(node.op).partition("{")[0] for node in both.nodes].count("add") == 1


def test_deep_chains():
    graph = chain(100_000)
    assert len(optimise(graph).nodes) == 100_000


def test_work_grows_linearly():
    def calls(length: int) -> int:
        profile = cProfile.Profile()
        profile.runcall(optimise, chain(length))
        return sum(entry.callcount for entry in profile.getstats())

    calls(100)  # fills the tables of rules
    assert calls(4_000) < 2.1 * calls(2_000)


def test_large_constants_are_kept_by_identity():
    data = np.arange(10_000.0)
    big, v = Constant(data), vector(length=10_000)
    graph = optimise(Graph([v], [v + big, v - big]))
    assert all(node.inputs[1] is big for node in graph.nodes)
