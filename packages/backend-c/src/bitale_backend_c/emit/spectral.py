"""Orthogonal factors, eigenvalues and singular values by LAPACK. See linalg.py for what stands for what.

Matrices are handed over transposed, as NumPy does, so that the signs of vectors are NumPy's, too. Only Q R comes from
the L Q of the transposed matrix, which is what lies in memory: they are the same.
"""

from __future__ import annotations

PROTOTYPES = {
    "gelqf": "const int32_t *, const int32_t *, T *, const int32_t *, T *, T *, const int32_t *, int32_t *",
    "orglq": "const int32_t *, const int32_t *, const int32_t *, T *, const int32_t *, const T *, T *, "
             "const int32_t *, int32_t *",
    "syevd": "const char *, const char *, const int32_t *, T *, const int32_t *, R *, T *, const int32_t *, "
             "[[R *, const int32_t *, |]]int32_t *, const int32_t *, int32_t *, size_t, size_t",
    "gesdd": "const char *, const int32_t *, const int32_t *, T *, const int32_t *, R *, T *, const int32_t *, T *, "
             "const int32_t *, T *, const int32_t *, [[R *, |]]int32_t *, int32_t *, size_t",
    "geev": "const char *, const char *, const int32_t *, T *, const int32_t *, [[T *|R *, R *]], T *, "
            "const int32_t *, T *, const int32_t *, T *, const int32_t *, [[R *, |]]int32_t *, size_t, size_t",
}

QR = """\
BITALE_INLINE int64_t bitale_qr_S_room(int64_t batch, int64_t m, int64_t n, int complete) {
    const int64_t larger = m > n ? m : n;
    (void)batch; (void)complete;
    return bitale_lined(m * n * (int64_t)sizeof(T)) + bitale_lined(larger * (int64_t)sizeof(T))
        + 64 * larger * (int64_t)sizeof(T);
}
BITALE_APART void bitale_qr_S(bitale_call *call, int64_t batch, int64_t m, int64_t n, int complete, const T *a, T *q,
        T *r, char *room) {
    const int64_t k = m < n ? m : n, columns = complete ? m : k, larger = m > n ? m : n;
    const int32_t rows = (int32_t)n, order = (int32_t)m, count = (int32_t)k, width = (int32_t)columns,
        size = (int32_t)(64 * larger);
    T *w = bitale_part(&room, m * n * (int64_t)sizeof(T)), *tau = bitale_part(&room, larger * (int64_t)sizeof(T));
    T *work = (T *)room;
    for (int64_t each = 0; each < batch; each++, a += m * n, q += m * columns, r += columns * n) {
        int32_t info = 0;
        for (int64_t i = 0; i < m * n; i++) w[i] = a[i];
        if (k) LAPACK(gelqf)(&rows, &order, w, &rows, tau, work, &size, &info);
        for (int64_t i = 0; i < columns; i++)
            for (int64_t j = 0; j < n; j++) r[i*n + j] = j >= i ? w[i*n + j] : 0;
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < columns; j++) q[i*columns + j] = j < k ? w[i*n + j] : i == j;
        if (k) LAPACK(orglq)(&width, &order, &count, q, &width, tau, work, &size, &info);
    }
}
"""

