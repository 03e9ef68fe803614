"""bfloat16 on a GPU: packs of 16 bytes, rounding by an instruction, sums and atomic updates, products by cuBLAS."""

from __future__ import annotations

import numpy as np
import pytest

from bitale_backend_cuda import compile, generate
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph import functions as F
from bitale_graph.dtypes import BFLOAT16
from tests.support.cuda.device import any_driver
from tests.support.cuda.nvrtc import ARCHITECTURES, needs_nvrtc, report

X = Variable(tensor_type("bfloat16", (None, None)), name="x")
W = Variable(tensor_type("bfloat16", (None, None)), name="w")
PLACES = Variable(tensor_type("int64", (None,)), name="places")
GRAPH = Graph(
    [X, W, PLACES],
    [F.tanh(X) * 0.5 + X, F.sum(X, axis=1), F.softmax(X, axis=1), X @ W, X[PLACES].add(1.0), F.argmax(X, axis=0)],
    name="brain",
)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(BFLOAT16)


def test_results_are_the_reference_s():
    """A warp per row, elements of packs and those left over, updates of one place by several threads."""
    driver = any_driver()
    function = compile(GRAPH, driver=driver)
    for rows, columns in ((16, 256), (5, 33)):
        arrays = [normal(rows, columns), normal(columns, 24), np.array([1, 3, 1, 0, 1])]
        for found, wanted in zip(function(*arrays), evaluate(GRAPH, arrays), strict=True):
            assert found.dtype == wanted.dtype and found.shape == wanted.shape
            size = max(1.0, float(np.abs(wanted.astype("float64")).max()))
            np.testing.assert_allclose(found.astype("float64"), wanted.astype("float64"), rtol=0, atol=size / 128)


def test_results_stay_on_the_device():
    driver = any_driver()
    function = compile(Graph([X], [X + 1]), driver=driver)
    array = normal(4, 8)
    (found,) = function(driver.to_device(array))
    assert found.dtype == BFLOAT16
    np.testing.assert_array_equal(driver.to_host(found), array + BFLOAT16.type(1))


def test_the_text():
    text = generate(GRAPH)
    assert "bitale_pack<uint16_t, 8>" in text  # 16 bytes
    assert text.count("uint16_t bitale_narrow_bf16(float a)") == 2  # by an instruction, and for older devices


@needs_nvrtc
@pytest.mark.parametrize("architecture", ["sm_75", *ARCHITECTURES])
def test_it_compiles_without_a_warning(architecture):
    found = report(generate(GRAPH), architecture)
    assert found.code.startswith(b"\x7fELF") and not found.warnings
    assert not any(usage.spilled for usage in found.kernels.values())
