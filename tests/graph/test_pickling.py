"""Variables and graphs of any depth survive pickling, with names, origins and everything they share."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from bitale_graph import Constant, Graph, Op, TensorType, Variable, functions, tensor_type, verify
from bitale_graph.errors import GraphError
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import FUNCTIONS, Function
from bitale_graph.reference import evaluate


def vector(name: str | None = None) -> Variable:
    return Variable(tensor_type("float64", (None,)), name=name)


def reloaded(value):
    return pickle.loads(pickle.dumps(value))


def test_an_input_keeps_its_type_name_and_origin():
    x = vector("x")
    loaded = reloaded(x)
    assert (loaded.type, loaded.name, loaded.origin) == (x.type, "x", x.origin)
    assert loaded.type is x.type


def test_a_constant_keeps_its_data_and_stays_read_only():
    loaded = reloaded(Constant(np.array([1, 2, 3], "int8"), name="c"))
    assert isinstance(loaded, Constant)
    assert loaded.name == "c"
    np.testing.assert_array_equal(loaded.data, np.array([1, 2, 3], "int8"), strict=True)
    assert not loaded.data.flags.writeable


def test_a_variable_brings_its_ancestors():
    x = vector("x")
    y = functions.exp(x) * 2
    y.name = "y"
    loaded = reloaded(y)
    assert (repr(loaded), loaded.name, loaded.origin) == (repr(y), "y", y.origin)
    np.testing.assert_array_equal(evaluate(loaded, [[0.0, 1.0]]), evaluate(y, [[0.0, 1.0]]))


def test_variables_pickled_together_stay_connected():
    x = vector("x")
    y = x + 1
    z = y * x
    parts = reloaded({"z": z, "y": y, "x": x})
    assert parts["z"].owner.inputs == (parts["y"], parts["x"])
    assert parts["y"].owner.inputs[0] is parts["x"]


def test_a_graph_keeps_its_text_and_its_name():
    x, y = vector("x"), vector("y")
    graph = Graph([y, x], [x / y, x + 1, x], name="three")
    loaded = reloaded(graph)
    assert str(loaded) == str(graph)
    verify(loaded)
    assert loaded.outputs[2] is loaded.inputs[1]


def test_inputs_keep_the_order_of_their_creation():
    first, second = vector("first"), vector("second")
    loaded = reloaded(second - first)
    np.testing.assert_array_equal(evaluate(loaded, [[1.0], [10.0]]), [9.0])


def test_an_intermediate_variable_may_be_an_input():
    x = vector("x")
    y = functions.exp(x)
    loaded = reloaded(Graph([y], [y + 1]))
    assert [str(node.op) for node in loaded.nodes] == ["add"]


def test_composites_pickle_with_their_body():
    x = vector("x")
    body = Graph([x], [x / (1 + x)])
    y = Composite("squash", (("scale", 1),), body)(vector("v"))
    loaded = reloaded(y)
    assert loaded.owner.op == y.owner.op
    np.testing.assert_array_equal(evaluate(loaded, [[1.0, 3.0]]), [0.5, 0.75])


@dataclass(frozen=True)
class Scaled(Op):
    """A user's op with a parameter."""

    factor: float

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs


def test_ops_of_users_pickle():
    assert reloaded(Scaled(2.5)(vector())).owner.op == Scaled(2.5)


def test_functions_pickle_by_name():
    assert all(reloaded(function) is function for function in FUNCTIONS.values())
    stranger = pickle.dumps(Function("nowhere_defined", 1, FUNCTIONS["exp"].resolve))
    with pytest.raises(GraphError, match="no elementwise function is named nowhere_defined; import the module"):
        pickle.loads(stranger)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol(protocol: int):
    y = vector("x") + 1
    assert repr(pickle.loads(pickle.dumps(y, protocol))) == repr(y)
