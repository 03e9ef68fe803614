"""Matrix products as calls of CBLAS."""

from __future__ import annotations

from bitale_backend_c.emit.ctypes import C_TYPES, literal
from bitale_backend_c.emit.expressions import text
try:
    from bitale_backend_c.library import LIBRARY
except ImportError:
    LIBRARY = ("sgemm", "dgemm", "cgemm", "zgemm")
from bitale_rewrite.loops.integers import product
from bitale_rewrite.loops.ir import Gemm, Literal

GEMM_TYPES = {"float32": "sgemm", "float64": "dgemm", "complex64": "cgemm", "complex128": "zgemm"}
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112


def gemm_call(step: Gemm) -> list[str]:
    """out = alpha * left @ right + beta * out, for every matrix of the batch."""
    ctype, routine = C_TYPES[step.out.dtype], GEMM_TYPES[step.out.dtype]
    scalar = "const void *" if step.out.dtype.startswith("complex") else f"{ctype} "
    signature = (
        f"void (*)(int, int, int, int32_t, int32_t, int32_t, {scalar}, const {ctype} *, int32_t, "
        f"const {ctype} *, int32_t, {scalar}, {ctype} *, int32_t)"
    )
    m, n, k = (f"({text(v)})" for v in (step.m, step.n, step.k))
    left_rows, right_rows = (m if step.transpose_left else k), (k if step.transpose_right else n)
    call = (
        f"gemm({ROW_MAJOR}, {TRANSPOSED if step.transpose_left else PLAIN}, "
        f"{TRANSPOSED if step.transpose_right else PLAIN}, (int32_t){m}, (int32_t){n}, (int32_t){k}, {_scalar(step, 'alpha')}, "
        f"{step.left.name} + b*{m}*{k}, (int32_t)bitale_leading({left_rows}), "
        f"{step.right.name} + b*{k}*{n}, (int32_t)bitale_leading({right_rows}), {_scalar(step, 'beta')}, "
        f"{step.out.name} + b*{m}*{n}, (int32_t)bitale_leading({n}));"
    )
    return [
        "{",
        f"    void (*gemm)({signature[len('void (*)(') : -1]}) = ({signature})call->library->routines[{LIBRARY.index(routine)}];",
        f"    for (int64_t b = 0; b < {text(step.batch)}; b++)",
        f"        {call}",
        "}",
    ]


def _scalar(step: Gemm, which: str) -> str:
    value = getattr(step, which)
    if step.out.dtype.startswith("complex"):
        part = C_TYPES[step.out.dtype].split()[0]
        number = complex(value.number) if isinstance(value, Literal) else 0
        return f"(const {part}[]){{{literal(number.real, 'float64')}, {literal(number.imag, 'float64')}}}"
    return text(value)


