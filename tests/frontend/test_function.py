"""function(): forms of outputs, inputs by name, updates, givens, copies, pickling, threads."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import pydoc

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

A = np.array([1.0, 2.0, 3.0])


@pytest.fixture(params=["c", "numpy", "compare", "nan_guard"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


def test_forms_of_outputs(mode: str) -> None:
    x = T.vector("x")
    single = bt.function([x], x + 1, mode=mode)(A)
    assert isinstance(single, np.ndarray)
    np.testing.assert_array_equal(single, A + 1)
    assert isinstance(bt.function([x], [x + 1], mode=mode)(A), list)
    assert isinstance(bt.function([x], (x + 1, x * 2), mode=mode)(A), tuple)
    named = bt.function([x], {"sum": T.sum(x), "twice": 2 * x}, mode=mode)(A)
    assert list(named) == ["sum", "twice"] and named["sum"] == 6
    assert bt.function([x], None, mode=mode, on_unused_input="ignore")(A) is None


def test_results_own_their_memory() -> None:
    x = T.vector("x")
    f = bt.function([x], [x, x])
    first, second = f(A)
    assert not np.shares_memory(first, A) and not np.shares_memory(first, second)
    kept = f(A)[0]
    f(A + 1)
    np.testing.assert_array_equal(kept, A)


def test_names_and_defaults(mode: str) -> None:
    x, y = T.vector("x"), T.vector("y")
    f = bt.function([x, bt.In(y, value=np.ones(3)), bt.In(T.scalar(), name="scale", value=2.0)], x - y, mode=mode,
                    on_unused_input="ignore")  # fmt: skip
    np.testing.assert_array_equal(f(A), A - 1)
    np.testing.assert_array_equal(f(y=A, x=2 * A), A)
    np.testing.assert_array_equal(f(A, scale=3.0), A - 1)


def test_updates_use_the_old_values_and_are_applied_together(mode: str) -> None:
    a, b = bt.shared(1.0, "a"), bt.shared(2.0, "b")
    f = bt.function([], [a, b], updates={a: b, b: a + b}, mode=mode)
    assert [float(v) for v in f()] == [1, 2]
    assert (float(a.get_value()), float(b.get_value())) == (2, 3)


def test_a_failing_call_updates_nothing() -> None:
    x, w = T.vector("x"), bt.shared(np.ones(3), "w")
    f = bt.function([x], updates={w: w + x})
    with pytest.raises(ValueError, match="length"):
        f(np.ones(4))
    np.testing.assert_array_equal(w.get_value(), np.ones(3))


def test_an_update_in_place_keeps_the_array() -> None:
    w = bt.shared(np.zeros(1000), "w")
    before = w.get_value(borrow=True)
    bt.function([], updates={w: w + 1})()
    assert w.get_value(borrow=True) is before and before[0] == 1


def test_a_gradient_step_writes_into_the_weights() -> None:
    x = T.matrix("x")
    w = bt.shared(np.random.default_rng(0).normal(size=(50, 40)), "w")
    before, start = w.get_value(borrow=True), w.get_value()
    step = bt.function([x], updates={w: w - 0.1 * bt.grad(T.sum(T.square(x @ w)), w)})
    value = np.random.default_rng(1).normal(size=(60, 50))
    step(value)
    assert w.get_value(borrow=True) is before
    np.testing.assert_allclose(before, start - 0.1 * 2 * value.T @ (value @ start), rtol=1e-10)


def test_givens(mode: str) -> None:
    x, y, z = T.vector("x"), T.vector("y"), T.vector("z")
    data = bt.shared(A, "data")
    f = bt.function([z], x * y, givens={x: y + 1, y: data + z}, mode=mode)
    np.testing.assert_array_equal(f(A), (2 * A + 1) * 2 * A)


def test_shared_values_are_copied_unless_borrowed() -> None:
    value = np.zeros(3)
    w = bt.shared(value, "w")
    value[0] = 1
    assert w.get_value()[0] == 0
    w.set_value(value, borrow=True)
    assert w.get_value(borrow=True) is value


def test_copies_share_what_is_not_swapped() -> None:
    w, other = bt.shared(np.ones(3), "w"), bt.shared(np.full(3, 5.0), "other")
    f = bt.function([], w, updates={w: w * 2})
    g, swapped, reading = f.copy(), f.copy(swap={w: other}), f.copy(delete_updates=True, name="read")
    assert (f()[0], g()[0], w.get_value()[0]) == (1, 2, 4)
    assert (swapped()[0], other.get_value()[0]) == (5, 10)
    assert (reading()[0], reading()[0], reading.name) == (4, 4, "read")
    with pytest.raises(ValueError, match="no shared variable other"):
        f.copy(swap={other: w})


def test_deep_copies_have_values_of_their_own() -> None:
    w = bt.shared(np.ones(3), "w")
    f = bt.function([], w, updates={w: w * 2})
    g, values = copy.deepcopy([f, w])
    f()
    assert (g()[0], values.get_value()[0], w.get_value()[0]) == (1, 2, 2)


def test_pickled_functions_run_again() -> None:
    x, w = T.vector("x"), bt.shared(np.ones(3), "w")
    f = bt.function([x], {"y": x * w}, updates={w: w + 1})
    f(A)
    g = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(g(A)["y"], 2 * A)
    np.testing.assert_array_equal(f(A)["y"], 2 * A)  # the original was not touched


def test_keywords_of_theano() -> None:
    x, w = T.vector("x"), bt.shared(np.ones(2), "w")
    options = {"accept_inplace": True, "rebuild_strict": False, "profile": False, "no_default_updates": True}
    step = bt.function([x], w.sum(), updates=[[w, w + x]], givens=None, mode="FAST_RUN", **options)
    assert step([1, 2]) == 2 and step.mode == "c" and step.get_shared() == [w]
    modes = {"FAST_COMPILE": "numpy", "DebugMode": "compare", "NanGuardMode": "nan_guard"}
    for name, mode in modes.items():
        assert bt.function([], w, updates={}, givens=None, mode=name).mode == mode


def test_inputs_say_how_they_are_converted() -> None:
    x, y = T.fvector("x"), T.fvector("y")
    f = bt.function([bt.In(x, strict=True, mutable=True), bt.In(y, allow_downcast=True, borrow=True)], x + y)
    single, double = np.ones(2, "float32"), np.full(2, 0.1)
    np.testing.assert_array_equal(f(single, double), 1 + double.astype("float32"))
    with pytest.raises(TypeError, match=r"argument 0 .* has dtype float64, and is strictly to be float32"):
        f(double, double)
    with pytest.raises(TypeError, match=r"argument 0 .* has dtype int64, and is strictly"):
        f([1, 2], double)
    kept = bt.function([bt.In(y, allow_downcast=False)], y, allow_input_downcast=True)
    with pytest.raises(TypeError, match="which float32 cannot hold without loss"):
        kept(double)


@pytest.mark.parametrize(
    ("dtype", "value", "wanted"),
    [
        ("int64", 2**63 - 1, 2**63 - 1), ("uint64", 2**64 - 1, 2**64 - 1), ("float64", 2**70, 2.0**70),
        ("float32", 2**53, 2.0**53), ("int8", True, 1), ("complex64", 1 + 2j, 1 + 2j), ("bool", True, True),
        ("int64", 2**63, "holds 9223372036854775808, and int64 goes from -9223372036854775808 to 9223372036854775807"),
        ("int64", 2**70, f"holds {2**70}, and int64"), ("uint64", 2**64, "and uint64 goes from 0"),
        ("int8", 128, "holds 128, and int8 goes from -128 to 127"), ("uint8", -1, "holds -1, and uint8"),
        ("int8", 1.0, "which int8 cannot hold without loss"), ("bool", 1, "which bool cannot hold without loss"),
        ("float64", 1j, "which float64 cannot hold without loss"), ("float64", 10**400, "too large for float64"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: [n]], ids=["scalar", "list"])
def test_numbers_of_python_adapt(dtype, value, wanted, wrap) -> None:
    f = identity(dtype, np.ndim(wrap(0)))
    if isinstance(wanted, str):
        with pytest.raises(TypeError, match=wanted):
            f(wrap(value))
    else:
        np.testing.assert_array_equal(f(wrap(value)), np.array(wrap(wanted), dtype))


@functools.cache
def identity(dtype: str, rank: int):
    x = T.tensor("x", dtype=dtype, shape=(None,) * rank)
    return bt.function([x], x)


def test_python_s_tools_see_names_and_defaults() -> None:
    x, k = T.vector("x"), T.scalar("k")
    f = bt.function([x, bt.In(k, value=2.0)], x * k, name="scale")
    assert f.__name__ == "scale"
    assert str(inspect.signature(f)) == "(x, k=array(2.))"
    assert str(inspect.signature(bt.function([x, T.scalar()], x, on_unused_input="ignore"))) == "(input_0, input_1, /)"
    shown = pydoc.plain(pydoc.render_doc(f))
    assert "call it with one array per input" in shown and "plan()" in shown


def test_any_text_may_be_a_name() -> None:
    name = 'a "b" */ \n#error\r\\'
    x, y = T.vector(name), T.vector("int")
    f = bt.function([x, y], x + y, name=name)
    np.testing.assert_array_equal(f([1.0], [2.0]), [3.0])


def test_functions_print_and_answer() -> None:
    x = T.vector("x")
    f = bt.function([x], T.exp(x) + 1, name="grow")
    assert isinstance(f, bt.Function)
    assert repr(f) == "<grow(x: float64[?]) -> float64[?]; mode c>"
    assert "exp(" in f.source() and f.path.read_text() == f.source()
    assert "x_0 operations" in str(f.plan())
    assert str(f.explain()) == "no rule applied"
