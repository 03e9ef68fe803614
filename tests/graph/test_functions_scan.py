"""Theano's scan and its kin against loops written by hand, in programs as its tutorial teaches them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from bitale_graph import Graph, evaluate, verify
from bitale_graph.errors import ArgumentError, DtypeError, GraphError, ShapeError
from bitale_graph.functions import (
    arange,
    dmatrix,
    dscalar,
    dvector,
    fvector,
    iscalar,
    ivector,
    lscalar,
    ones_like,
    sum,
    tanh,
    zeros,
)  # fmt: skip
from bitale_graph.functions.control import filter, foldl, foldr, map, reduce, scan, until

RNG = np.random.default_rng(0)


def checked(outputs, values):
    return evaluate(verify(Graph(list(values), outputs)), list(values.values()))


def test_powers_of_a_vector():
    a, k = dvector("a"), iscalar("k")
    powers, updates = scan(lambda prior, a: prior * a, outputs_info=ones_like(a), non_sequences=a, n_steps=k)
    values = np.arange(5.0)
    (last, all_of_them) = checked([powers[-1], powers], {a: values, k: np.int32(3)})
    np.testing.assert_array_equal(last, values**3)
    np.testing.assert_array_equal(all_of_them, [values, values**2, values**3])
    assert updates == {}


def test_polynomial():
    coefficients, x = dvector("coefficients"), dscalar("x")
    terms, _ = scan(lambda c, power, x: c * x**power, [coefficients, arange(1000)[: coefficients.shape[0]]],
                    non_sequences=x)  # fmt: skip
    by_map, _ = map(lambda c, power: c * x**power, [coefficients, arange(coefficients.shape[0])])
    horner, _ = foldr(lambda c, value: value * x + c, coefficients, 0.0)
    found = checked([terms.sum(), by_map.sum(), horner], {coefficients: [1.0, 0.0, 2.0], x: 3.0})
    np.testing.assert_array_equal(found, [19, 19, 19])


def test_fibonacci_reads_two_steps_back():
    numbers, _ = scan(lambda a, b: a + b, outputs_info={"initial": np.array([0, 1]), "taps": [-2, -1]}, n_steps=8)
    np.testing.assert_array_equal(evaluate(numbers), [1, 2, 3, 5, 8, 13, 21, 34])


def test_elman_network_with_taps():
    u, x0, y0 = dmatrix("u"), dmatrix("x0"), dvector("y0")
    w, w_in, w_out = dmatrix("w"), dmatrix("w_in"), dmatrix("w_out")

    def step(u_before, u_now, x_3, x_1, y_1, w, w_in):
        x = tanh(x_1 @ w + u_now @ w_in + 0.1 * u_before @ w_in + 0.01 * x_3 + y_1.sum())
        return [x, x @ w_out]

    (x, y), updates = scan(
        step, [{"input": u, "taps": [-4, 0]}], [{"initial": x0, "taps": [-3, -1]}, y0], [w, w_in], name="elman"
    )
    shapes = {u: (10, 2), x0: (3, 3), y0: (2,), w: (3, 3), w_in: (2, 3), w_out: (3, 2)}
    values = {v: RNG.normal(size=shape) for v, shape in shapes.items()}
    found = checked([x, y], values)
    inputs, past, out, recurrent, weights, readout = values.values()
    states, outs = list(past), [out]
    for t in range(4, 10):
        new = inputs[t] @ weights + 0.1 * inputs[t - 4] @ weights
        states.append(np.tanh(states[-1] @ recurrent + new + 0.01 * states[-3] + outs[-1].sum()))
        outs.append(states[-1] @ readout)
    np.testing.assert_allclose(found[0], states[3:], rtol=1e-12)
    np.testing.assert_allclose(found[1], outs[1:], rtol=1e-12)
    assert str(x.owner.op) == "scan{elman}"
    assert updates == {}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("n", [None, 0, 2, 3])
@pytest.mark.parametrize("symbolic", [False, True])
def test_taps_of_sequences(backwards, n, symbolic):
    """In both directions: all steps that fit, or n of them."""
    x, n_steps = dvector("x"), lscalar("n")
    data = np.arange(6.0) ** 2
    given = {"n_steps": n_steps if symbolic else n} if n is not None else {}
    found, _ = scan(lambda back, now, ahead: 100 * back + 10 * now + ahead, [{"input": x, "taps": [-2, 0, 1]}],
                    go_backwards=backwards, **given)  # fmt: skip
    values = {x: data} | ({n_steps: n} if symbolic and n is not None else {})
    wanted = [100 * data[t - 2] + 10 * data[t] + data[t + 1] for t in range(2, 5)]
    wanted = (wanted[::-1] if backwards else wanted)[:n]
    np.testing.assert_array_equal(checked([found], values)[0], wanted)


def test_taps_ahead_and_one_tap_as_an_integer():
    x, y = dvector("x"), dvector("y")
    both, _ = scan(lambda a, b: a - b, [{"input": x, "taps": 2}, y])
    found = checked([both], {x: np.arange(5.0), y: np.zeros(5)})
    np.testing.assert_array_equal(found[0], [2, 3, 4])
    joined = checked([both], {x: np.arange(5.0), y: np.zeros(3)})
    np.testing.assert_array_equal(joined[0], [2, 3, 4])


def test_until_keeps_the_step_that_ended_the_loop():
    start, bound = dscalar("start"), dscalar("bound")
    powers, _ = scan(lambda p, bound: (2 * p, until(2 * p > bound)), None, start, bound, n_steps=1024)
    cases = [(1.0, 45.0, [2, 4, 8, 16, 32, 64]), (1.0, 0.0, [2])]
    for first, limit, wanted in cases:
        np.testing.assert_array_equal(checked([powers], {start: first, bound: limit})[0], wanted)
    cut, _ = scan(lambda p: (2 * p, {}, until(2 * p > bound)), outputs_info=start, n_steps=3)
    np.testing.assert_array_equal(checked([cut], {start: 1.0, bound: 1e9})[0], [2, 4, 8])


def test_several_kinds_of_outputs():
    x, h = dmatrix("x"), dvector("h")
    outputs, _ = scan(lambda x, h: [h + x, x.sum(), 7], x, [h, None, None])
    history, sums, sevens = checked(outputs, {x: np.ones((3, 2)), h: np.zeros(2)})
    np.testing.assert_array_equal(history, [[1, 1], [2, 2], [3, 3]])
    np.testing.assert_array_equal(sums, [2, 2, 2])
    np.testing.assert_array_equal(sevens, [7, 7, 7])
    assert scan(lambda x: x, x, return_list=True)[0][0].ndim == 2
    assert scan(lambda x: [], x) == (None, {})
    ignored, _ = scan(lambda x: x, x, {"initial": h, "taps": None})
    assert ignored.ndim == 2


@pytest.mark.parametrize("form", ["dict", "pairs", "with outputs", "outputs last"])
def test_updates_from_inside_advance_at_every_step(form):
    """A Gibbs chain's bookkeeping: the state is read and written at each step; its last value comes back."""
    x, state = dvector("x"), dscalar("state")

    def step(x):
        update = {state: state * 2 + x}
        return {
            "dict": update, "pairs": [(state, state * 2 + x)], "with outputs": (state + x, update),
            "outputs last": (update, [state + x]),
        }[form]  # fmt: skip

    outputs, updates = scan(step, x)
    assert list(updates) == [state]
    values, s, seen = [1.0, 2.0, 3.0], 1.0, []
    for v in values:
        seen.append(s + v)
        s = 2 * s + v
    found = checked([updates[state], *([] if outputs is None else [outputs])], {x: values, state: 1.0})
    assert found[0] == s
    if "outputs" in form:
        np.testing.assert_array_equal(found[1], seen)


