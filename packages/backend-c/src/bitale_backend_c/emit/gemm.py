"""Matrix products: calls of CBLAS where it is there, plain loops where it is not."""

from __future__ import annotations

from bitale_backend_c.blas import CBLAS
from bitale_backend_c.emit.ctypes import C_TYPES
from bitale_backend_c.emit.expressions import text
from bitale_rewrite.loops.integers import ONE, product
from bitale_rewrite.loops.ir import Gemm

ROUTINES = {"float32": "sgemm", "float64": "dgemm", "complex64": "cgemm", "complex128": "zgemm"}

# Row-major matrices without padding. CBLAS takes 32-bit sizes; larger matrices go through the loops.
WRAPPER = """\
BITALE_RARE void bitale_{routine}_loops(int a_transposed, int b_transposed, int64_t m, int64_t n, int64_t k,
        {ctype} alpha, const {ctype} *a, const {ctype} *b, {ctype} beta, {ctype} *c) {{
    for (int64_t i = 0; i < m; i++) {{
        for (int64_t j = 0; j < n; j++)
            c[i*n + j] = beta == 0 ? 0 : beta * c[i*n + j];
        for (int64_t p = 0; p < k; p++) {{
            const {ctype} left = alpha * (a_transposed ? a[p*m + i] : a[i*k + p]);
            for (int64_t j = 0; j < n; j++)
                c[i*n + j] += left * (b_transposed ? b[j*k + p] : b[p*n + j]);
        }}
    }}
}}

/* c = alpha * a @ b + beta * c for each matrix of a batch; a is m x k, b is k x n, either may be stored transposed, or
   be one matrix for the whole batch, from which there is no step to the next */
BITALE_APART void bitale_{routine}(bitale_call *call, int64_t batch, int a_transposed, int b_transposed, int64_t m,
        int64_t n, int64_t k, {ctype} alpha, const {ctype} *a, int64_t a_step, const {ctype} *b, int64_t b_step,
        {ctype} beta, {ctype} *c) {{
    typedef void (*cblas)(int, int, int, int32_t, int32_t, int32_t, {scalar}, const {ctype} *, int32_t, const {ctype} *,
                          int32_t, {scalar}, {ctype} *, int32_t);
    const cblas gemm = call->blas ? (cblas)call->blas->routines[{number}] : 0;
    const int64_t lda = a_transposed ? m : k, ldb = b_transposed ? k : n;
    const int fits = m <= INT32_MAX && n <= INT32_MAX && k <= INT32_MAX && m > 0 && n > 0 && k > 0;
    for (int64_t each = 0; each < batch; each++, a += a_step, b += b_step, c += m * n)
        if (gemm && fits)
            gemm(101, a_transposed ? 112 : 111, b_transposed ? 112 : 111, (int32_t)m, (int32_t)n, (int32_t)k,
                 {ref}alpha, a, (int32_t)lda, b, (int32_t)ldb, {ref}beta, c, (int32_t)n);
        else
            bitale_{routine}_loops(a_transposed, b_transposed, m, n, k, alpha, a, b, beta, c);
}}
"""


# Compilers take their time over loops that hardly ever run. Programs that have no BLAS want them fast, and say so.
RARE = """\
#ifndef BITALE_RARE
#if defined(__GNUC__) && !defined(__TINYC__)
#define BITALE_RARE static __attribute__((noinline, cold))
#else
#define BITALE_RARE static
#endif
#endif
"""


def gemm_call(step: Gemm) -> str:
    """The call that runs a step."""
    flags = ", ".join(str(int(flag)) for flag in step.transposed)
    lengths = ", ".join(text(n) for n in (step.m, step.n, step.k))
    steps = ((step.m, step.k), (step.k, step.n))
    left, right = (
        f"{buffer.name}, {0 if shared or step.batch == ONE else text(product(matrix))}"
        for buffer, shared, matrix in zip((step.left, step.right), step.shared, steps, strict=True)
    )
    return (
        f"bitale_{ROUTINES[step.out.dtype]}(call, {text(step.batch)}, {flags}, {lengths}, {text(step.alpha)}, "
        f"{left}, {right}, {text(step.beta)}, {step.out.name});"
    )


def gemm_functions(used: set[str]) -> list[str]:
    """The wrappers that a file uses."""
    lines: list[str] = []
    for dtype, routine in ROUTINES.items():
        if f"bitale_{routine}" in used:
            ctype, by_pointer = C_TYPES[dtype], dtype.startswith("complex")
            scalar, ref = ("const void *", "&") if by_pointer else (ctype, "")
            number = CBLAS.index(routine)
            lines += [] if lines else RARE.splitlines()
            lines += WRAPPER.format(routine=routine, ctype=ctype, scalar=scalar, ref=ref, number=number).splitlines()
    return lines
