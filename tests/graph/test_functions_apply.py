"""What users write becomes variables: arrays, numbers, nested lists; what cannot is refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Constant, Variable, functions, tensor_type
from bitale_graph.errors import BitaleError, DtypeError
from bitale_graph.functions.apply import as_variable, cast


def scalar(name: str) -> Variable:
    return Variable(tensor_type("float32"), name=name)


@pytest.mark.parametrize("value", [1, 2.5, True, 1j, [1, 2], np.float32(3), np.zeros((2, 0)), [[True]], range(3)])
def test_values_become_numpys_arrays(value):
    found = as_variable(value)
    assert isinstance(found, Constant)
    np.testing.assert_array_equal(found.data, np.asarray(value), strict=True)
    assert not found.data.flags.writeable


def test_a_constant_does_not_follow_its_array():
    array = np.zeros(2)
    constant = as_variable(array)
    array[:] = 7
    np.testing.assert_array_equal(constant.data, [0.0, 0.0])


def test_variables_pass_and_lists_of_variables_stack():
    x, y = scalar("x"), scalar("y")
    assert as_variable(x) is x
    stacked = as_variable([[x, 1.0], [y, x]])
    np.testing.assert_array_equal(stacked.eval({x: 2, y: 3}), [[2, 1], [3, 2]])


def test_byte_order_is_made_native():
    assert as_variable(np.array([1, 2], ">i4")).data.dtype.isnative


@pytest.mark.parametrize(
    "value, message",
    [
        (None, "cannot use None"),
        ("text", "cannot use 'text' .a str"),
        ([[1], [2, 3]], "cannot make an array of"),
        ([None, 1], "dtype object"),
        ({"a": 1}, "a dict"),
        (2**70, "dtype object"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
        (np.longdouble(1), "longdouble|float128"),
        (object, "cannot use"),
    ],
)
def test_what_is_no_array_is_refused(value, message: str):
    with pytest.raises(DtypeError, match=message):
        as_variable(value)


def test_casts():
    x = scalar("x")
    assert cast(x, "float32") is x
    assert cast(x, np.int8).dtype == "int8"
    assert cast(2.7, int).dtype == "int64"
    folded = cast(as_variable(2.7), "int8")
    assert isinstance(folded, Constant)
    assert folded.data == 2


def test_a_wrong_number_of_arguments():
    with pytest.raises(TypeError, match="add takes 2 arguments, 1 given"):
        functions.add(scalar("x"))


def test_ranks_are_aligned_and_scalars_stay_scalars():
    x = Variable(tensor_type("float64", (None,)))
    matrix = Variable(tensor_type("float64", (None, None)))
    aligned, other = (x + matrix).owner.inputs
    assert (aligned.type.shape, other) == ((1, None), matrix)
    assert (matrix + 1.0).owner.inputs[1].ndim == 0


def test_every_refusal_is_a_bitale_error():
    for mistake in (lambda: scalar("x") + None, lambda: [None] * scalar("x"), lambda: scalar("x") << 1):
        with pytest.raises(BitaleError):
            mistake()
