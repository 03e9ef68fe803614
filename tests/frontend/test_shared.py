"""shared(): kinds of values, borrowing, what may be set, and what an update may be."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

KINDS = [
    (1.5, "float64", 0),
    (3, "int64", 0),
    (True, "bool", 0),
    (2j, "complex128", 0),
    ([1, 2], "int64", 1),
    ([[1.0], [2.0]], "float64", 2),
    (np.float32(1), "float32", 0),
    (np.zeros((2, 3), "int8"), "int8", 2),
    (np.zeros((2, 3)).T, "float64", 2),
    (np.array(1.0, ">f8"), "float64", 0),
]


@pytest.mark.parametrize(("value", "dtype", "rank"), KINDS)
def test_kinds_of_values(value, dtype, rank):
    variable = bt.shared(value, "v")
    assert (variable.dtype, variable.type.shape) == (dtype, (None,) * rank)
    np.testing.assert_array_equal(variable.get_value(), value)
    np.testing.assert_array_equal(bt.function([], variable)(), value)


@pytest.mark.parametrize("value", ["text", None, object(), [[1], [1, 2]], {"a": 1}, np.array(["a"])])
def test_what_is_no_array_of_numbers_is_refused(value):
    with pytest.raises(TypeError, match="a shared variable holds an array of numbers"):
        bt.shared(value)


def test_a_symbolic_variable_is_no_value():
    with pytest.raises(TypeError, match=r"not a symbolic variable\n    x: .*test_shared"):
        bt.shared(T.vector("x"))


def test_values_are_copied_unless_borrowed():
    array = np.zeros(3)
    copied, borrowed = bt.shared(array), bt.shared(array, borrow=True)
    array[0] = 1
    assert (copied.get_value()[0], borrowed.get_value()[0]) == (0, 1)
    copied.get_value()[:] = 9
    assert copied.get_value()[0] == 0
    assert borrowed.get_value(borrow=True) is array
    copied.set_value(array, borrow=True)
    assert copied.get_value(borrow=True) is array
    copied.set_value(array)
    assert not np.shares_memory(copied.get_value(borrow=True), array)


def test_a_read_only_array_is_not_written_into():
    array = np.zeros(3)
    array.flags.writeable = False
    w = bt.shared(array, borrow=True)
    bt.function([], updates={w: w + 1})()
    assert array[0] == 0
    np.testing.assert_array_equal(w.get_value(), np.ones(3))


def test_lengths_may_change_unless_they_are_fixed():
    free, fixed = bt.shared(np.zeros((1, 3)), "free"), bt.shared(np.zeros((2, 3)), "fixed", shape=(2, None))
    free.set_value(np.zeros((5, 7)))
    fixed.set_value(np.zeros((2, 9)))
    assert fixed.type.shape == (2, None)
    with pytest.raises(ValueError, match=r"cannot set a value of shape \(3, 3\)\n    fixed: float64\[2, \?\]"):
        fixed.set_value(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"cannot set a value of shape \(3,\)"):
        bt.shared(np.zeros(3), shape=(4,))
    with pytest.raises(ValueError, match="cannot set a value of shape"):
        bt.shared(np.zeros(3), shape=(None, None))


def test_an_update_may_have_another_static_shape():
    """A length of 1 in the first value, or in the type of the update, is no promise for later."""
    w, row = bt.shared(np.zeros((1, 3)), "w"), T.row("r")
    bt.function([row], updates={w: w + row})(np.ones((1, 3)))
    bt.function([], updates={w: T.concatenate([w, w])})()
    np.testing.assert_array_equal(w.get_value(), np.ones((2, 3)))


@pytest.mark.parametrize("mode", ["c", "numpy"])
def test_an_update_keeps_fixed_lengths(mode):
    w, x = bt.shared(np.zeros((2, 3)), "w", shape=(2, None)), T.matrix("x")
    f = bt.function([x], updates={w: x * 2}, mode=mode)
    f(np.ones((2, 5)))
    assert w.get_value().shape == (2, 5)
    with pytest.raises(ValueError, match=r"axis 0 has length 3(.|\n)*2(.|\n)*test_shared\.py"):
        f(np.ones((3, 5)))
    assert w.get_value().shape == (2, 5)
    with pytest.raises(ValueError, match="the update of `w` has another shape than it"):
        bt.function([], updates={w: T.zeros((3, 3))})


@pytest.mark.parametrize(("dtype", "value"), [("float32", 0.1), ("float32", 2), ("int8", [1, 2]), ("float64", 1)])
def test_setting_converts_what_fits(dtype, value):
    w = bt.shared(np.zeros(np.shape(value), dtype))
    w.set_value(value)
    assert w.get_value().dtype == dtype
    np.testing.assert_array_equal(w.get_value(), np.asarray(value, dtype))


@pytest.mark.parametrize(("dtype", "value"), [("float64", 1j), ("int64", 0.5), ("int8", [300, 0]), ("bool", 2)])
def test_setting_refuses_what_does_not_fit(dtype, value):
    w = bt.shared(np.zeros(np.shape(value), dtype), "w")
    with pytest.raises(TypeError, match=rf"cannot set a value of dtype .*\n    w: .*\n.*astype\('{dtype}'\)"):
        w.set_value(value)


def test_integers_count_and_do_not_become_floats():
    n = bt.shared(0, "n")
    count = bt.function([], n, updates={n: n + 1})
    assert [int(count()) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(TypeError, match=r"the update of `n` has dtype float64, the shared variable int64(.|\n)*astype"):
        bt.function([], updates={n: n / 2})


@pytest.mark.parametrize("value", [7, 7.0, [7.0], np.full(1, 7)])
def test_a_plain_value_is_an_update_too(value):
    w = bt.shared(np.zeros(np.shape(value), "float32"), "w")
    bt.function([], updates={w: value})()
    np.testing.assert_array_equal(w.get_value(), value)


def test_what_theano_s_programs_ask_for():
    row = bt.shared(np.ones((1, 3)), broadcastable=(True, False))
    assert row.type.shape == (1, None)
    value = row.get_value(borrow=True, return_internal_type=True)
    row.zero()
    assert not row.get_value().any() and value.all()
    value = row.get_value(borrow=True)
    value[:] = 1
    row.zero(borrow=True)
    assert not value.any()


def test_how_strict_a_shared_variable_is_can_be_said():
    strict = bt.shared(np.ones(2), strict=True)
    loose = bt.shared(np.ones(2, "int32"), allow_downcast=True)
    exact = bt.shared(np.ones(2, "float32"), allow_downcast=False)
    for variable in (strict, pickle.loads(pickle.dumps(strict)), copy.deepcopy(strict)):
        variable.set_value(np.zeros(2))
        with pytest.raises(TypeError, match="cannot set a value of dtype int64"):
            variable.set_value([1, 2])
    loose.set_value([1.5, 2.0])
    np.testing.assert_array_equal(loose.get_value(), [1, 2])
    exact.set_value(np.zeros(2, "float16"))
    with pytest.raises(TypeError, match="cannot set a value of dtype float64"):
        exact.set_value(np.zeros(2))


def test_what_a_library_says_of_its_own_arrays_is_passed_on():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("call detach() first")

    x = T.vector("x")
    for use in (lambda: bt.shared(Tensor()), lambda: x + Tensor(), lambda: bt.function([x], x)(Tensor())):
        with pytest.raises(TypeError, match=r"call detach\(\) first"):
            use()


def test_copies_and_pickles_have_their_own_value():
    w = bt.shared(np.ones(2), "w", shape=(2,))
    for other in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        other.set_value(np.zeros(2))
        assert (other.name, other.type, other.origin) == (w.name, w.type, w.origin)
    np.testing.assert_array_equal(w.get_value(), np.ones(2))


def test_what_is_pickled_together_stays_together():
    w = bt.shared(np.zeros(2), "w")
    f, g = bt.function([], w), bt.function([], updates={w: w + 1})
    f, g, w = pickle.loads(pickle.dumps((f, g, w)))
    g()
    np.testing.assert_array_equal(f(), np.ones(2))
    np.testing.assert_array_equal(w.get_value(), np.ones(2))


def test_a_call_that_fails_changes_nothing():
    """Checks come before what is written in place; where they cannot, nothing is written in place."""
    x, i = bt.tensor.vector("x"), bt.tensor.iscalar("i")
    w, v = bt.shared(np.zeros(3), "w"), bt.shared(np.zeros(3), "v")
    velocity = 0.9 * v + 1
    plain = bt.function([x, i], x[i], updates={w: w + 1})
    momentum = bt.function([x, i], x[i] + velocity.sum(), updates={v: velocity, w: w + velocity})
    found = bt.function([x, i], x[bt.tensor.cast((w + 1).sum(), "int64") + i], updates={w: w + 1})
    for f in (plain, momentum, found):
        with pytest.raises(IndexError):
            f(np.ones(2), 5)
        assert not w.get_value().any() and not v.get_value().any()
    assert momentum(np.ones(2), 1) == 4
    assert w.get_value().tolist() == v.get_value().tolist() == [1, 1, 1]
    assert str(momentum.plan()).count("written in place of") == 2
