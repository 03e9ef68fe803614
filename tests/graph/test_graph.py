"""Graph: what it checks, how it is traversed, how parts are replaced."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Apply, Graph, Op, Variable, ancestors, functions, leaves, substitute, tensor_type, toposort
from bitale_graph.errors import GraphError, MissingInputError
from bitale_graph.reference import evaluate


def vector(name: str, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None,)), name=name)


def test_applications_come_after_what_they_need():
    x = vector("x")
    a = functions.exp(x)
    b = a * a
    nodes = Graph([x], [b + a, b]).nodes
    assert [str(n.op) for n in nodes] == ["exp", "multiply", "add"]
    assert toposort([b + a], stop=[a])[0] is b.owner


def test_ancestors_and_leaves():
    second, first = vector("second"), vector("first")
    y = first * 2 + second
    assert leaves([y]) == [second, first]
    assert len(list(ancestors([y]))) == 5


def test_uses_count_every_reading():
    x = vector("x")
    y = x * x
    assert Graph([x], [y]).uses == {x: [y.owner, y.owner]}


def test_a_missing_input_is_named_with_its_line():
    x, y = vector("x"), vector("y")
    with pytest.raises(MissingInputError, match=r"the outputs need y, which is not among the inputs\n    y: float64"):
        Graph([x], [x + y])


def test_an_input_that_stands_twice():
    x = vector("x")
    with pytest.raises(GraphError, match="a variable stands twice among the inputs"):
        Graph([x, x], [x])


def test_map_rebuilds_nodes():
    x = vector("x")
    graph = Graph([x], [functions.exp(x) + 1])
    doubled = graph.map(lambda node, inputs: [node.op(*inputs) * 2])
    np.testing.assert_array_equal(evaluate(doubled, [[0.0]]), [[6.0]])


def test_substitution_shares_what_does_not_change():
    x, y = vector("x"), vector("y")
    kept, changed = functions.exp(y), functions.sin(x)
    changed.name = "changed"
    total = kept + changed
    (new,) = substitute([total], {x: y})
    assert new.owner.inputs[0] is kept
    assert (new.owner.inputs[1].name, new.origin) == ("changed", total.origin)
    assert substitute([kept], {x: y}) == [kept]


def test_a_replacement_must_fit():
    x = vector("x")
    with pytest.raises(GraphError, match="a replacement must have the dtype and rank of what it replaces"):
        substitute([x + 1], {x: vector("i", "int64")})


def test_an_op_of_several_outputs_is_applied_by_name():
    class Both(Op):
        def infer(self, *inputs):
            return inputs * 2

        def __str__(self) -> str:
            return "both"

    x = vector("x")
    assert len(Apply(Both(), [x]).outputs) == 2
    with pytest.raises(GraphError, match="both has 2 outputs"):
        Both()(x)