def test_two_updates_read_the_old_values():
    a, b = dscalar("a"), dscalar("b")
    _, updates = scan(lambda: {a: b, b: a + b}, n_steps=5)
    found = checked([updates[a], updates[b]], {a: 0.0, b: 1.0})
    np.testing.assert_array_equal(found, [5, 8])


def test_nested_scans():
    x = dmatrix("x")
    rows, _ = scan(lambda row: scan(lambda v, s: s + v * row[0], row, 0.0)[0], x)
    data = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(checked([rows], {x: data})[0], np.cumsum(data * data[:, :1], axis=1), rtol=1e-13)


def test_truncation_does_not_change_values():
    x, h = dvector("x"), dscalar("h")
    for n in (1, 2, 4, 9):
        found, _ = scan(lambda x, h: tanh(h + x), x, h, truncate_gradient=n)
        whole, _ = scan(lambda x, h: tanh(h + x), x, h)
        first, second = checked([found, whole], {x: np.arange(4.0), h: 0.5})
        np.testing.assert_array_equal(first, second)
    stopped, _ = scan(lambda h: (2 * h, until(h > 10)), None, h, n_steps=99, truncate_gradient=2)
    np.testing.assert_array_equal(checked([stopped], {h: 1.0})[0], [2, 4, 8, 16, 32])


