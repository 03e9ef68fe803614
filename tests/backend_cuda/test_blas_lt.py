"""How cuBLASLt is asked for a product with an epilogue: by a library that notes it."""

from __future__ import annotations

import pytest

from bitale_backend_cuda import blas_lt
from bitale_backend_cuda.errors import LaunchError
from bitale_backend_cuda.product import Product
from tests.support.cuda.emulated import EmulatedDriver


class Library:
    """cuBLASLt as far as it notes how it was called, and finds `kernels` for products."""

    def __init__(self, kernels: int = 1) -> None:
        self.kernels, self.status = kernels, 0
        self.calls: list[tuple] = []
        self.attributes: dict[tuple[str, int], list[int]] = {}

    def __getattr__(self, name: str):
        def call(*arguments):
            self.calls.append((name, *arguments))
            if name.endswith("SetAttribute"):
                _, attribute, value, size = arguments
                assert size in (4, 8)
                self.attributes.setdefault((name.removesuffix("SetAttribute"), attribute), []).append(value._obj.value)
            if name.endswith("GetHeuristic"):
                arguments[-1]._obj.value = self.kernels
                return 0 if self.kernels else 15
            return self.status

        return call

    def named(self, name: str) -> list[tuple]:
        return [call[1:] for call in self.calls if call[0] == name]


def handle(monkeypatch, library: Library) -> blas_lt.BlasLt:
    monkeypatch.setattr(blas_lt, "library", lambda name, parameters: library)
    memory = EmulatedDriver().empty((1,), "uint8")
    memory.data = type("Pointer", (), {"ptr": memory.address})
    return blas_lt.BlasLt(lambda shape, dtype: memory)


def test_matrices_are_described_transposed(monkeypatch):
    library = Library()
    made = handle(monkeypatch, library)
    product = Product("float16", 3, 5, 4, batch=2, transposed=(True, False), shared=(False, True), bias=True, relu=True)
    assert made.has(product, 256, 512 + 16, 1024, 2048 + 2)
    layouts = [tuple(call[1:]) for call in library.named("cublasLtMatrixLayoutCreate")]
    assert layouts == [(2, 5, 4, 5), (2, 3, 4, 3), (2, 5, 3, 5)]  # right', left' as it lies, out': rows, columns, step
    assert [tuple(call[1:]) for call in library.named("cublasLtMatmulDescCreate")] == [(68, 0)]
    found = library.attributes
    assert found["cublasLtMatrixLayout", blas_lt.BATCH_OFFSET] == [0, 12, 15]
    assert found["cublasLtMatrixLayout", blas_lt.BATCH_COUNT] == [2, 2, 2]
    assert found["cublasLtMatmulDesc", blas_lt.TRANSPOSE_A] == [0]
    assert found["cublasLtMatmulDesc", blas_lt.TRANSPOSE_B] == [1]
    assert found["cublasLtMatmulDesc", blas_lt.EPILOGUE] == [6]
    assert found["cublasLtMatmulDesc", blas_lt.BIAS_POINTER] == [2050]
    alignments = [found["cublasLtMatmulPreference", which][0] for which in blas_lt.ALIGNMENTS]
    assert alignments == [16, 256, 256, 256]
    made.gemm(7, product, 256, 512 + 16, 1024, 4096 + 2)
    assert found["cublasLtMatmulDesc", blas_lt.BIAS_POINTER][-1] == 4098
    (call,) = library.named("cublasLtMatmul")
    assert (call[2]._obj.value, call[7]._obj.value) == (1.0, 0.0)
    assert (call[3], call[5], call[8], call[10], call[-1]) == (528, 256, 1024, 1024, 7)


def test_what_was_found_is_kept(monkeypatch):
    library = Library()
    made = handle(monkeypatch, library)
    product = Product("float32", 3, 5, 4, tf32=True, bias=True, note="here")
    for left in (256, 512, 256 + 4):  # other addresses, another alignment
        assert made.has(product._replace(note=f"at {left}"), left, 256, 256, 256)
        made.gemm(0, product, left, 256, 256, 256)
    assert len(library.named("cublasLtMatmulAlgoGetHeuristic")) == 2
    assert library.named("cublasLtMatmulDescCreate")[0][1] == 77  # TF32
    assert not any(attribute == blas_lt.BATCH_COUNT for _, attribute in library.attributes if _.endswith("Layout"))


@pytest.mark.parametrize("product", [Product("float32", 3, 5, 0), Product("float32", 0, 5, 4)])
def test_empty_products_have_none(monkeypatch, product):
    assert not handle(monkeypatch, Library()).has(product._replace(bias=True), 0, 0, 0, 0)


def test_where_there_is_none_that_is_kept_too(monkeypatch):
    library = Library(kernels=0)
    made = handle(monkeypatch, library)
    for _ in range(2):
        assert not made.has(Product("float64", 3, 5, 4, bias=True), 256, 256, 256, 256)
    assert len(library.named("cublasLtMatmulAlgoGetHeuristic")) == 1


def test_a_failing_product_says_which(monkeypatch):
    library = Library()
    made = handle(monkeypatch, library)
    product = Product("float32", 3, 5, 4, bias=True, note="x @ w + b    model.py:3")
    assert made.has(product, 256, 256, 256, 256)
    with monkeypatch.context() as patched:
        patched.setattr(library, "status", 13)
        patched.setattr(made, "_point", lambda plan, bias: None)
        with pytest.raises(LaunchError, match="cublasLtMatmul failed with CUBLAS_STATUS_EXECUTION_FAILED, for float"):
            made.gemm(0, product, 256, 256, 256, 256)
