"""shape_of says, for every op, what lengths the arrays will have, without computing the arrays."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Graph, Variable, ancestors, shape_of, tensor_type
from bitale_graph.graph import substitute
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Composite, StopGradient
from bitale_graph.ops.elementwise import add, maximum
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import Dimension, SetSlice
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.reference import evaluate
from bitale_graph.shapes import SHAPES, size_of
from bitale_graph.sizes import size_variable
from tests.graph.movement_oracle import numbers


def matrix(name: str = "x") -> Variable:
    return Variable(tensor_type("float64", (None, None)), name=name)


def vector(dtype: str = "int64") -> Variable:
    return Variable(tensor_type(dtype, (None,)))


def lengths(v: Variable, given: dict) -> list[int]:
    return [int(n) for n in evaluate([size_variable(n) for n in shape_of(v)], given)]


MATRIX, PLACES = numbers((3, 4)), np.array([0, 2, 1, 1, 0])
CASES = {
    "elementwise": lambda x, i: x + 1,
    "reduce": lambda x, i: Reduce(add, (0,))(x),
    "argreduce": lambda x, i: ArgReduce(maximum, 1)(x),
    "cumulate": lambda x, i: Cumulate(add, 0)(x),
    "contract": lambda x, i: Contract("ab", "cb", "ac")(x, x),
    "gather": lambda x, i: Gather((1,))(x, i),
    "gather both": lambda x, i: Gather((0, 1))(x, F.expand_dims(i, 0), F.expand_dims(i, 1)),
    "scatter": lambda x, i: Scatter((0,), add)(x, Gather((0,))(x, i), i),
    "set_slice": lambda x, i: SetSlice((0, 0), (1, None), (1, 1))(x, F.slicing.slice_axis(x, 0, 0, 1), size_of(x, 1)),
    "stop_gradient": lambda x, i: StopGradient()(x),
    "check": lambda x, i: Check("wrong")(x, F.equal(size_of(x, 0), 3)),
    "concatenate": lambda x, i: F.concatenate([x, x, x], 1),
    "diagonal": lambda x, i: F.diagonal(x, 2),
    "pad": lambda x, i: F.pad(x, ((1, size_of(i, 0)), (0, 2))),
    "iota": lambda x, i: F.arange(size_of(x, 0) * 2),
}


@pytest.mark.parametrize("name", CASES)
def test_every_rule(name: str):
    x, i = matrix(), vector()
    result = CASES[name](x, i)
    given = {x: MATRIX, i: PLACES}
    assert lengths(result, given) == list(evaluate(result, given).shape)


def test_asking_a_shape_computes_no_array():
    x, i = matrix(), vector()
    for build in CASES.values():
        for size in shape_of(build(x, i)):
            needed = ancestors([size]) if isinstance(size, Variable) else ()
            assert all(v.ndim == 0 or v in (x, i) for v in needed)


def test_every_movement_op_has_a_rule():
    from bitale_graph.ops import movement
    from bitale_graph.variable import Op

    ops = [c for c in vars(movement).values() if isinstance(c, type) and issubclass(c, Op) and c is not Op]
    assert [op for op in ops if op not in SHAPES and op is not Dimension] == []  # a Dimension is a scalar


def test_the_lengths_of_an_input_are_asked_once():
    x = matrix()
    assert shape_of(x) is shape_of(x)
    assert shape_of(x + 1)[0] is shape_of(x)[0]
    assert shape_of(F.transpose(x))[0] is shape_of(x)[1]
    assert shape_of(Variable(tensor_type("float64", (2, 3)))) == (2, 3)


def test_how_many_places_are_not_zero_is_known_when_it_runs():
    mask = Variable(tensor_type("bool", (None,)))
    (found,) = Nonzero()(mask).owner.outputs
    (n,) = shape_of(found)
    assert isinstance(n.owner.op, Dimension)


def composite(body_of, *types) -> Composite:
    inputs = [Variable(t) for t in types]
    return Composite("made", (), Graph(inputs, [body_of(*inputs)]))


TYPE = tensor_type("float64", (None, None))


@pytest.mark.parametrize("body", [
    lambda a: F.exp(a), lambda a: F.transpose(a), lambda a: F.concatenate([a, a], 0), lambda a: F.flatten(a),
    lambda a: F.slicing.slice_axis(a, 1, 1, -1), lambda a: F.zeros((2, size_of(a, 0))),
])  # fmt: skip
def test_composites_have_the_lengths_of_their_bodies(body):
    x = matrix()
    inner = F.pad(x, 1)
    result = composite(body, TYPE)(inner)
    given = {x: MATRIX}
    assert lengths(result, given) == list(evaluate(result, given).shape)
    for size in shape_of(result):
        assert inner not in set(ancestors([size]) if isinstance(size, Variable) else ())


def test_a_composite_within_a_composite():
    inner = composite(lambda a: F.concatenate([a, a], 1), TYPE)
    outer = composite(lambda a: inner(F.transpose(a)), TYPE)
    x = matrix()
    assert lengths(outer(x), {x: MATRIX}) == [4, 6]


def test_a_length_that_only_the_body_knows_is_asked_of_the_result():
    op = composite(lambda a: Gather((0,))(a, F.indexing.nonzero(F.greater(a, 2))[0]), tensor_type("float64", (None,)))
    x = vector("float64")
    result = op(x)
    assert lengths(result, {x: np.array([1.0, 3.0, 5.0])}) == [2]
    assert result in set(ancestors(shape_of(result)))


def test_a_scalar_argument_gives_a_length():
    op = composite(lambda n: F.arange(n + 1), tensor_type("int64"))
    n = Variable(tensor_type("int64"))
    result = op(n * 2)
    assert lengths(result, {n: 3}) == [7]


def test_long_chains():
    x = vector("float64")
    y, double = x, composite(lambda a: F.concatenate([a, a]), tensor_type("float64", (None,)))
    for _ in range(20_000):
        y = F.slicing.slice_axis(y, 0, 1)
    assert lengths(y, {x: np.zeros(20_003)}) == [3]
    z = x
    for _ in range(300):
        z = F.slicing.slice_axis(double(z), 0, 0, 3)
    assert lengths(z, {x: np.zeros(5)}) == [3]


def test_lengths_follow_a_substitution():
    x, y = matrix("x"), matrix("y")
    total = F.flatten(x)
    (replaced,) = substitute([total], {x: F.transpose(y)})
    assert lengths(replaced, {y: MATRIX}) == [12]