class TestViews:
    """map, reduce, foldl, foldr, filter."""

    def test_folds(self):
        x = ivector("x")
        left, _ = foldl(lambda v, digits: digits * 10 + v, x, np.int32(0))
        right, _ = foldr(lambda v, digits: digits * 10 + v, x, np.int32(0))
        found = checked([left, right], {x: np.array([1, 2, 3], "int32")})
        np.testing.assert_array_equal(found, [123, 321])

    def test_reduce_has_several_outputs_and_directions(self):
        x, y, w = dvector("x"), dvector("y"), dscalar("w")
        (a, b), _ = reduce(lambda x, y, a, b, w: [a + x * w, b - y], [x, y], [0.0, 1.0], w, go_backwards=True)
        np.testing.assert_array_equal(checked([a, b], {x: [1.0, 2.0], y: [3.0, 4.0], w: 2.0}), [6, -6])

    def test_filter(self):
        x, y = dvector("x"), dmatrix("y")
        (a, b), _ = filter(lambda x, y: x > 1, [x, y])
        backwards, _ = filter(lambda x: x > 1, x, go_backwards=True)
        found = checked([a, b, backwards], {x: [0.0, 2.0, 3.0], y: np.eye(3)})
        np.testing.assert_array_equal(found[0], [2, 3])
        np.testing.assert_array_equal(found[1], np.eye(3)[1:])
        np.testing.assert_array_equal(found[2], [3, 2])


def where(function):
    return f"{function.__name__} ({__file__}:{function.__code__.co_firstlineno})"


