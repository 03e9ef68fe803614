"""What Python knows of cuBLAS is what its headers say: parameters, numbers and the size of a structure."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bitale_backend_cuda import blas, blas_lt

INCLUDES = sorted({folder for place in sys.path for folder in Path(place).glob("nvidia/*/include")})
HEADERS = ("cublas_api.h", "cublasLt.h", "cublas_v2.h", "library_types.h")
STUBS = {  # of headers that need others of CUDA's, the few names that cuBLAS's use
    "driver_types.h": "typedef void *cudaStream_t;", "cuda_fp16.h": "typedef short __half;", "cuda_bf16.h": "",
    "cuComplex.h": "typedef struct { float x, y; } cuComplex; typedef struct { double x, y; } cuDoubleComplex;",
}  # fmt: skip
PROTOTYPE = re.compile(r"cublasStatus_t CUBLASWINAPI\s+(\w+)\s*\(([^;]*?)\)\s*;")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
TYPES = {  # C's types of parameters; enumerations are ints, and handles, descriptors and streams are pointers
    "int": ctypes.c_int, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64, "size_t": ctypes.c_size_t,
    "long long int": ctypes.c_longlong,
}  # fmt: skip
NUMBERS = {
    blas.DEFAULT_MATH | blas.WIDE_PARTS: "CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION",
    blas.FAST_TF32: "CUBLAS_COMPUTE_32F_FAST_TF32", blas.DEFAULT_ALGORITHM: "CUBLAS_GEMM_DEFAULT",
    blas_lt.BIAS: "CUBLASLT_EPILOGUE_BIAS", blas_lt.RELU: "CUBLASLT_EPILOGUE_RELU",
}  # fmt: skip
EQUAL = [
    *NUMBERS.items(),
    (blas_lt.BIAS | blas_lt.RELU, "CUBLASLT_EPILOGUE_RELU_BIAS"),
    (blas_lt.BATCH_COUNT, "CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT"),
    (blas_lt.BATCH_OFFSET, "CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET"),
    (blas_lt.TRANSPOSE_A, "CUBLASLT_MATMUL_DESC_TRANSA"), (blas_lt.TRANSPOSE_B, "CUBLASLT_MATMUL_DESC_TRANSB"),
    (blas_lt.EPILOGUE, "CUBLASLT_MATMUL_DESC_EPILOGUE"), (blas_lt.BIAS_POINTER, "CUBLASLT_MATMUL_DESC_BIAS_POINTER"),
    (blas_lt.MOST_WORKSPACE, "CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES"),
    (blas_lt.REDUCTIONS, "CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK"),
    (blas_lt.IN_COMPUTE_TYPE, "CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE"),
    *zip(blas_lt.ALIGNMENTS, (f"CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_{matrix}_BYTES" for matrix in "ABCD")),
    *((number, f"CUBLAS_STATUS_{name}") for number, name in blas.STATUS.items()),
    (0, "CUBLAS_OP_N"), (1, "CUBLAS_OP_T"),
    (ctypes.sizeof(blas_lt.Heuristic), "sizeof(cublasLtMatmulHeuristicResult_t)"),
    *((getattr(blas_lt.Heuristic, ours).offset, f"offsetof(cublasLtMatmulHeuristicResult_t, {theirs})")
      for ours, theirs in (("algorithm", "algo"), ("workspace", "workspaceSize"), ("state", "state"))),
]  # fmt: skip
DATA = {"float16": "R_16F", "bfloat16": "R_16BF", "float32": "R_32F", "float64": "R_64F", "complex64": "C_32F",
        "complex128": "C_64F"}  # fmt: skip


def header_folder(name: str) -> Path:
    """Where a header is. Skips the test where it is not installed."""
    found = [folder / name for folder in INCLUDES if (folder / name).exists()]
    if not found:
        pytest.skip(f"no {name}: pip install nvidia-cublas-cu12 nvidia-cuda-runtime-cu12")
    return found[0].parent


@pytest.mark.parametrize(
    ("name", "parameters"), [("cublas_api.h", blas.PARAMETERS), ("cublasLt.h", blas_lt.PARAMETERS)]
)
def test_parameters(name, parameters):
    prototypes = dict(PROTOTYPE.findall(COMMENT.sub("", (header_folder(name) / name).read_text())))
    for routine, types in parameters.items():
        assert types == [_type(each) for each in prototypes[routine].split(",")], routine


def _type(declared: str):
    """A parameter's type for ctypes."""
    words = declared.replace("const", "").strip()
    if "*" in words or words.endswith("[]"):
        return ctypes.c_void_p
    kind = words.rpartition(" ")[0].strip()
    handle = kind.endswith(("Handle_t", "Desc_t", "Layout_t", "Preference_t", "Stream_t"))
    return ctypes.c_void_p if handle else TYPES.get(kind, ctypes.c_int)


def test_numbers(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    pairs = EQUAL + [(kind.data, f"CUDA_{DATA[dtype]}") for dtype, kind in blas.KINDS.items()]
    pairs += [(kind.compute, "CUBLAS_COMPUTE_32F") for kind in blas.KINDS.values() if kind.data_of_scalars in (0, 4)]
    pairs += [(kind.compute, "CUBLAS_COMPUTE_64F") for kind in blas.KINDS.values() if kind.data_of_scalars in (1, 5)]
    checks = "\n".join(f'_Static_assert({ours} == (int)({theirs}), "{theirs}");' for ours, theirs in pairs)
    file = tmp_path / "numbers.c"
    file.write_text(f"#include <stddef.h>\n#include <cublas_v2.h>\n#include <cublasLt.h>\n{checks}\n")
    for name, text in STUBS.items():
        (tmp_path / name).write_text(f"#pragma once\n{text}\n")
    for name in HEADERS:
        shutil.copy(header_folder(name) / name, tmp_path)
    command = ["gcc", "-fsyntax-only", "-w", f"-I{tmp_path}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
