"""What is added to a product, and cut off, before it is stored: by the library where it can, else by a kernel."""

from __future__ import annotations

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from bitale.plan import Plan
from bitale_autodiff import grad
from bitale_backend_c.compile import ready
from bitale_backend_cuda import compile
from bitale_backend_cuda.compile import EPILOGUES
from bitale_graph import Graph
from bitale_graph import functions as F
from bitale_graph.functions.control.scan import scan
from bitale_graph.reference import evaluate
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.ir import Gemm
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.target import CPU, GPU
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.run import compiles_everywhere

ALL = replace(GPU, epilogues=EPILOGUES)


def inputs(dtype: str = "float32"):
    x, w, b, c = (F.tensor(n, dtype=dtype, shape=(None,) * r) for n, r in (("x", 2), ("w", 2), ("b", 1), ("c", 2)))
    batch = F.tensor("batch", dtype=dtype, shape=(None, None, None))
    return [x, w, b, c, batch]


def values(dtype: str = "float32"):
    random = np.random.default_rng(0)
    return [random.normal(size=s).astype(dtype) for s in ((5, 6), (6, 8), (8,), (5, 8), (3, 5, 6))]


def relu(v):
    return F.maximum(v, 0)


def forms(x, w, b, c, batch):
    """Expressions, and the epilogues of their products: where cutting off is allowed, and where it is not."""
    return [
        (x @ w + b, ["bias"], ["bias"]),
        (b + x @ w, ["bias"], ["bias"]),
        (relu(x @ w + b), ["bias relu"], [""]),
        (relu(x @ w), ["relu"], [""]),
        (F.maximum(0, b + x @ w), ["bias relu"], [""]),
        (F.matmul(batch, w) + b, ["bias"], ["bias"]),
        (F.matmul(batch.transpose((0, 2, 1)), c) + b, ["bias"], ["bias"]),
        (F.reshape(x @ w + b, (2, 20)), ["bias"], ["bias"]),
        (relu(x @ w + b) @ w.T + b[:6], ["bias relu", "bias"], ["", "bias"]),
        ((x @ w + b) @ w.T, ["bias", ""], ["bias", ""]),
        (F.exp(x) @ (w + 1) + 2 * b, ["bias"], ["bias"]),
        # the sum is not stored: what reads it adds the vector, too
        (F.tanh(x @ w + b), [""], [""]),
        (F.sum(x @ w + b, axis=1), [""], [""]),
        (relu(x @ w + b) * 2, [""], [""]),
        # no vector of that length, or none that is added to every row
        (x @ w + c, [""], [""]),
        (x @ w + c[:, 0][:, None], [""], [""]),
        (x @ w + b[0], [""], [""]),
        (x @ w + F.sum(c, axis=0, keepdims=True), ["bias"], ["bias"]),
        (F.maximum(x @ w + b, 1), [""], [""]),
        (x @ w - b, [""], [""]),
    ]


def epilogues(program) -> list[str]:
    found = [step.epilogue for step in program.steps if isinstance(step, Gemm)]
    return [" ".join(["bias"] * (e.bias is not None) + ["relu"] * e.relu) if e else "" for e in found]


@pytest.mark.parametrize("number", range(20))
def test_where_they_fit(number):
    given = inputs()
    expression, wanted, without = forms(*given)[number]
    graph = ready(Graph(given, [expression]))
    (reference,) = evaluate(graph, values())
    for target, found in ((ALL, wanted), (GPU, without), (CPU, ["" for _ in wanted])):
        program = lower(graph, target=target)
        assert epilogues(program) == found
        np.testing.assert_allclose(interpret(program, values())[0], reference, 1e-5, 1e-5)


def test_a_product_that_others_read_is_kept():
    x, w, b, *_ = inputs()
    product = x @ w
    total = product + b
    for outputs in ([total, product], [total, F.exp(product)]):
        program = lower(ready(Graph([x, w, b], outputs)), target=ALL)
        assert epilogues(program) == [""]
    program = lower(ready(Graph([x, w, b], [total, F.exp(total)])), target=ALL)
    assert epilogues(program) == ["bias"]


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("has", [True, False])
def test_with_and_without_the_library(dtype, has):
    given, tolerance = inputs(dtype), 100 * float(ml_dtypes.finfo(dtype).eps)
    x, w, *others = given
    count = len(forms(*given))
    graph = Graph(given, [forms(x, w + k / 16, *others)[k][0] for k in range(count)])  # each has a product of its own
    driver = EmulatedDriver(epilogues=has)
    run = compile(graph, driver=driver, preserves={"bits", "reals", "domain"})
    compiles_everywhere(run)
    wanted = evaluate(graph, values(dtype))
    for number, (got, reference) in enumerate(zip(run(*values(dtype)), wanted)):
        found, expected = got.astype("float64"), reference.astype("float64")
        np.testing.assert_allclose(found, expected, tolerance, 40 * tolerance, err_msg=str(number))
        assert got.dtype == dtype
    assert driver.counts["epilogues"] == (13 if has else 0)


