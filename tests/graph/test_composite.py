"""A composite is one node, built once per input types and parameters, and opens into its body."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Graph, Variable, functions, shape_of, tensor_type
from bitale_graph.composite import composite, inline
from bitale_graph.errors import ArgumentError, MissingInputError
from bitale_graph.graph import toposort
from bitale_graph.ops.control import Composite
from bitale_graph.ops.movement import Dimension
from bitale_graph.reference import evaluate

calls: list[tuple[str, ...]] = []


@composite
def scaled_difference(x: Variable, y: Variable, /, *, scale: float = 2.0) -> Variable:
    calls.append((str(x.type), str(y.type)))
    return scale * (x - y)


@composite
def sum_and_product(x: Variable, y: Variable, /) -> tuple[Variable, Variable]:
    return x + y, x * y


def variable(shape: tuple[int | None, ...] = (None,), name: str | None = None) -> Variable:
    return Variable(tensor_type("float64", shape), name=name)


def test_it_is_one_node_with_the_functions_name_and_parameters():
    x, y = variable(name="x"), variable(name="y")
    z = scaled_difference(x, y, scale=3.0)
    assert len(toposort([z])) == 1
    assert repr(z) == "scaled_difference(x, y, scale=3.0)"
    np.testing.assert_array_equal(evaluate(z, [[5.0, 7.0], [1.0, 2.0]]), [12.0, 15.0])
    np.testing.assert_array_equal(evaluate(scaled_difference(x, 1.0), [[5.0, 7.0]]), [8.0, 12.0])


def test_the_body_is_built_once_per_types_and_parameters():
    calls.clear()
    x, y = variable((7,)), variable((7,))
    first, again, other = (scaled_difference(x, y, scale=s).owner.op for s in (4.0, 4.0, 5.0))
    assert first is again
    assert first == again != other
    assert len(calls) == 2
    assert scaled_difference(variable((8,)), variable((8,)), scale=4.0).owner.op != first


def test_several_outputs():
    a, b = sum_and_product(variable(), variable())
    assert a.owner is b.owner
    inputs = a.owner.inputs
    np.testing.assert_array_equal(evaluate([a, b], dict(zip(inputs, ([2.0], [3.0])))), [[5.0], [6.0]])


def test_inline_gives_the_body_at_the_users_line():
    x, y = variable(), variable()
    z = scaled_difference(x, y)
    (opened,) = inline(z.owner)
    assert not any(isinstance(node.op, Composite) for node in toposort([opened]))
    assert all(node.origin == z.origin for node in toposort([opened]))
    values = {x: [1.0, 2.0], y: [5.0, 5.0]}
    np.testing.assert_array_equal(evaluate(opened, values), evaluate(z, values))


def test_the_length_of_a_result_does_not_need_the_result():
    x = variable((None, 3), "x")
    (rows, columns) = shape_of(functions.softmax(x))
    assert columns == 3
    assert isinstance(rows.owner.op, Dimension)
    assert rows.owner.inputs == (x,)


def test_a_composite_that_reads_a_variable_from_outside_is_refused():
    outside = variable(name="outside")

    @composite
    def leaking(x: Variable, /) -> Variable:
        return x + outside

    with pytest.raises(MissingInputError, match="outside"):
        leaking(variable())


def test_parameters_are_hashable():
    with pytest.raises(ArgumentError, match=r"scaled_difference: the parameter scale must be hashable, not \[1\]"):
        scaled_difference(variable(), variable(), scale=[1])


def test_a_function_defined_anew_is_another_one():
    def define(summand: float):
        @composite
        def shifted(x: Variable, /) -> Variable:
            return x + summand

        return shifted

    x = variable()
    first, second = define(1.0)(x), define(2.0)(x)
    assert first.owner.op != second.owner.op
    np.testing.assert_array_equal(evaluate(Graph([x], [first, second]), [[0.0]]), [[1.0], [2.0]])


def test_a_label_of_another_module_is_taken():
    def softmax(x: Variable, /) -> Variable:
        return x

    with pytest.raises(ArgumentError, match=r"bitale_graph.functions.composites has a composite `softmax` already"):
        composite(softmax)
