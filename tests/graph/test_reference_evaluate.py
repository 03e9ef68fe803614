"""evaluate: values to variables, arrays back, memory freed, and errors that say where."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from bitale_graph import Apply, Graph, Op, TensorType, Variable, functions, tensor_type
from bitale_graph.errors import (
    ArgumentError,
    DtypeError,
    IndexingError,
    MissingInputError,
    MissingRule,
    ShapeError,
    VerifyError,
)
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Composite, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.indexing import Gather
from bitale_graph.ops.movement import Broadcast
from bitale_graph.reference import REFERENCE, conform, evaluate
from bitale_graph.reference.elementwise import FORMULAS


def vector(name: str = "x", dtype: str = "float64", length: int | None = None) -> Variable:
    return Variable(tensor_type(dtype, (length,)), name=name)


def matrix(name: str = "x", shape: tuple[int | None, ...] = (None, None)) -> Variable:
    return Variable(tensor_type("float64", shape), name=name)


def test_every_elementwise_function_has_a_formula():
    assert FORMULAS.missing(FUNCTIONS.values()) == []


def test_targets_and_values():
    x, y = vector("x"), vector("y")
    total, product = x + y, x * y
    values = [[1.0, 2.0], [3.0, 4.0]]
    np.testing.assert_array_equal(evaluate(total, values), [4.0, 6.0])
    np.testing.assert_array_equal(evaluate(total, {x: values[0], y: values[1]}), [4.0, 6.0])
    np.testing.assert_array_equal(evaluate([total, product], values), [[4.0, 6.0], [3.0, 8.0]])
    np.testing.assert_array_equal(evaluate(Graph([y, x], [x - y]), values), [[2.0, 2.0]])
    np.testing.assert_array_equal(evaluate(total * 2, {total: [1.0]}), [2.0])


def test_a_constant_expression_needs_no_values():
    assert evaluate(functions.exp(0.0)) == 1.0


def test_results_may_be_written_into():
    x = matrix()
    value = np.ones((2, 2))
    results = evaluate([x, x.T, x, functions.as_variable(1.0)], [value])
    for result in results:
        result[...] = 5.0
    assert (value == 1.0).all()
    assert len({id(result) for result in results}) == 4


def test_intermediate_arrays_are_freed():
    x = vector()
    y = x
    for _ in range(50):
        y = y + 1.0
    value = np.zeros(1_000_000)
    tracemalloc.start()
    evaluate(y, [value])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * value.nbytes


FITTING = [
    ("float32", [1, 2], [1.0, 2.0]),
    ("float32", [0.1], np.float32([0.1])),
    ("float64", np.float32([0.5]), [0.5]),
    ("int8", [1, 2], [1, 2]),
    ("uint8", np.array([255], "int64"), [255]),
    ("float64", np.array([True]), [1.0]),
    ("complex64", [1.5], [1.5]),
    ("int64", [], []),
]


@pytest.mark.parametrize("dtype, value, expected", FITTING)
def test_values_that_fit_are_converted(dtype: str, value, expected):
    found = conform(vector(dtype=dtype), value)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


REJECTED = [
    ("int8", [300], DtypeError, "a value of dtype int64 for x does not fit int8"),
    ("uint8", [-1], DtypeError, "does not fit uint8"),
    ("int64", [0.5], DtypeError, "a value of dtype float64 for x does not fit int64"),
    ("float64", [1j], DtypeError, "complex128"),
    ("bool", [1], DtypeError, "does not fit bool"),
    ("float64", ["a"], DtypeError, "for x does not fit float64"),
    ("float64", None, DtypeError, "object"),
    ("float64", [object()], DtypeError, "object"),
    ("float64", [[1.0], [2.0, 3.0]], DtypeError, "the value of x is no array"),
    ("float64", 1.0, ShapeError, r"the value of x has shape \(\)"),
    ("float64", [[1.0]], ShapeError, r"the value of x has shape \(1, 1\)"),
]


@pytest.mark.parametrize("dtype, value, kind, message", REJECTED)
def test_values_that_do_not_fit_are_rejected(dtype: str, value, kind, message: str):
    x = vector(dtype=dtype)
    with pytest.raises(kind, match=message) as caught:
        evaluate(x, [value])
    assert f"x: {dtype}[?]    made at " in str(caught.value)


def test_a_static_length_is_checked():
    with pytest.raises(ShapeError, match=r"has shape \(2,\)"):
        evaluate(vector(length=3), [[1.0, 2.0]])


def test_missing_and_surplus_values():
    x, y = vector("x"), vector("y")
    with pytest.raises(MissingInputError, match="y has no value"):
        evaluate(x + y, {x: [1.0]})
    with pytest.raises(ArgumentError, match="3 values given for 2 inputs"):
        evaluate(x + y, [[1.0]] * 3)


def gather(x: Variable, *indices: Variable) -> Variable:
    return Gather(tuple(range(len(indices))))(x, *indices)


# Unknown lengths never stretch, though NumPy would stretch a length of 1.
CLASHES = {
    "add": (lambda: vector("x") + vector("y"), [[1.0, 2.0]], [[1.0]]),
    "three operands": (lambda: functions.where(vector("x") > 0, vector("y"), 0.0), [[1.0, 2.0]], [[1.0]]),
    "contract": (lambda: Contract("ab", "bc", "ac")(matrix("x"), matrix("y")), [np.ones((2, 3))], [np.ones((1, 2))]),
    "gather": (
        lambda: gather(matrix("z", (4, 4)), vector("x", "int64"), vector("y", "int64")),
        [np.ones((4, 4)), [1, 2]],
        [[1]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASHES)
def test_lengths_that_differ_name_both_variables(name: str):
    build, *values = CLASHES[name]
    output = build()
    with pytest.raises(ShapeError) as caught:
        evaluate(output, [*values[0], *values[1]])
    message = str(caught.value)
    assert "of x" in message or "(axis 0 of greater(x" in message
    assert "of y" in message
    assert "differ" in message
    assert f"while computing {output.owner.op} of shapes" in message
    assert "test_reference_evaluate.py:" in message


def test_an_unknown_length_is_not_broadcast():
    x = matrix()
    stretched = Broadcast((2, 3))(x)
    np.testing.assert_array_equal(evaluate(stretched, [np.ones((2, 3))]), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="axis 0 has length 1; it cannot become 2"):
        evaluate(stretched, [np.ones((1, 3))])


def test_errors_of_operations_say_where():
    x, index = vector("x"), vector("index", "int64")
    with pytest.raises(IndexingError, match=r"(?s)while computing gather.* of shapes \(2,\), \(1,\) at .*index: int64"):
        evaluate(gather(x, index), [[1.0, 2.0], [5]])
    base, exponent = vector("base", "int64"), vector("exponent", "int64")
    with pytest.raises(ArgumentError, match=r"(?s)an integer to a negative power.*while computing power"):
        evaluate(base**exponent, [[2], [-1]])


@pytest.mark.filterwarnings("error")
def test_arithmetic_gives_no_warnings():
    x, n = vector("x"), vector("n", "int64")
    outputs = [functions.log(x), 1 / x, functions.exp(x * 1e6), n // 0, n % 0, x.astype("int8"), x.astype("bool")]
    values = {x: [0.0, -1.0, np.nan, np.inf], n: [0, 5, -5, 7]}
    found = evaluate(outputs, values)
    np.testing.assert_array_equal(found[0], [-np.inf, np.nan, np.nan, np.inf])
    np.testing.assert_array_equal(found[3], [0, 0, 0, 0])


def test_composites_gradient_barriers_and_checks():
    x, v = vector("x"), vector("v")
    body = Graph([x], [functions.exp(x), x * 2])
    composite = Composite("both", (), body)
    outputs = Apply(composite, [v]).outputs
    np.testing.assert_array_equal(evaluate(outputs, [[0.0, 1.0]]), [np.exp([0.0, 1.0]), [0.0, 2.0]])
    np.testing.assert_array_equal(evaluate(StopGradient()(v), [[3.0]]), [3.0])
    checked = Check("v must be positive")(v, functions.all(v > 0))
    np.testing.assert_array_equal(evaluate(checked, [[3.0]]), [3.0])
    with pytest.raises(ArgumentError, match=r"(?s)v must be positive\n  while computing check.*at .*\.py:"):
        evaluate(checked, [[-3.0]])


class Unknown(Op):
    """An op that no table knows."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs

    def __str__(self) -> str:
        return "unknown"


def test_rules_may_be_replaced_and_missing_ones_are_named():
    y = Unknown()(vector())
    with pytest.raises(MissingRule, match="no NumPy reference for `unknown`"):
        evaluate(y, [[1.0]])
    doubled = REFERENCE.overridden({Unknown: lambda op, x: x * 2})
    np.testing.assert_array_equal(evaluate(y, [[1.0]], rules=doubled), [2.0])


@pytest.mark.parametrize("wrong", [lambda op, x: x.astype("float32"), lambda op, x: x[None]])
def test_a_rule_that_breaks_the_type_is_found_out(wrong):
    y = Unknown()(vector())
    with pytest.raises(VerifyError, match=r"unknown gave float.*; its type is float64\[\?\]"):
        evaluate(y, [[1.0]], rules=REFERENCE.overridden({Unknown: wrong}))
