"""Loops in the style of JAX against Python's own loops."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_graph import Graph, evaluate, verify
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError
from bitale_graph.functions import as_variable, dmatrix, dscalar, dvector, fscalar, lscalar, tanh, zeros
from bitale_graph.functions.control import loop
from bitale_graph.shapes import shape_of

RNG = np.random.default_rng(0)


def checked(outputs, values):
    return evaluate(verify(Graph(list(values), outputs)), list(values.values()))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [0, 1, 5])
def test_scan(length, reverse):
    xs, w, b = dmatrix("xs"), dmatrix("w"), dvector("b")

    def step(carry, x):
        state = tanh(x["x"] @ w + carry["state"] + b * x["t"])
        return {"state": state, "sum": carry["sum"] + state.sum()}, (state, [2 * state])

    last, (states, [doubled]) = loop.scan(
        step, {"state": zeros(2), "sum": 0.0}, {"x": xs, "t": np.arange(float(length))}, reverse=reverse
    )
    values = {xs: RNG.normal(size=(length, 3)), w: RNG.normal(size=(3, 2)), b: RNG.normal(size=2)}
    found = checked([last["state"], last["sum"], states, doubled], values)
    x, weights, bias = values.values()
    state, total, history = np.zeros(2), 0.0, np.zeros((length, 2))
    for t in reversed(range(length)) if reverse else range(length):
        state = np.tanh(x[t] @ weights + state + bias * t)
        total, history[t] = total + state.sum(), state
    for came, wanted in zip(found, [state, total, history, 2 * history], strict=True):
        np.testing.assert_array_equal(came, wanted)


def test_what_does_not_depend_on_the_step_stays_outside():
    x, w = dvector("x"), dmatrix("w")
    last, _ = loop.scan(lambda c, x: (c + x * (w @ w.T).sum(), None), 0.0, x)
    body = last.owner.op.body
    assert [node.op.name for node in body.nodes] == ["multiply", "add"]
    assert len(body.inputs) == 4


def test_lengths_are_known_outside():
    xs = dmatrix("xs")
    _, ys = loop.scan(lambda c, x: (c, (x, as_variable(np.zeros((2, 3))))), 0, xs)
    assert [str(y.type) for y in ys] == ["float64[?, ?]", "float64[?, 2, 3]"]
    sizes = [n for y in ys for n in shape_of(y)]
    values = evaluate([as_variable(n) for n in sizes], {xs: np.ones((5, 7))})
    assert list(map(int, values)) == [5, 7, 5, 2, 3]


def test_types_of_carries_settle():
    x, f = dvector("x"), fscalar("f")
    number, _ = loop.scan(lambda c, _: (c * f, None), 1, length=3)
    wider, _ = loop.scan(lambda c, _: (2 * x, None), np.zeros(3), length=2)
    assert number.dtype == "float32"
    assert str(wider.type) == "float64[?]"
    found = checked([number, wider], {x: [1.0, 2.0, 3.0], f: np.float32(2)})
    np.testing.assert_array_equal(found[0], 8)
    np.testing.assert_array_equal(found[1], [2, 4, 6])


def test_map_has_no_carry():
    xs = dmatrix("xs")
    sums, squares = loop.map(lambda x: (x.sum(), x * x), xs)
    x = RNG.normal(size=(3, 2))
    found = checked([sums, squares], {xs: x})
    np.testing.assert_array_equal(found[0], [row.sum() for row in x])
    np.testing.assert_array_equal(found[1], x * x)


@pytest.mark.parametrize(("n", "wanted"), [(7, 1), (6, 8), (27, 111)])
def test_while_loop_counts_collatz_steps(n, wanted):
    start = lscalar("n")
    halved = loop.while_loop(
        lambda v: v["n"] > 1,
        lambda v: {"n": loop_next(v["n"]), "steps": v["steps"] + 1},
        {"n": start, "steps": 0},
    )
    (steps,) = checked([halved["steps"]], {start: n})
    assert steps == (wanted if n != 7 else 16)


def loop_next(n):
    from bitale_graph.functions import eq, where

    return where(eq(n % 2, 0), n // 2, 3 * n + 1)


def test_while_loop_may_take_no_step_and_has_a_bound():
    x = dscalar("x")
    value = loop.while_loop(lambda v: v < 100, lambda v: 2 * v, x)
    bounded = loop.while_loop(lambda v: v < 100, lambda v: 2 * v, x, max_steps=3)
    assert checked([value, bounded], {x: 200.0}) == [200, 200]
    assert checked([value, bounded], {x: 1.0}) == [128, 8]


@pytest.mark.parametrize(("low", "high", "wanted"), [(0, 5, 120), (2, 5, 60), (3, 3, 1), (4, 1, 1)])
def test_fori_loop(low, high, wanted):
    a, b = lscalar("a"), lscalar("b")
    symbolic = loop.fori_loop(a, b, lambda i, v: v * (i + 1), 1)
    known = loop.fori_loop(low, high, lambda i, v: v * (i + 1), 1)
    assert checked([symbolic, known], {a: low, b: high}) == [wanted, wanted]


def test_loops_in_loops_close_over_what_is_around_them():
    n, x = lscalar("n"), dvector("x")

    def outer(i, total):
        return loop.fori_loop(0, i, lambda j, inner: inner + x[j] * i, total)

    (found,) = checked([loop.fori_loop(0, n, outer, 0.0)], {n: 4, x: [1.0, 2.0, 3.0]})
    assert found == sum(i * v for i in range(4) for v in [1.0, 2.0, 3.0][:i])


def test_a_carry_that_grows_is_refused_when_it_runs():
    x = dvector("x")
    from bitale_graph.functions import concatenate

    grown, _ = loop.scan(lambda c, _: (concatenate([c, c]), None), x, length=2)
    with pytest.raises(ShapeError, match=r"the carried value x has shape \(3,\), then \(6,\)"):
        evaluate(grown, {x: np.ones(3)})


def line_of(function):
    return f"{function.__name__} ({__file__}:{function.__code__.co_firstlineno})"


class TestErrors:
    """Each names the user's function and its line."""

    def refused(self, kind, message, build, *functions):
        with pytest.raises(kind) as caught:
            build()
        text = str(caught.value)
        assert message in text
        assert all(line_of(f) in text for f in functions)
        return text

    def test_dtype(self):
        w = dscalar("w")

        def step(c, x):
            return c * w, c

        text = self.refused(
            DtypeError,
            "returns float64 as the carry['h'], which begins as float32: what a loop carries keeps its type",
            lambda: loop.scan(lambda c, x: ({"h": step(c["h"], x)[0]}, None), {"h": fscalar("h")}, length=2),
        )
        assert "float64 comes from\n    w: float64" in text
        assert ".astype('float32')" in text

    def test_shape(self):
        def step(c, x):
            return zeros((2, 2)), None

        self.refused(ShapeError, "returns float64[2, 2] as the carry, which begins as float64[2]",
                     lambda: loop.scan(step, zeros(2), length=3), step)  # fmt: skip
        self.refused(ShapeError, "returns float64[2, 2] as the carry, which begins as float64[2, 3]",
                     lambda: loop.scan(step, zeros((2, 3)), length=3), step)  # fmt: skip

    def test_form(self):
        def step(c, x):
            return (c, c), None

        self.refused(ArgumentError, "returns a carry of the form ('*', '*'); the first one has the form *",
                     lambda: loop.scan(step, 0.0, length=1), step)  # fmt: skip

    @pytest.mark.parametrize(
        ("answer", "shown"), [("c", "(a str): a pair"), ((1, 2, 3), "a tuple of 3: a pair"), ([1, 2], "a list of 2")]
    )
    def test_no_pair(self, answer, shown):
        def step(c, x):
            return answer

        self.refused(ArgumentError, shown, lambda: loop.scan(step, 0.0, length=1), step)

    def test_no_variable(self):
        def step(c, x):
            return c, {"y": "text"}

        self.refused(DtypeError, "returns 'text' (a str) as y['y']: a variable or a number is wanted",
                     lambda: loop.scan(step, 0.0, length=1), step)  # fmt: skip

    def test_number_of_arguments(self):
        def step(c):
            return c, c

        self.refused(ArgumentError, "is called with 2 arguments", lambda: loop.scan(step, 0.0, length=1), step)

    def test_number_of_steps(self):
        def step(c, x):
            return c, c

        self.refused(ArgumentError, "how many steps are wanted?", lambda: loop.scan(step, 0.0), step)
        self.refused(ArgumentError, "length is -2; a loop cannot take a negative number of steps",
                     lambda: loop.scan(step, 0.0, length=-2), step)  # fmt: skip
        n = lscalar("n")
        last, _ = loop.scan(step, 0.0, length=n)
        self.refused(ArgumentError, "length is negative", lambda: evaluate(last, {n: -1}), step)

    def test_lengths(self):
        def step(c, x):
            return c, x

        known = {"a": np.zeros(3), "b": np.zeros(4)}
        self.refused(ShapeError, "the sequence xs['a'] and the sequence xs['b'] have different lengths: 3 and 4",
                     lambda: loop.scan(step, 0.0, known), step)  # fmt: skip
        a, b = dvector("a"), dvector("b")
        last, _ = loop.scan(step, 0.0, [a, b])
        self.refused(ShapeError, "the sequence xs[0] and the sequence xs[1] have different lengths: 3 and 4",
                     lambda: evaluate(last, {a: np.zeros(3), b: np.zeros(4)}), step)  # fmt: skip
        self.refused(ShapeError, "the sequence xs is a scalar", lambda: loop.scan(step, 0.0, dscalar("s")), step)

    def test_condition(self):
        def going(v):
            return v > 0

        self.refused(ShapeError, "the condition is no scalar but bool[?]",
                     lambda: loop.while_loop(going, lambda v: v, dvector("v")), going)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "step", "wanted"),
    [
        (0.0, lambda c, x: c + x, "float32"),
        (0, lambda c, x: c + x, "float32"),
        (1, lambda c, x: c + 1000, "int64"),
        (1, lambda c, x: c * 0.5, "float64"),
        (0.5, lambda c, x: c * c, "float64"),
        (1j, lambda c, x: c * c, "complex128"),
        (1j, lambda c, x: c * x, "complex128"),
        (True, lambda c, x: ~c, "bool"),
        (0.0, lambda c, x: loop.scan(lambda d, y: (d + y, None), c, np.ones(2))[0], "float64"),
    ],
)
def test_a_python_number_takes_the_dtype_of_what_it_meets(first, step, wanted):
    from bitale_graph.functions import fvector

    last, _ = loop.scan(lambda c, x: (step(c, x), None), first, fvector("x"))
    assert last.dtype == wanted


def test_a_condition_that_compares_identities_is_refused():
    with pytest.raises(ArgumentError, match=r"the condition is True in every step\n.*not_equal"):
        loop.while_loop(lambda v: v != 0, lambda v: v - 1, dscalar("v"))
