"""Products of matrices: which of them cuBLAS computes, from operands as they lie, in which type, and what it says."""

from __future__ import annotations

import re

import ml_dtypes
import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T
from bitale_backend_c.compile import ready
from bitale_backend_cuda import blas, compile, install
from bitale_backend_cuda.compile import lower_and_emit
from bitale_backend_cuda.errors import LaunchError, OutOfMemory
from bitale_backend_cuda.product import Product
from bitale_graph import Graph
from bitale_graph import functions as F
from tests.support.cuda.compile import needs_compiler
from tests.support.cuda.device import any_driver
from tests.support.cuda.emulated import EmulatedDriver
from tests.support.cuda.gemm import rounded_to_tf32


def arrays(*shapes, dtype="float32"):
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype(dtype) for shape in shapes]


def product_of(subscripts: str, dtype: str, *shapes) -> Graph:
    x, y = (F.tensor(name, dtype=dtype, shape=shape) for name, shape in zip("xy", shapes))
    return Graph([x, y], [F.einsum(subscripts, x, y)])


def host_of(graph: Graph) -> str:
    return lower_and_emit(ready(graph), "f", written=graph).host


# ---- operands as they lie ------------------------------------------------------------------------------------------

AS_THEY_LIE = {
    "bij,bjk->bik": "batch=y_0", "bij,bkj->bik": "transposed=(False, True)", "bji,bjk->bik": "transposed=(True, False)",
    "bij,jk->bik": "Product('float32', size",  # one matrix product of all the rows
    "ij,bjk->bik": "shared=(True, False)", "bji,jk->bik": "shared=(False, True)", "ji,bjk->bik": "shared=(True, False)",
    "bij,kj->bki": "shared=(True, False)", "abij,abjk->abik": "batch=size",
}  # fmt: skip


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_nothing_is_copied(dtype):
    lengths = dict(zip("abijk", (2, 3, 5, 40, 7)))
    graphs, values = [], []
    for subscripts, wanted in AS_THEY_LIE.items():
        left, right = subscripts.partition("->")[0].split(",")
        graph = product_of(subscripts, dtype, (None,) * len(left), (None,) * len(right))
        host = host_of(graph)
        assert wanted.replace("float32", dtype) in host and "call.launch" not in host
        graphs.append(graph)
        values += arrays(*(tuple(lengths[c] for c in labels) for labels in (left, right)), dtype=dtype)
    whole = Graph([x for g in graphs for x in g.inputs], [y for g in graphs for y in g.outputs])
    tolerance = 20 * float(ml_dtypes.finfo(dtype).eps)
    for k, (got, subscripts) in enumerate(zip(compile(whole, driver=any_driver())(*values), AS_THEY_LIE)):
        wide = [a.astype("float64") for a in values[2 * k : 2 * k + 2]]
        np.testing.assert_allclose(got.astype("float64"), np.einsum(subscripts, *wide), tolerance, 5 * tolerance)


# ---- which are loops -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subscripts", "left", "right", "is_library"),
    [
        ("ij,jk->ik", (None, None), (None, None), True),
        ("ij,jk->ik", (1, None), (None, None), False),  # a vector times a matrix
        ("ij,jk->ik", (None, None), (None, 1), False),
        ("ij,jk->ik", (None, 4), (4, None), False),  # close to an outer product
        ("ij,jk->ik", (None, 5), (5, None), True),
        ("bij,bjk->bik", (None, 8, 8), (None, 8, 8), False),  # small matrices, however many
        ("bij,bjk->bik", (None, 8, 9), (None, 9, 8), True),
        ("bij,bj->bi", (None, None, None), (None, None), False),
        ("bi,bij->bj", (None, None), (None, None, None), False),
    ],
)
def test_narrow_and_small_products_are_loops(subscripts, left, right, is_library):
    host = host_of(product_of(subscripts, "float32", left, right))
    assert ("call.gemm" in host, "call.launch" in host) == (is_library, not is_library)


# ---- lengths of 0 --------------------------------------------------------------------------------------------------


@needs_compiler
def test_empty_products():
    x, y, z = (F.tensor(name, dtype="float32", shape=(None,) * 3) for name in "xyz")
    run = compile(Graph([x, y, z], [F.matmul(x, y), z + F.matmul(x, y)]), driver=any_driver())
    for m, n, k, batch in ((0, 3, 4, 2), (3, 0, 4, 2), (3, 4, 0, 2), (3, 4, 5, 0), (0, 0, 0, 0)):
        a, b, c = arrays((batch, m, k), (batch, k, n), (batch, m, n))
        product, added = run(a, b, c)
        np.testing.assert_allclose(product, a @ b, rtol=1e-5)
        np.testing.assert_allclose(added, c + a @ b, rtol=1e-5)


