"""Linear algebra by LAPACK, which is column-major: a row-major matrix is the transposed one there.

Stands in templates: T for the element's type and R for that of its parts, S for the suffix of our functions, [[a|b]]
for a where T is complex, else b, and LAPACK(name) for a routine of T.
"""

from __future__ import annotations

from bitale_backend_c.emit import spectral

# The parameters of routines in Fortran's manner. A string's length stands behind all others.
PROTOTYPES = {
    "potrf": "const char *, const int32_t *, T *, const int32_t *, int32_t *, size_t",
    "getrf": "const int32_t *, const int32_t *, T *, const int32_t *, int32_t *, int32_t *",
    "trsm": "const char *, const char *, const char *, const char *, const int32_t *, const int32_t *, const T *, "
            "const T *, const int32_t *, T *, const int32_t *, size_t, size_t, size_t, size_t",
    "trsv": "const char *, const char *, const char *, const int32_t *, const T *, const int32_t *, T *, "
            "const int32_t *, size_t, size_t, size_t",
    **spectral.PROTOTYPES,
}
NAMES = {("orglq", True): "unglq", ("syevd", True): "heevd"}  # what has another name for complex numbers

# Memory in parts, each aligned; and the transposed matrix, in tiles, of which the nearest cache holds two.
PARTS = """\
BITALE_INLINE int64_t bitale_lined(int64_t bytes) { return (bytes + 63) / 64 * 64; }
BITALE_INLINE void *bitale_part(char **room, int64_t bytes) {
    char *part = *room;
    *room += bitale_lined(bytes);
    return part;
}
"""
TURNED = """\
BITALE_APART void bitale_turned_S(int64_t m, int64_t n, const T *a, T *b) {
    for (int64_t r = 0; r < m; r += 32)
        for (int64_t c = 0; c < n; c += 32)
            for (int64_t i = r; i < m && i < r + 32; i++)
                for (int64_t j = c; j < n && j < c + 32; j++) b[j*m + i] = a[i*n + j];
}
"""

CHOLESKY = """\
/* The lower triangle is, in columns, the upper factor of the conjugate matrix. */
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
/* In columns the triangle is the other one, transposed, and so is B: it is solved from the right. */
BITALE_APART void bitale_solve_triangular_S(bitale_call *call, int64_t batch, int64_t n, int64_t k, int lower,
        int transposed, int unit, const T *a, const T *b, T *x, int64_t *failed) {
    const int32_t rows = (int32_t)n, columns = (int32_t)k, step = 1;
    const char *uplo = lower ? "U" : "L", *diag = unit ? "U" : "N";
    const T one = 1;
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += n * n, b += n * k, x += n * k) {
        for (int64_t i = 0; i < n * k; i++) x[i] = b[i];
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

LU = """\
BITALE_INLINE int64_t bitale_lu_S_room(int64_t batch, int64_t n) { (void)batch; return n * n * (int64_t)sizeof(T); }
BITALE_APART void bitale_lu_S(bitale_call *call, int64_t batch, int64_t n, const T *a, T *lu, int32_t *pivots,
        char *room) {
    const int32_t order = (int32_t)n;
    T *w = (T *)room;
    for (int64_t each = 0; each < batch; each++, a += n * n, lu += n * n, pivots += n) {
        int32_t info = 0;
        bitale_turned_S(n, n, a, w);
        if (n) LAPACK(getrf)(&order, &order, w, &order, pivots, &info);
        bitale_turned_S(n, n, w, lu);
    }
}
"""

LU_SOLVE = """\
BITALE_INLINE void bitale_exchange_S(int64_t k, T *a, T *b) {
    if (a != b) for (int64_t j = 0; j < k; j++) { const T old = a[j]; a[j] = b[j]; b[j] = old; }
}
BITALE_APART void bitale_lu_solve_S(bitale_call *call, int64_t batch, int64_t n, int64_t k, int transposed,
        const T *lu, const int32_t *pivots, const T *b, T *x, int64_t *failed) {
    const int32_t rows = (int32_t)n, columns = (int32_t)k, step = 1;
    const T one = 1;
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, lu += n * n, pivots += n, b += n * k, x += n * k) {
        for (int64_t i = 0; i < n * k; i++) x[i] = b[i];
        for (int64_t i = 0; i < n; i++) if (lu[i*n + i] == 0 && !failed[0]) failed[0] = each + 1;
        if (n == 0 || k == 0) continue;
        if (!transposed) for (int64_t i = 0; i < n; i++) bitale_exchange_S(k, x + i*k, x + (pivots[i] - 1)*k);
        for (int second = 0; second < 2; second++) {
            const int lower = transposed ? second : !second;
            const char *uplo = lower ? "U" : "L", *diag = lower ? "U" : "N";
            if (k == 1)
                LAPACK(trsv)(uplo, transposed ? "N" : "T", diag, &rows, lu, &rows, x, &step, 1, 1, 1);
            else
                LAPACK(trsm)("R", uplo, transposed ? "T" : "N", diag, &columns, &rows, &one, lu, &rows, x, &columns,
                             1, 1, 1, 1);
        }
        if (transposed) for (int64_t i = n; i-- > 0;) bitale_exchange_S(k, x + i*k, x + (pivots[i] - 1)*k);
    }
}
"""

FUNCTIONS = {
    "cholesky": CHOLESKY, "solve_triangular": SOLVE_TRIANGULAR, "lu": LU, "lu_solve": LU_SOLVE, **spectral.FUNCTIONS,
}  # fmt: skip
