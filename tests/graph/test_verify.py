"""verify finds a node whose types are wrong and shows it among its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Constant, Graph, Variable, functions, tensor_type, verify
from bitale_graph.errors import VerifyError
from bitale_graph.ops.control import Composite


def vector(name: str = "x", dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None,)), name=name)


def test_a_sound_graph_passes():
    x = vector()
    graph = Graph([x], [functions.exp(x) + 1])
    assert verify(graph) is graph


def test_a_wrong_type_is_shown_with_its_line():
    x = vector()
    y = functions.exp(x + 1)
    graph = Graph([x], [y * 2])
    y.type = tensor_type("float32", (None,))
    with pytest.raises(VerifyError) as caught:
        verify(graph)
    message = str(caught.value)
    assert message.startswith("exp is recorded as float32[?]; its inputs give float64[?]\n")
    assert "%1: float32[?] = exp(%0)    <- made at" in message
    assert "test_verify.py:" in message


def test_inputs_that_the_op_refuses():
    x, y = vector("x"), vector("y")
    graph = Graph([x, y], [x + y])
    y.type = tensor_type("int8", (None,))
    with pytest.raises(VerifyError, match="add refuses its inputs: add computes in"):
        verify(graph)


def test_an_output_of_another_node():
    x = vector()
    y = functions.exp(x)
    graph = Graph([x], [y])
    _ = graph.nodes
    y.owner = functions.exp(x).owner
    with pytest.raises(VerifyError, match="belongs to another node"):
        verify(graph)


def test_a_constant_of_another_type():
    constant = Constant(np.zeros(3))
    graph = Graph([], [-constant])
    constant.data = np.zeros(4)
    with pytest.raises(VerifyError, match=r"recorded as float64\[3\]; its data are float64\[4\]"):
        verify(graph)


def test_bodies_of_composites_are_verified():
    x, v = vector("x"), vector("v")
    inner = functions.exp(x)
    graph = Graph([v], [Composite("inner", (), Graph([x], [-inner]))(v)])
    inner.type = tensor_type("float32", (None,))
    with pytest.raises(VerifyError, match="exp is recorded as float32"):
        verify(graph)
