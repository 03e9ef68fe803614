"""expand(graph): nothing is left that the target did not claim or spell."""

from __future__ import annotations

import numpy as np

from bitale_graph import Graph, Variable, tensor_type, verify
from bitale_graph import functions as F
from bitale_graph.ops.control import Composite, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.reference import evaluate
from bitale_rewrite.expand import expand
from bitale_rewrite.rules.expansions import EXPANSIONS

VALUE = np.array([[0.5, -800.0, 3.0], [1.0, 2.0, 300.0]])


def graph_of(build) -> Graph:
    x = Variable(tensor_type("float64", (None, 3)), name="x")
    return Graph([x], [build(x)])


def test_composites_become_their_bodies():
    graph = graph_of(lambda x: F.layer_norm(F.softmax(x)) + F.logsumexp(x, axis=1, keepdims=True))
    expanded = verify(expand(graph))
    assert not any(isinstance(node.op, (Composite, StopGradient)) for node in expanded.nodes)
    np.testing.assert_array_equal(evaluate(expanded, [VALUE]), evaluate(graph, [VALUE]))


def test_what_bodies_share_is_computed_once():
    expanded = expand(graph_of(lambda x: F.softmax(x) * F.log_softmax(x)))
    names = [node.op.name for node in expanded.nodes]
    assert names.count("reduce_maximum") == names.count("exp") == names.count("reduce_add") == 1


def test_claimed_composites_stay():
    expanded = expand(graph_of(lambda x: F.log_softmax(F.softmax(x))), claimed={"softmax"})
    assert [node.op.name for node in expanded.nodes if isinstance(node.op, Composite)] == ["softmax"]


def test_functions_that_are_not_spelled_become_expressions():
    spelled = set(FUNCTIONS.values()) - set(EXPANSIONS)
    graph = graph_of(lambda x: F.logaddexp(F.sigmoid(x), F.softplus(F.clip(x, -1, 1))) * F.sign(F.square(x)))
    expanded = verify(expand(graph, spelled=spelled))
    used = {node.op.function for node in expanded.nodes if isinstance(node.op, Elementwise)}
    assert used <= spelled
    np.testing.assert_allclose(evaluate(expanded, [VALUE])[0], evaluate(graph, [VALUE])[0], rtol=1e-15)


def test_expansions_end():
    """No expansion needs a function whose expansion needs it."""
    for function in EXPANSIONS:
        x = [Variable(tensor_type("float64"), name=f"x{i}") for i in range(function.arity)]
        expand(Graph(x, [function(*x)]), spelled=set(FUNCTIONS.values()) - set(EXPANSIONS))
