"""Matrix products by cuBLAS, called directly: CuPy's own binding refuses to be captured in a CUDA graph.

Row-major matrices are column-major ones transposed, so out = left @ right is computed as out' = right' @ left'.

Digits: products of float32 keep all of theirs, unless TF32 was asked for. float16 and bfloat16 are multiplied by tensor
cores and added in float32, in parts, too: cuBLAS must not add partial results in 16 bits. (Its pedantic mode would
switch tensor cores off for them; in the default mode float32 uses TF32 only where the type of a computation says so.)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_int, c_int64, c_longlong, c_size_t, c_void_p
from typing import Any, NamedTuple

from bitale_backend_cuda.errors import CudaNotAvailable, LaunchError, OutOfMemory
from bitale_backend_cuda.product import Product

WORKSPACE = 32 << 20  # bytes that cuBLAS may use: what NVIDIA recommends for Hopper


class Kind(NamedTuple):
    """cuBLAS's numbers for a dtype: of the data, and of what products are added in; the same and C's type of alpha and
    beta."""

    data: int
    compute: int
    scalar: Any
    data_of_scalars: int


KINDS = {
    "float16": Kind(2, 68, ctypes.c_float, 0), "bfloat16": Kind(14, 68, ctypes.c_float, 0),
    "float32": Kind(0, 68, ctypes.c_float, 0), "float64": Kind(1, 70, ctypes.c_double, 1),
    "complex64": Kind(4, 68, ctypes.c_float * 2, 4), "complex128": Kind(5, 70, ctypes.c_double * 2, 5),
}  # fmt: skip
FAST_TF32, ALLOC_FAILED = 77, 3
DEFAULT_ALGORITHM, DEFAULT_MATH, WIDE_PARTS = -1, 0, 16
STATUS = {
    1: "NOT_INITIALIZED", 3: "ALLOC_FAILED", 7: "INVALID_VALUE", 8: "ARCH_MISMATCH", 11: "MAPPING_ERROR",
    13: "EXECUTION_FAILED", 14: "INTERNAL_ERROR", 15: "NOT_SUPPORTED", 16: "LICENSE_ERROR",
}  # fmt: skip
# The routines' parameters. Lengths have 64 bits, as arrays may be longer than 32-bit lengths count.
PARAMETERS: dict[str, list[Any]] = {
    "cublasCreate_v2": [c_void_p],
    "cublasSetMathMode": [c_void_p, c_int],
    "cublasSetStream_v2": [c_void_p, c_void_p],
    "cublasSetWorkspace_v2": [c_void_p, c_void_p, c_size_t],
    "cublasGemmStridedBatchedEx_64": [
        c_void_p, c_int, c_int, c_int64, c_int64, c_int64, c_void_p, c_void_p, c_int, c_int64, c_longlong, c_void_p,
        c_int, c_int64, c_longlong, c_void_p, c_void_p, c_int, c_int64, c_longlong, c_int64, c_int, c_int,
    ],
}  # fmt: skip


class Blas:
    """A handle of cuBLAS with memory of its own, so that products can be captured."""

    def __init__(self, empty: Callable[[tuple[int, ...], str], Any]) -> None:
        self._library = library("cublas", PARAMETERS)
        self._handle = c_void_p()
        self._call("cublasCreate_v2", ctypes.byref(self._handle))
        self._call("cublasSetMathMode", self._handle, DEFAULT_MATH | WIDE_PARTS)
        self._workspace = empty((WORKSPACE,), "uint8")
        self._stream: int | None = None

    def gemm(self, stream: int, product: Product, alpha: Any, left: int, right: int, beta: Any, out: int) -> None:
        """A product on a stream; see Driver.gemm. Its lengths are not 0."""
        if stream != self._stream:
            self._call("cublasSetStream_v2", self._handle, stream)
            self._call("cublasSetWorkspace_v2", self._handle, self._workspace.data.ptr, WORKSPACE)
            self._stream = stream
        m, n, k = product.m, product.n, product.k
        transposed_left, transposed_right = map(int, product.transposed)
        step_left, step_right = (0 if s else size for s, size in zip(product.shared, (m * k, k * n), strict=True))
        kind, compute = KINDS[product.dtype], compute_type(product)
        try:
            self._call(
                "cublasGemmStridedBatchedEx_64", self._handle, transposed_right, transposed_left, n, m, k,
                ctypes.byref(number(kind, alpha)), right, kind.data, k if transposed_right else n, step_right,
                left, kind.data, m if transposed_left else k, step_left,
                ctypes.byref(number(kind, beta)), out, kind.data, n, m * n, product.batch, compute, DEFAULT_ALGORITHM,
            )  # fmt: skip
        except LaunchError as error:
            raise LaunchError(f"{error}, for {product}") from None

    def _call(self, name: str, *arguments: Any) -> None:
        check(name, getattr(self._library, name)(*arguments))


def compute_type(product: Product) -> int:
    """What products are added in, and whether their factors may be rounded to TF32 before."""
    return FAST_TF32 if product.tf32 and product.dtype == "float32" else KINDS[product.dtype].compute


def number(kind: Kind, value: Any) -> Any:
    """alpha or beta in C."""
    scalar = kind.scalar
    return scalar(value.real, value.imag) if issubclass(scalar, ctypes.Array) else scalar(value)


def check(name: str, status: int) -> None:
    """Raise OutOfMemory or LaunchError, with the status by name, unless a routine succeeded."""
    if status == ALLOC_FAILED:
        raise OutOfMemory(f"cuBLAS: {name} found no memory")
    if status:
        raise LaunchError(f"cuBLAS: {name} failed with CUBLAS_STATUS_{STATUS.get(status, status)}")


ADVICE = "matrix products need cuBLAS: pip install nvidia-cublas-cu12 (or cupy-cuda12x[ctk])"


def library(
    name: str, parameters: dict[str, list[Any]], versions: tuple[int, ...] = (13, 12), advice: str = ADVICE
) -> ctypes.CDLL:
    """A library that CuPy's wheels bring or the system has, such as "cublas". Raises CudaNotAvailable, with advice."""
    names = [f"lib{name}.so.{version}" for version in versions]
    try:
        from cuda.pathfinder import load_nvidia_dynamic_lib

        names.insert(0, load_nvidia_dynamic_lib(name).abs_path)
    except Exception:  # not installed, or it finds none: the loader may
        pass
    for each in names:
        try:
            found = ctypes.CDLL(each)
        except OSError:
            continue
        for routine, types in parameters.items():
            getattr(found, routine).argtypes = types
        return found
    raise CudaNotAvailable(advice)