@needs_compiler
@pytest.mark.parametrize("has", [True, False])
def test_a_recorded_product_keeps_its_epilogue(has):
    shapes, random = {"x": (5, 60), "w": (60, 8), "b": (8,), "y": (5, 8)}, np.random.default_rng(0)
    x, w, b, y = (F.tensor(name, dtype="float32", shape=shape) for name, shape in shapes.items())
    a, *state = (random.normal(size=shape).astype("float32") for shape in shapes.values())
    driver, cells = EmulatedDriver(epilogues=has), [[value] for value in state]
    run = compile(Graph([x, w, b, y], [x @ w + b]), driver=driver, cells=cells, updates={0: 2})
    given = driver.to_device(a)
    for _ in range(4):
        run(given)
    np.testing.assert_allclose(cells[2][0].on_host(), a @ state[0] + state[1], 1e-4, 1e-4)
    assert driver.counts["replays"] and driver.counts["epilogues"] == (2 if has else 0)


def test_the_plan_says_what_is_added():
    x, w, b, *_ = inputs()
    graph = ready(Graph([x, w, b], [relu(x @ w + b)]))
    assert "result_0 = maximum(x @ w + b, 0)" in str(Plan.of(lower(graph, target=ALL)))
    assert "contract = x @ w\n" in str(Plan.of(lower(graph, target=GPU)))


@needs_compiler
def test_nan_is_kept_unless_it_may_be_lost():
    x, w, b, *_ = inputs()
    a, c, d, *_ = values()
    a[0, 0], graph = np.nan, Graph([x, w, b], [relu(x @ w + b)])
    (kept,) = compile(graph, driver=EmulatedDriver())(a, c, d)
    assert np.isnan(kept[0]).all() and not np.isnan(kept[1:]).any()
    (lost,) = compile(graph, driver=EmulatedDriver(), preserves={"bits", "reals", "domain"})(a, c, d)
    assert (lost[0] == 0).all() and (lost[1:] == kept[1:]).all()


@needs_compiler
def test_lengths_of_zero_and_lengths_that_do_not_fit():
    x, w, b, *_ = inputs()
    run = compile(Graph([x, w, b], [x @ w + b]), driver=EmulatedDriver())
    for m, k, n in ((0, 3, 4), (3, 0, 4), (3, 4, 0)):
        (found,) = run(np.ones((m, k), "float32"), np.ones((k, n), "float32"), np.full(n, 2, "float32"))
        assert found.shape == (m, n) and (found == k + 2).all()
    with pytest.raises(ValueError, match="add: axis 1 has length 5 in one operand and 4 in another"):
        run(np.ones((2, 3), "float32"), np.ones((3, 5), "float32"), np.ones(4, "float32"))


@needs_compiler
def test_a_network_learns_the_same():
    """Forward and backward through two layers, against the reference."""
    x, w, b, *_ = inputs()
    cost = F.mean(F.square(relu(x @ w + b) @ w.T + b[:6]))
    graph = Graph([x, w, b], [cost, *grad(cost, [w, b])])
    run = compile(graph, driver=EmulatedDriver(), preserves={"bits", "reals", "domain"})
    for got, wanted in zip(run(*values()[:3]), evaluate(graph, values()[:3])):
        np.testing.assert_allclose(got, wanted, 1e-4, 1e-5)


@needs_compiler
@pytest.mark.parametrize("has", [True, False])
def test_products_in_loops(has):
    """A state of one small matrix, handed on: x @ w + b, and one batch that shares an operand."""
    random = np.random.default_rng(0)
    shapes = {"h": (3, 4), "w": (4, 4), "b": (4,), "g": (2, 4, 3), "steps": ()}
    h, w, b, g = (F.tensor(name, dtype="float64", shape=(None,) * len(shapes[name])) for name in "hwbg")
    steps = F.tensor("steps", dtype="int64", shape=())
    one, _ = scan(lambda state, w, b: state @ w + b, outputs_info=[h], non_sequences=[w, b], n_steps=steps)
    two, _ = scan(lambda s, w: F.einsum("bki,kj->bji", s, w), outputs_info=[g], non_sequences=[w], n_steps=steps)
    graph = Graph([h, w, b, g, steps], [one, two])
    values = [random.normal(size=s) / 2 for s in list(shapes.values())[:4]] + [np.int64(5)]
    run = compile(graph, driver=EmulatedDriver(epilogues=has))
    for got, wanted in zip(run(*values), evaluate(graph, values)):
        np.testing.assert_allclose(got, wanted, 1e-12, 1e-12)