EIGH_ROOM = """\
BITALE_INLINE int64_t bitale_NAME_S_room(int64_t batch, int64_t n, int vectors) {
    const int64_t size = 1 + 70 * n + 2 * n * n;
    (void)batch; (void)vectors;
    return bitale_lined(n * n * (int64_t)sizeof(T)) + bitale_lined(size * (int64_t)sizeof(T))
        [[+ bitale_lined(size * (int64_t)sizeof(R)) |]]+ (3 + 5 * n) * 4;
}
"""
EIGH = """\
BITALE_APART void bitale_hermitian_S(bitale_call *call, int64_t batch, int64_t n, const T *a, R *w, T *v,
        int64_t *failed, char *room) {
    const int32_t order = (int32_t)n, size = (int32_t)(1 + 70 * n + 2 * n * n), integers = (int32_t)(3 + 5 * n);
    T *x = bitale_part(&room, n * n * (int64_t)sizeof(T)), *work = bitale_part(&room, size * (int64_t)sizeof(T));
    [[R *reals = bitale_part(&room, size * (int64_t)sizeof(R));|]]
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += n * n, w += n) {
        int32_t info = 0;
        bitale_turned_S(n, n, a, x);
        if (n) LAPACK(syevd)(v ? "V" : "N", "L", &order, x, &order, w, work, &size, [[reals, &size, |]](int32_t *)room,
                             &integers, &info, 1, 1);
        if (info && !failed[0]) failed[0] = each + 1;
        if (v) { bitale_turned_S(n, n, x, v); v += n * n; }
    }
}
BITALE_INLINE void bitale_eigh_S(bitale_call *call, int64_t batch, int64_t n, int vectors, const T *a, R *w, T *v,
        int64_t *failed, char *room) {
    (void)vectors;
    bitale_hermitian_S(call, batch, n, a, w, v, failed, room);
}
BITALE_INLINE void bitale_eigvalsh_S(bitale_call *call, int64_t batch, int64_t n, int vectors, const T *a, R *w,
        int64_t *failed, char *room) {
    (void)vectors;
    bitale_hermitian_S(call, batch, n, a, w, 0, failed, room);
}
"""

SVD = """\
BITALE_INLINE int64_t bitale_singular_S_work(int64_t m, int64_t n) {
    const int64_t k = m < n ? m : n;
    return 4 * k * k + 8 * k + 65 * (m + n) + 1;
}
BITALE_INLINE int64_t bitale_singular_S_reals(int64_t m, int64_t n) {
    const int64_t k = m < n ? m : n, larger = m < n ? n : m;
    return [[(larger + 4 * k + 8) * 2 * k + 1|(void)larger, (void)k, 0]];
}
BITALE_INLINE int64_t bitale_svd_S_room(int64_t batch, int64_t m, int64_t n, int full, int vectors) {
    const int64_t k = m < n ? m : n;
    (void)batch; (void)full; (void)vectors;
    return bitale_lined(m * n * (int64_t)sizeof(T)) + bitale_lined(m * m * (int64_t)sizeof(T))
        + bitale_lined(n * n * (int64_t)sizeof(T)) + bitale_lined(bitale_singular_S_work(m, n) * (int64_t)sizeof(T))
        + bitale_lined(bitale_singular_S_reals(m, n) * (int64_t)sizeof(R)) + 8 * k * 4;
}
BITALE_INLINE int64_t bitale_svdvals_S_room(int64_t batch, int64_t m, int64_t n, int full, int vectors) {
    return bitale_svd_S_room(batch, m, n, full, vectors);
}
BITALE_APART void bitale_singular_S(bitale_call *call, int64_t batch, int64_t m, int64_t n, int full, const T *a, T *u,
        R *s, T *v, int64_t *failed, char *room) {
    const int64_t k = m < n ? m : n, columns = full ? m : k, rows = full ? n : k;
    const int32_t height = (int32_t)m, width = (int32_t)n, lead = (int32_t)(rows ? rows : 1),
        tall = height ? height : 1, size = (int32_t)bitale_singular_S_work(m, n);
    T *x = bitale_part(&room, m * n * (int64_t)sizeof(T)), *left = bitale_part(&room, m * m * (int64_t)sizeof(T)),
        *right = bitale_part(&room, n * n * (int64_t)sizeof(T)), *work = bitale_part(&room, size * (int64_t)sizeof(T));
    [[R *reals = bitale_part(&room, bitale_singular_S_reals(m, n) * (int64_t)sizeof(R));|]]
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += m * n, s += k) {
        int32_t info = 0;
        bitale_turned_S(m, n, a, x);
        if (k) LAPACK(gesdd)(!u ? "N" : full ? "A" : "S", &height, &width, x, &tall, s, left, &tall, right, &lead, work,
                             &size, [[reals, |]](int32_t *)room, &info, 1);
        if (info && !failed[0]) failed[0] = each + 1;
        if (!u) continue;
        if (k) {
            bitale_turned_S(columns, m, left, u);
            bitale_turned_S(n, rows, right, v);
        } else {
            for (int64_t i = 0; i < m * columns; i++) u[i] = i % (columns + 1) == 0;
            for (int64_t i = 0; i < n * rows; i++) v[i] = i % (n + 1) == 0;
        }
        u += m * columns;
        v += rows * n;
    }
}
BITALE_INLINE void bitale_svd_S(bitale_call *call, int64_t batch, int64_t m, int64_t n, int full, int vectors,
        const T *a, T *u, R *s, T *v, int64_t *failed, char *room) {
    (void)vectors;
    bitale_singular_S(call, batch, m, n, full, a, u, s, v, failed, room);
}
BITALE_INLINE void bitale_svdvals_S(bitale_call *call, int64_t batch, int64_t m, int64_t n, int full, int vectors,
        const T *a, R *s, int64_t *failed, char *room) {
    (void)vectors;
    bitale_singular_S(call, batch, m, n, full, a, 0, s, 0, failed, room);
}
"""

