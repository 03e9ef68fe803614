"""clone_replace and givens: what stands in the place of what."""

from __future__ import annotations

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

A = np.array([1.0, 2.0])


def test_one_variable_or_several():
    x, y = T.vector("x"), T.vector("y")
    one = bt.clone_replace(x * 2, {x: y + 1})
    np.testing.assert_array_equal(bt.function([y], one)(A), (A + 1) * 2)
    first, second = bt.clone_replace((x, x - 1), [(x, y)])
    assert first is y
    assert isinstance(bt.clone_replace([x]), list)
    np.testing.assert_array_equal(second.eval({y: A}), A - 1)


def test_a_replacement_is_not_searched():
    x, y = T.vector("x"), T.vector("y")
    swapped = bt.clone_replace(x - y, {x: y, y: x})
    np.testing.assert_array_equal(swapped.eval({x: A, y: 3 * A}), 2 * A)
    grown = bt.clone_replace(x * 2, {x: x + 1})
    np.testing.assert_array_equal(grown.eval({x: A}), (A + 1) * 2)


def test_what_is_computed_can_be_replaced():
    x, y = T.vector("x"), T.vector("y")
    inner = T.exp(x)
    np.testing.assert_array_equal(bt.clone_replace(inner + 1, {inner: y}).eval({y: A}), A + 1)


@pytest.mark.parametrize("value", [A, [1, 2], [1.0, 2.0]])
def test_a_value_takes_the_type_of_what_it_replaces(value):
    x = T.fvector("x")
    replaced = bt.clone_replace(x * 2, {x: value})
    assert replaced.dtype == "float32"
    np.testing.assert_array_equal(replaced.eval(), 2 * A)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, y: {x: T.matrix()}, "dtype and rank"),
        (lambda x, y: {x: T.ivector()}, "dtype and rank"),
        (lambda x, y: {x: np.ones((2, 2))}, r"the value of x has shape \(2, 2\)"),
        (lambda x, y: {x: "text"}, "dtype <U4"),
        (lambda x, y: {"x": y}, "only variables can be replaced, not 'x'"),
        (lambda x, y: [(x, y), (x, y)], "replaced twice"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    x, y = T.vector("x"), T.vector("y")
    with pytest.raises(bt.BitaleError, match=message):
        bt.clone_replace(x + y, make(x, y))


def test_givens_may_use_one_another():
    x, y, z = T.vector("x"), T.vector("y"), T.vector("z")
    f = bt.function([z], x * y, givens={x: y + 1, y: z * 2})
    np.testing.assert_array_equal(f(A), (2 * A + 1) * 2 * A)


def test_the_idiom_of_batches_of_a_shared_array():
    data, x, index = bt.shared(np.arange(12.0).reshape(6, 2), "data"), T.matrix("x"), T.lscalar("index")
    f = bt.function([index], T.sum(x, axis=0), givens={x: data[index * 2 : (index + 1) * 2]})
    np.testing.assert_array_equal(f(1), [4 + 6, 5 + 7])


def test_a_given_for_a_shared_variable_is_read_in_its_place_and_its_update_stays():
    w, other = bt.shared(A, "w"), bt.shared(10 * A, "other")
    f = bt.function([], w, updates={w: w + 1}, givens={w: other})
    np.testing.assert_array_equal(f(), 10 * A)
    np.testing.assert_array_equal(w.get_value(), 10 * A + 1)
    np.testing.assert_array_equal(other.get_value(), 10 * A)


@pytest.mark.parametrize(
    "givens",
    [lambda x, y: {x: x + 1}, lambda x, y: {x: y, y: x}, lambda x, y: {x: T.exp(y), y: x * 2}],
    ids=["itself", "swapped", "through expressions"],
)
def test_a_circle_is_refused(givens):
    x, y = T.vector("x"), T.vector("y")
    with pytest.raises(bt.GraphError, match=r"in a circle\n    x: .*test_replace\.py:\d+"):
        bt.function([], x + y, givens=givens(x, y))


def test_an_input_cannot_be_given():
    x = T.vector("x")
    with pytest.raises(bt.GraphError, match=r"replaces an input of the function\n    x: "):
        bt.function([x], x, givens={x: A})


def test_outputs_of_every_form_keep_it():
    x, y = T.vector("x"), T.vector("y")
    made = bt.clone_replace({"double": 2 * x, "three": 3.0}, {x: y})
    assert list(made) == ["double", "three"]
    np.testing.assert_array_equal(made["double"].eval({y: [1.0]}), [2.0])
    assert made["three"].eval() == 3
    with pytest.raises(TypeError, match="as an array"):
        bt.clone_replace(["a word"], {x: y})