# ---- digits --------------------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_added_in_float32(dtype):
    """4096 ones and their like: in float16 a sum of ones stops at 2048."""
    x, y = (F.tensor(name, dtype=dtype, shape=(None, None)) for name in "xy")
    run = compile(Graph([x, y], [F.matmul(x, y)]), driver=any_driver())
    assert f"call.gemm(Product('{dtype}'" in run.emitted.host and not run.emitted.kernels
    (found,) = run(np.ones((2, 4096), dtype), np.ones((4096, 3), dtype))
    assert found.dtype == dtype and (found == 4096).all()
    (found,) = run(np.full((1, 2), 6e-8, dtype), np.full((2, 1), 0.5, dtype))  # terms below the smallest half
    assert found == np.asarray(6e-8, dtype)


def test_tf32_has_ten_bits_behind_the_point():
    x = np.array([1, 1 + 2**-10, 1 + 2**-11, 1 + 2**-12, -1 - 2**-11, np.inf, -np.inf, 0], "float32")
    wanted = [1, 1 + 2**-10, 1 + 2**-10, 1, -1 - 2**-10, np.inf, -np.inf, 0]
    assert rounded_to_tf32(x).tolist() == wanted
    assert np.isnan(rounded_to_tf32(np.array([np.nan], "float32")))


@needs_compiler
def test_tf32_is_off_unless_asked_for():
    install(0, EmulatedDriver())
    try:
        x, w = T.fmatrix("x"), T.fmatrix("w")
        a, b = arrays((20, 300), (300, 20))
        exact, errors = a.astype("float64") @ b.astype("float64"), {}
        for tf32 in (False, True):
            with bt.config.set(tf32=tf32):
                f = bt.function([x, w], x @ w, mode="cuda")
            errors[tf32] = np.abs(f(a, b) - exact).max()
            assert ("in TF32" in str(f.plan())) == tf32
        assert errors[False] < 1e-4 < errors[True] < 0.1
        x = T.dmatrix("x")
        with bt.config.set(tf32=True):
            assert "in TF32" not in str(bt.function([x], x @ x, mode="cuda").plan())
    finally:
        install(0, None)
    assert bt.config.tf32 is False


# ---- cuBLAS --------------------------------------------------------------------------------------------------------


class Library:
    """cuBLAS as far as it notes how it was called; `status` is what products return."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.status = 0

    def __getattr__(self, name: str):
        def call(*arguments):
            self.calls.append((name, *arguments))
            return self.status if "Gemm" in name else 0

        return call


@pytest.fixture
def library(monkeypatch) -> Library:
    found = Library()
    monkeypatch.setattr(blas, "library", lambda name, parameters: found)
    return found


def handle() -> blas.Blas:
    driver = EmulatedDriver()
    memory = driver.empty((1,), "uint8")
    memory.data = type("Pointer", (), {"ptr": memory.address})
    return blas.Blas(lambda shape, dtype: memory)


def test_row_major_matrices_are_transposed_ones(library):
    made = handle()
    assert (library.calls[1][0], library.calls[1][2]) == ("cublasSetMathMode", 16)  # neither TF32 nor 16-bit sums
    made.gemm(7, Product("float16", 3, 5, 4, batch=2, transposed=(True, False)), 2.0, 100, 200, 0.0, 300)
    name, _, *found = library.calls[-1]
    assert name == "cublasGemmStridedBatchedEx_64"
    alpha, beta = (found[k]._obj.value for k in (5, 14))
    assert (alpha, beta) == (2.0, 0.0)
    assert found[:5] == [0, 1, 5, 3, 4]  # n, m, k
    assert found[6:14] == [200, 2, 5, 20, 100, 2, 3, 12] and found[15:] == [300, 2, 5, 15, 2, 68, -1]
    made.gemm(7, Product("complex64", 3, 5, 4, batch=2, shared=(True, False)), 2j, 100, 200, 0j, 300)
    _, _, *found = library.calls[-1]
    assert list(found[5]._obj) == [0, 2] and found[13] == 0 and found[9] == 20
    for dtype, tf32, compute in (("float32", False, 68), ("float32", True, 77), ("float64", True, 70)):
        made.gemm(7, Product(dtype, 3, 5, 4, tf32=tf32), 1.0, 100, 200, 0.0, 300)
        assert library.calls[-1][-2] == compute
    made.gemm(7, Product("float32", 2**33, 5, 4), 1.0, 100, 200, 0.0, 300)
    assert library.calls[-1][5] == 2**33


def test_where_cublas_finds_no_memory_there_is_none(library):
    made, library.status = handle(), blas.ALLOC_FAILED
    with pytest.raises(OutOfMemory, match="cuBLAS: cublasGemmStridedBatchedEx_64 found no memory"):
        made.gemm(0, Product("float32", 3, 5, 4), 1.0, 100, 200, 0.0, 300)


def test_a_product_that_fails_says_which(library):
    made, library.status = handle(), 15
    product = Product("float32", 3, 5, 4, batch=2, shared=(False, True), note="x @ w    model.py:12")
    wanted = (
        "cuBLAS: cublasGemmStridedBatchedEx_64 failed with CUBLAS_STATUS_NOT_SUPPORTED, for float32[2, 3, 4] @ "
        "float32[4, 5]\n  while computing x @ w    model.py:12"
    )
    with pytest.raises(LaunchError, match=re.escape(wanted)):
        made.gemm(0, product, 1.0, 100, 200, 0.0, 300)
