"""Products with an epilogue, by cuBLASLt: what is added to every row, and cut off below 0, as results are stored.

Which of its kernels is to compute a product cuBLASLt tells once, for lengths, alignments and an epilogue; it is kept.
Where it has none, or is not there, the program has a kernel for the epilogue. Matrices are transposed as in blas.py:
the rows of its column-major result are our columns, so its bias, one element for each row, is what we add to every row.

Its other epilogues do not fit. Its GELU is the approximation by tanh, ours the function itself. The mask of its DRELU
is bits in a layout that no kernel reads. Its gradients of a bias add in float32 what we add in wider blocks.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass, field
from typing import Any

from bitale_backend_cuda.blas import KINDS, WORKSPACE, check, compute_type, library, number
from bitale_backend_cuda.errors import LaunchError
from bitale_backend_cuda.product import Product
from bitale_backend_cuda.work import ALIGNMENT

MOST_BATCHES = 2**31 - 1
BIAS, RELU = 4, 2  # epilogues, which may be joined
# Attributes: of a matrix, of a product, and of what is looked for.
BATCH_COUNT, BATCH_OFFSET = 5, 6
TRANSPOSE_A, TRANSPOSE_B, EPILOGUE, BIAS_POINTER = 3, 4, 7, 8
MOST_WORKSPACE, REDUCTIONS, ALIGNMENTS = 1, 3, (5, 6, 7, 8)
IN_COMPUTE_TYPE = 2  # how partial results may be added: never in the type of the result, which may have 16 bits
POINTERS = [c_void_p] * 4
PARAMETERS: dict[str, list[Any]] = {
    "cublasLtCreate": [c_void_p],
    "cublasLtMatrixLayoutCreate": [c_void_p, c_int, c_uint64, c_uint64, c_int64],
    "cublasLtMatrixLayoutSetAttribute": [c_void_p, c_int, c_void_p, c_size_t],
    "cublasLtMatmulDescCreate": [c_void_p, c_int, c_int],
    "cublasLtMatmulDescSetAttribute": [c_void_p, c_int, c_void_p, c_size_t],
    "cublasLtMatmulPreferenceCreate": [c_void_p],
    "cublasLtMatmulPreferenceSetAttribute": [c_void_p, c_int, c_void_p, c_size_t],
    "cublasLtMatmulAlgoGetHeuristic": [c_void_p, c_void_p, *POINTERS, c_void_p, c_int, c_void_p, c_void_p],
    "cublasLtMatmul": [c_void_p, c_void_p, c_void_p, *POINTERS, c_void_p, *POINTERS, *POINTERS[:2], c_size_t, c_void_p],
}


class Heuristic(ctypes.Structure):
    """cublasLtMatmulHeuristicResult_t."""

    _fields_ = [
        ("algorithm", c_uint64 * 8), ("workspace", c_size_t), ("state", c_int), ("waves", ctypes.c_float),
        ("reserved", c_int * 4),
    ]  # fmt: skip


@dataclass
class Plan:
    """How cuBLASLt computes a product: descriptors of it and its matrices, and what was chosen for them."""

    description: c_void_p = field(default_factory=c_void_p)
    a: c_void_p = field(default_factory=c_void_p)
    b: c_void_p = field(default_factory=c_void_p)
    out: c_void_p = field(default_factory=c_void_p)
    chosen: Heuristic = field(default_factory=Heuristic)


class BlasLt:
    """A handle of cuBLASLt with memory of its own, so that products can be captured. Raises CudaNotAvailable."""

    def __init__(self, empty: Callable[[tuple[int, ...], str], Any]) -> None:
        self._library = library("cublasLt", PARAMETERS)
        self._handle = c_void_p()
        self._call("cublasLtCreate", byref(self._handle))
        self._workspace = empty((WORKSPACE,), "uint8")
        self._plans: dict[tuple[Any, ...], Plan | None] = {}

    def has(self, product: Product, left: int, right: int, out: int, bias: int) -> bool:
        """Whether there is a kernel for a product with its epilogue."""
        return self._plan(product, left, right, out, bias) is not None

    def gemm(self, stream: int, product: Product, left: int, right: int, out: int, bias: int) -> None:
        """A product with its epilogue, on a stream; `has` said that there is a kernel."""
        plan, kind = self._plan(product, left, right, out, bias), KINDS[product.dtype]
        assert plan is not None
        self._point(plan, bias)
        one, zero = number(kind, 1), number(kind, 0)
        try:
            self._call(
                "cublasLtMatmul", self._handle, plan.description, byref(one), right, plan.a, left, plan.b, byref(zero),
                out, plan.out, out, plan.out, byref(plan.chosen.algorithm), self._workspace.data.ptr, WORKSPACE, stream,
            )  # fmt: skip
        except LaunchError as error:
            raise LaunchError(f"{error}, for {product}") from None

    # ---- plans -------------------------------------------------------------------------------------------------------

    def _plan(self, product: Product, left: int, right: int, out: int, bias: int) -> Plan | None:
        aligned = tuple(alignment(place) for place in (right, left, out, out))
        key = (product._replace(note=""), aligned, alignment(bias))
        if key not in self._plans:
            self._plans[key] = self._found(product, aligned, bias)
        return self._plans[key]

    def _found(self, product: Product, aligned: tuple[int, ...], bias: int) -> Plan | None:
        """A new plan, if there is a kernel."""
        if product.is_empty or not product.k or product.batch > MOST_BATCHES:
            return None
        plan = self._described(product)
        self._point(plan, bias)
        wanted, count = c_void_p(), c_int()
        self._call("cublasLtMatmulPreferenceCreate", byref(wanted))
        self._set("cublasLtMatmulPreference", wanted, MOST_WORKSPACE, c_uint64(WORKSPACE))
        self._set("cublasLtMatmulPreference", wanted, REDUCTIONS, c_uint32(IN_COMPUTE_TYPE))
        for attribute, nbytes in zip(ALIGNMENTS, aligned, strict=True):
            self._set("cublasLtMatmulPreference", wanted, attribute, c_uint32(nbytes))
        status = self._library.cublasLtMatmulAlgoGetHeuristic(
            self._handle, plan.description, plan.a, plan.b, plan.out, plan.out, wanted, 1, byref(plan.chosen),
            byref(count),
        )  # fmt: skip
        return plan if not status and count.value and not plan.chosen.state else None

    def _described(self, product: Product) -> Plan:
        plan, kind = Plan(), KINDS[product.dtype]
        m, n, k = product.m, product.n, product.k
        transposed_left, transposed_right = product.transposed
        shared_left, shared_right = product.shared
        self._call("cublasLtMatmulDescCreate", byref(plan.description), compute_type(product), kind.data_of_scalars)
        epilogue = BIAS * product.bias | RELU * product.relu
        self._set("cublasLtMatmulDesc", plan.description, TRANSPOSE_A, c_int32(transposed_right))
        self._set("cublasLtMatmulDesc", plan.description, TRANSPOSE_B, c_int32(transposed_left))
        self._set("cublasLtMatmulDesc", plan.description, EPILOGUE, c_uint32(epilogue))
        for matrix, rows, columns, transposed, shared in (
            (plan.a, n, k, transposed_right, shared_right), (plan.b, k, m, transposed_left, shared_left),
            (plan.out, n, m, False, False),
        ):  # fmt: skip
            rows, columns = (columns, rows) if transposed else (rows, columns)
            self._call("cublasLtMatrixLayoutCreate", byref(matrix), kind.data, rows, columns, rows)
            if product.batch != 1:
                self._set("cublasLtMatrixLayout", matrix, BATCH_COUNT, c_int32(product.batch))
                self._set("cublasLtMatrixLayout", matrix, BATCH_OFFSET, c_int64(0 if shared else rows * columns))
        return plan

    def _point(self, plan: Plan, bias: int) -> None:
        if bias:
            self._set("cublasLtMatmulDesc", plan.description, BIAS_POINTER, c_void_p(bias))

    def _set(self, what: str, which: c_void_p, attribute: int, value: Any) -> None:
        self._call(f"{what}SetAttribute", which, attribute, byref(value), ctypes.sizeof(value))

    def _call(self, name: str, *arguments: Any) -> None:
        check(name, getattr(self._library, name)(*arguments))


def alignment(address: int) -> int:
    """The power of two that an address is a multiple of, as far as a recording keeps it."""
    return min(address & -address, ALIGNMENT) or ALIGNMENT
