"""bitale.tensor: NumPy's and Theano's names, and those that are only here."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

# Of the names that Theano's programs use most, those of arrays.
THEANO = """
    grad dot exp mean tanh log sqrt cast maximum matrix sum sqr eq vector arange argmax switch set_subtensor tensor4
    alloc concatenate clip zeros ivector tensor3 scalar minimum as_tensor_variable TensorType stack max neq prod
    constant zeros_like abs_ ones_like flatten ge repeat reshape imatrix sgn Variable square gt lt TensorVariable
    inc_subtensor shape_padleft round lscalar ones as_tensor le transpose all add min cos isnan sin tile inv iscalar
    TensorConstant squeeze shape_padright eye dmatrix ceil join pow any isinf std dvector tensordot batched_dot floor
    fmatrix lmatrix identity_like Constant expm1 matrices mul addbroadcast ftensor4 lvector Rop or_ argmin
    batched_tensordot itensor3 var log1p diag discrete_dtypes bitwise_or dscalar power float_dtypes gammaln outer erfc
    jacobian mod and_ bitwise_and fscalar vectors arctan cumsum erf fill isclose sub wmatrix allclose arccos arctan2
    arctanh bscalar
"""


@pytest.mark.parametrize("name", THEANO.split())
def test_a_name_of_theano_is_there(name):
    assert name in T.__all__


def test_everything_exported_is_of_the_library():
    assert {"Any", "Sequence", "ModuleType", "annotations", "names", "functions"}.isdisjoint(T.__all__)


def test_values_become_variables():
    assert T.as_tensor_variable(np.ones(3)).type.shape == (3,)
    assert T.as_tensor_variable([T.scalar("a"), 1.0]).type == bt.TensorType("float64", (2,))
    assert T.as_tensor_variable(2, name="two").name == "two"
    assert T.asarray(T.vector("x"), ndim=3).type.shape == (1, 1, None)
    x = T.vector("x")
    assert T.array(x, name="y") is x
    assert x.name == "x"
    with pytest.raises(ValueError, match=r"2 axes are more than 1\n    m: "):
        T.as_tensor_variable(T.matrix("m"), ndim=1)


def test_constants():
    c = T.constant([1, 2], name="c", dtype="float32")
    assert (c.name, c.dtype, c.data.tolist()) == ("c", "float32", [1.0, 2.0])


def test_composites_of_theano():
    np.testing.assert_array_equal(T.to_one_hot(T.constant([0, 2]), 3).eval(), [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(T.largest(1, T.constant([0, 3]), 2).eval(), [2, 3])
    np.testing.assert_array_equal(T.smallest(1, T.constant([0, 3])).eval(), [0, 1])
    np.testing.assert_allclose(T.xlogx(T.constant([0.0, 1.0, 2.0])).eval(), [0, 0, 2 * np.log(2)])
    assert T.get_scalar_constant_value(T.constant(2) * 3) == 6
    assert T.get_scalar_constant_value(T.zeros((2, 2))) == 0
    with pytest.raises(T.NotScalarConstantError, match=r"not one constant value\n    x: "):
        T.get_scalar_constant_value(T.scalar("x"))


def test_questions_that_numpy_answers_have_answers():
    x, z = T.matrix("x"), T.zmatrix("z")
    assert (T.ndim(x), T.ndim([1, 2]), T.shape(np.ones((2, 3))), T.size(np.ones((2, 3)))) == (2, 1, (2, 3), 6)
    assert (T.iscomplexobj(z), T.isrealobj(z), T.isrealobj(x)) == (True, False, True)
    value = np.ones((2, 3))
    assert [int(n.eval({x: value})) for n in (*T.shape(x), T.size(x), T.size(x, 1))] == [2, 3, 6, 3]
    np.testing.assert_array_equal(T.identity_like(x).eval({x: value}), np.eye(2, 3))
    assert T.copy(x) is not x
    np.testing.assert_array_equal(T.copy(x).eval({x: value}), value)


def test_dtypes_by_kind():
    assert set(T.all_dtypes) == {"bool", *T.integer_dtypes, *T.float_dtypes, *T.complex_dtypes}
    assert set(T.all_dtypes) == {*T.discrete_dtypes, *T.continuous_dtypes}