class TestErrors:
    """Each names the step function and its line."""

    CASES: ClassVar = {
        "count": (
            ArgumentError, "returns 1 outputs; outputs_info has 2 entries", lambda f, v: scan(f, v, [None, None])
        ),
        "steps": (ArgumentError, "how many steps are wanted? Give n_steps, or sequences", lambda f, v: scan(f)),
        "negative": (ArgumentError, "n_steps is -1; a loop cannot take", lambda f, v: scan(f, v, n_steps=-1)),
        "scalar": (ShapeError, "the sequence `s` is a scalar", lambda f, v: scan(f, dscalar("s"))),
        "positive": (
            ArgumentError, "output 0 has taps [1]; a step can read only earlier outputs: -1, -2, ...",
            lambda f, v: scan(f, v, {"initial": v, "taps": [1]}),
        ),
        "zero": (ArgumentError, "output 0 has taps [-1, 0]", lambda f, v: scan(f, v, {"initial": v, "taps": [-1, 0]})),
        "rows": (
            ShapeError, "output 0 has taps [-1, -4] and needs 4 initial rows; the initial value has fewer: 4 of 3",
            lambda f, v: scan(f, v, {"initial": np.zeros(3), "taps": [-1, -4]}),
        ),
        "no initial": (
            ArgumentError, "output 0 has taps [-1] but no 'initial' value to start from",
            lambda f, v: scan(f, v, {"taps": [-1]}),
        ),
        "key": (
            ArgumentError, "output 0: the dict has the key 'intial'; known are initial, taps",
            lambda f, v: scan(f, v, {"intial": v}),
        ),
        "no input": (ArgumentError, "the dict of sequence 0 has no 'input'", lambda f, v: scan(f, {"taps": [0]})),
        "window": (
            ShapeError, "the sequence 0 has 2 elements; its taps [-3] need 3",
            lambda f, v: scan(f, {"input": np.zeros(2), "taps": [-3]}),
        ),
        "lengths": (
            ShapeError, "the sequences 0 and 1 have different lengths: 3 and 4",
            lambda f, v: scan(f, [np.zeros(3), np.zeros(4)]),
        ),
        "too long": (
            ShapeError, "n_steps is more than the sequence 0 allows: 5 of 3",
            lambda f, v: scan(f, np.zeros(3), n_steps=5),
        ),
        "truncation": (
            ArgumentError, "truncate_gradient is a number of steps, or -1 for all, not -2",
            lambda f, v: scan(f, v, truncate_gradient=-2),
        ),
    }  # fmt: skip

    @pytest.mark.parametrize("case", CASES)
    def test_arguments(self, case):
        kind, message, build = self.CASES[case]

        def step(*arguments):
            return arguments[0]

        with pytest.raises(kind) as caught:
            build(step, dvector("v"))
        assert message in str(caught.value)
        assert where(step) in str(caught.value) or case == "window"

    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            ("text", "returns 'text' (a str) as output 0: a variable or a number is wanted"),
            ([object], "(a type) as output 0: a variable or a number is wanted"),
        ],
    )
    def test_answers_that_are_no_variables(self, answer, message):
        with pytest.raises(DtypeError) as caught:
            scan(lambda x: answer, dvector("x"))
        assert message in str(caught.value)

    def test_other_answers(self):
        x, w = dvector("x"), dscalar("w")
        with pytest.raises(GraphError, match=r"returns an update of .*: only shared variables are updated"):
            scan(lambda x: {2 * w: x}, x)
        with pytest.raises(DtypeError, match=r"updates w of type float64 with float32(?s:.*)\.astype\('float64'\)"):
            scan(lambda x: {w: x}, fvector("x"))
        with pytest.raises(ShapeError, match="updates w of type float64 with float64\\[2\\]"):
            scan(lambda x: {w: zeros(2)}, x)
        with pytest.raises(ArgumentError, match=r"None .a NoneType. as output 1: it returns outputs, or"):
            scan(lambda x: [x, None], x)
        with pytest.raises(ShapeError, match="the condition of until is no scalar but bool"):
            scan(lambda x: (x, until(dvector("y") > 0)), x)
        with pytest.raises(ArgumentError, match="is called with 1 arguments"):
            scan(lambda x, y: x, x)

    def test_dtype_of_an_output_says_what_brought_it(self):
        x, w = fvector("x"), dscalar("weight")

        def step(x, h):
            return h + x * w

        with pytest.raises(DtypeError) as caught:
            scan(step, x, np.float32(0))
        text = str(caught.value)
        assert f"scan: {where(step)} returns float64 as output 0, which begins as float32" in text
        assert "float64 comes from\n    weight: float64" in text
        assert ".astype('float32')" in text

    def test_strict_names_what_is_closed_over(self):
        x, w, b = dvector("x"), dmatrix("weights"), dscalar("b")
        scaled = 2 * b

        def step(v, b):
            return v * sum(w.T) + scaled + b

        with pytest.raises(ArgumentError) as caught:
            scan(step, x, non_sequences=b, strict=True)
        text = str(caught.value)
        assert f"scan: {where(step)} uses variables that are not passed to it: weights, float64\n" in text
        passed, _ = scan(lambda v, w, b: v * sum(w.T) + b + w.shape[0] + 1.5, x, non_sequences=[w, b], strict=True)
        assert checked([passed], {x: [1.0], w: np.ones((2, 2)), b: 1.0})[0] == 8.5

    def test_when_the_function_runs(self):
        x, y, h, n = dvector("x"), dvector("y"), dvector("h"), lscalar("n")

        def step(*arguments):
            return arguments[0]

        def refused(output, values, message):
            with pytest.raises((ArgumentError, ShapeError)) as caught:
                evaluate(output, values)
            assert message in str(caught.value)
            assert where(step) in str(caught.value)

        both, _ = scan(step, [x, y])
        refused(both, {x: [1.0], y: [1.0, 2.0]}, "the sequences `x` and `y` have different lengths: 1 and 2")
        some, _ = scan(step, x, n_steps=n)
        refused(some, {x: [1.0], n: 2}, "n_steps is more than the sequence `x` allows: 2 of 1")
        refused(some, {x: [1.0], n: -2}, "n_steps is negative: -2")
        deep, _ = scan(step, None, {"initial": h, "taps": [-3]}, n_steps=2)
        refused(deep, {h: [1.0, 2.0]}, "output 0 has taps [-3] and needs 3 initial rows")
