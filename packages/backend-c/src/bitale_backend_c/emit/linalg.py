"""Linear algebra by LAPACK, which is column-major: a row-major matrix is the transposed one there.

T is the element's type and R that of its parts, S the suffix of our functions; COMPLEX is 1 where T is complex, and
LAPACK(name) a routine for T.
"""

from __future__ import annotations

# The parameters of routines in Fortran's manner. A string's length stands behind all others.
PROTOTYPES = {
    "potrf": "const char *, const int32_t *, T *, const int32_t *, int32_t *, size_t",
    "trsm": "const char *, const char *, const char *, const char *, const int32_t *, const int32_t *, const T *, "
            "const T *, const int32_t *, T *, const int32_t *, size_t, size_t, size_t, size_t",
    "trsv": "const char *, const char *, const char *, const int32_t *, const T *, const int32_t *, T *, "
            "const int32_t *, size_t, size_t, size_t",
}
NAMES: dict[tuple[str, bool], str] = {}  # of what has another name for complex numbers (True) or real ones

CHOLESKY = """\
/* L of A = L L^H: in columns it is the upper triangle U of conj(A) = U^H U. */
BITALE_APART void bitale_cholesky_S(bitale_call *call, int64_t batch, int64_t n, const T *a, T *l, int64_t *failed) {
    const int32_t order = (int32_t)n;
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += n * n, l += n * n) {
        int32_t info = 0;
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j <= i; j++) l[i*n + j] = a[i*n + j];
            for (int64_t j = i + 1; j < n; j++) l[i*n + j] = 0;
        }
        if (n) LAPACK(potrf)("U", &order, l, &order, &info, 1);
        if (info && !failed[0]) failed[0] = each + 1;
    }
}
"""
SOLVE_TRIANGULAR = """\
/* op(A) X = B: in columns X^T op(A)^T = B^T, and A^T, the other triangle, is what lies there. */
BITALE_APART void bitale_solve_triangular_S(bitale_call *call, int64_t batch, int64_t n, int64_t k, int lower,
        int transposed, int unit, const T *a, const T *b, T *x, int64_t *failed) {
    const int32_t rows = (int32_t)n, columns = (int32_t)k, step = 1;
    const char *uplo = lower ? "U" : "L", *diag = unit ? "U" : "N";
    const T one = 1;
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += n * n, b += n * k, x += n * k) {
        if (x != b) for (int64_t i = 0; i < n * k; i++) x[i] = b[i];
        if (!unit) for (int64_t i = 0; i < n; i++) if (a[i*n + i] == 0 && !failed[0]) failed[0] = each + 1;
        if (n == 0 || k == 0) continue;
        if (k == 1)
            LAPACK(trsv)(uplo, transposed ? "N" : "T", diag, &rows, a, &rows, x, &step, 1, 1, 1);
        else
            LAPACK(trsm)("R", uplo, transposed ? "T" : "N", diag, &columns, &rows, &one, a, &rows, x, &columns,
                         1, 1, 1, 1);
    }
}
"""
FUNCTIONS = {"cholesky": CHOLESKY, "solve_triangular": SOLVE_TRIANGULAR}
