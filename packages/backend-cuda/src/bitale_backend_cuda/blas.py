"""Matrix products by cuBLAS, called directly: CuPy's own binding refuses to be captured in a CUDA graph.

Row-major matrices are column-major ones transposed, so out = left @ right is computed as out' = right' @ left'.
Products of float32 keep all their digits: TF32 is off.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from bitale_backend_cuda.errors import CudaNotAvailable, LaunchError

WORKSPACE = 32 << 20  # bytes that cuBLAS may use: what NVIDIA recommends for Hopper
# cudaDataType, the type in which products are added, and C's type of alpha and beta.
TYPES = {
    "float16": (2, 68, ctypes.c_float), "float32": (0, 68, ctypes.c_float), "float64": (1, 70, ctypes.c_double),
    "complex64": (4, 68, ctypes.c_float * 2), "complex128": (5, 70, ctypes.c_double * 2),
}  # fmt: skip
DEFAULT_ALGORITHM, PEDANTIC = -1, 2
LIBRARIES = ("libcublas.so.13", "libcublas.so.12")


class Blas:
    """A handle of cuBLAS with memory of its own, so that products can be captured."""

    def __init__(self, empty: Callable[[tuple[int, ...], str], Any]) -> None:
        self._library = _library()
        self._handle = ctypes.c_void_p()
        self._call("cublasCreate_v2", ctypes.byref(self._handle))
        self._call("cublasSetMathMode", self._handle, PEDANTIC)
        self._workspace = empty((WORKSPACE,), "uint8")
        self._stream: int | None = None

    def gemm(
        self,
        stream: int,
        dtype: str,
        shape: tuple[int, int, int],
        batch: int,
        transpose: tuple[bool, bool],
        alpha: Any,
        left: int,
        right: int,
        beta: Any,
        out: int,
    ) -> None:
        """out = alpha * left @ right + beta * out on a stream; see Driver.gemm."""
        if stream != self._stream:
            self._call("cublasSetStream_v2", self._handle, ctypes.c_void_p(stream))
            self._call(
                "cublasSetWorkspace_v2", self._handle, ctypes.c_void_p(self._workspace.data.ptr),
                ctypes.c_size_t(WORKSPACE),
            )  # fmt: skip
            self._stream = stream
        m, n, k = shape
        kind, compute, scalar = TYPES[dtype]
        self._call(
            "cublasGemmStridedBatchedEx", self._handle, int(transpose[1]), int(transpose[0]), n, m, k,
            ctypes.byref(_number(scalar, alpha)), ctypes.c_void_p(right), kind, max(k if transpose[1] else n, 1),
            ctypes.c_longlong(n * k), ctypes.c_void_p(left), kind, max(m if transpose[0] else k, 1),
            ctypes.c_longlong(m * k), ctypes.byref(_number(scalar, beta)), ctypes.c_void_p(out), kind, max(n, 1),
            ctypes.c_longlong(m * n), batch, compute, DEFAULT_ALGORITHM,
        )  # fmt: skip

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise LaunchError(f"cuBLAS: {name} failed with status {status}")


def _number(scalar: Any, value: Any) -> Any:
    return scalar(value.real, value.imag) if issubclass(scalar, ctypes.Array) else scalar(value)


def _library() -> ctypes.CDLL:
    """The cuBLAS that CuPy's wheels bring or the system has."""
    names = list(LIBRARIES)
    try:
        from cuda.pathfinder import load_nvidia_dynamic_lib

        names.insert(0, load_nvidia_dynamic_lib("cublas").abs_path)
    except Exception:  # not installed, or it finds none: the loader may
        pass
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise CudaNotAvailable("matrix products need cuBLAS: pip install nvidia-cublas-cu12 (or cupy-cuda12x[ctk])")