EIG = """\
BITALE_INLINE int64_t bitale_eig_S_room(int64_t batch, int64_t n, int vectors) {
    (void)batch; (void)vectors;
    return bitale_lined(n * n * (int64_t)sizeof(T)) + bitale_lined(n * n * (int64_t)sizeof(T))
        + bitale_lined(68 * n * (int64_t)sizeof(T)) + 2 * n * (int64_t)sizeof(R);
}
BITALE_INLINE int64_t bitale_eigvals_S_room(int64_t batch, int64_t n, int vectors) {
    return bitale_eig_S_room(batch, n, vectors);
}
BITALE_APART void bitale_general_S(bitale_call *call, int64_t batch, int64_t n, const T *a, R _Complex *w,
        R _Complex *v, int64_t *failed, char *room) {
    const int32_t order = (int32_t)n, size = (int32_t)(68 * n);
    T *x = bitale_part(&room, n * n * (int64_t)sizeof(T)), *right = bitale_part(&room, n * n * (int64_t)sizeof(T)),
        *work = bitale_part(&room, size * (int64_t)sizeof(T));
    R *reals = (R *)room;
    failed[0] = 0;
    for (int64_t each = 0; each < batch; each++, a += n * n, w += n) {
        int32_t info = 0;
        bitale_turned_S(n, n, a, x);
        if (n) LAPACK(geev)("N", v ? "V" : "N", &order, x, &order, [[w|reals, reals + n]], right, &order, right, &order,
                            work, &size, [[reals, |]]&info, 1, 1);
        if (info && !failed[0]) failed[0] = each + 1;
        [[|bitale_paired_S(n, reals, right, w, v);]]
        if (v) { [[bitale_turned_S(n, n, right, v);|]] v += n * n; }
    }
}
BITALE_INLINE void bitale_eig_S(bitale_call *call, int64_t batch, int64_t n, int vectors, const T *a, R _Complex *w,
        R _Complex *v, int64_t *failed, char *room) {
    (void)vectors;
    bitale_general_S(call, batch, n, a, w, v, failed, room);
}
BITALE_INLINE void bitale_eigvals_S(bitale_call *call, int64_t batch, int64_t n, int vectors, const T *a,
        R _Complex *w, int64_t *failed, char *room) {
    (void)vectors;
    bitale_general_S(call, batch, n, a, w, 0, failed, room);
}
"""
# Of real matrices eigenvalues come in pairs, and the two columns of a pair are the parts of one vector.
PAIRED = """\
[[|BITALE_INLINE void bitale_paired_S(int64_t n, const R *parts, const R *x, R _Complex *w, R _Complex *v) {
    for (int64_t j = 0; j < n; j++) {
        R *const value = (R *)(w + j);
        const int first = parts[n + j] > 0, second = parts[n + j] < 0;
        value[0] = parts[j];
        value[1] = parts[n + j];
        for (int64_t i = 0; v && i < n; i++) {
            R *const place = (R *)(v + i*n + j);
            place[0] = second ? x[(j - 1)*n + i] : x[j*n + i];
            place[1] = first ? x[(j + 1)*n + i] : second ? -x[j*n + i] : 0;
        }
    }
}
]]"""

FUNCTIONS = {
    "qr": QR, "eigh": EIGH_ROOM.replace("NAME", "eigh") + EIGH_ROOM.replace("NAME", "eigvalsh") + EIGH, "svd": SVD,
    "eig": PAIRED + EIG,
}  # fmt: skip
WITH = {"eigvalsh": "eigh", "svdvals": "svd", "eigvals": "eig"}  # what stands in the text of which other one
