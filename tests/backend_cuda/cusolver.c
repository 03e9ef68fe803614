/* The routines of cuSOLVER and cuBLAS that linear algebra calls, on the host: with their parameters, by LAPACK. */
#include <complex.h>
#include <stdint.h>
#include <stdlib.h>

typedef void *handle;
static const char OPERATION[] = "NTC", FILL[] = "LU", SIDE[] = "LR", DIAG[] = "NU", JOB[] = "NV";
static int created;

int cusolverDnCreate(handle *made) { *made = &created; return 0; }
int cusolverDnSetStream(handle h, void *stream) { (void)stream; return h != &created; }
int cusolverDnCreateGesvdjInfo(void **made) { *made = &created; return 0; }
int cublasCreate_v2(handle *made) { *made = &created; return 0; }
int cublasSetStream_v2(handle h, void *stream) { (void)stream; return h != &created; }

#define LAPACK(x, name) scipy_##x##name##_
#define ROUTINES(L, x, T, R, IS_COMPLEX, orgqr, syevd)                                                               \
    void LAPACK(x, potrf)(const char *, int *, T *, int *, int *, size_t);                                           \
    void LAPACK(x, getrf)(int *, int *, T *, int *, int *, int *);                                                   \
    void LAPACK(x, getrs)(const char *, int *, int *, T *, int *, const int *, T *, int *, int *, size_t);           \
    void LAPACK(x, geqrf)(int *, int *, T *, int *, T *, T *, int *, int *);                                         \
    void LAPACK(x, orgqr)(int *, int *, int *, T *, int *, const T *, T *, int *, int *);                            \
    void LAPACK(x, trsm)(const char *, const char *, const char *, const char *, int *, int *, const T *, const T *, \
                         int *, T *, int *, size_t, size_t, size_t, size_t);                                         \
    int cusolverDn##L##potrf_bufferSize(handle h, int uplo, int n, T *a, int lda, int *size) {                       \
        (void)uplo, (void)a, (void)lda; *size = n; return h != &created; }                                           \
    int cusolverDn##L##potrf(handle h, int uplo, int n, T *a, int lda, T *work, int size, int *info) {               \
        work[size - 1] = 0;                                                                                          \
        LAPACK(x, potrf)(FILL + uplo, &n, a, &lda, info, 1); return h != &created; }                                 \
    int cusolverDn##L##getrf_bufferSize(handle h, int m, int n, T *a, int lda, int *size) {                          \
        (void)m, (void)a, (void)lda; *size = n; return h != &created; }                                              \
    int cusolverDn##L##getrf(handle h, int m, int n, T *a, int lda, T *work, int *pivots, int *info) {               \
        work[n - 1] = 0; LAPACK(x, getrf)(&m, &n, a, &lda, pivots, info); return h != &created; }                    \
    int cusolverDn##L##getrs(handle h, int trans, int n, int k, const T *a, int lda, const int *pivots, T *b,        \
                             int ldb, int *info) {                                                                   \
        LAPACK(x, getrs)(OPERATION + trans, &n, &k, (T *)a, &lda, pivots, b, &ldb, info, 1); return h != &created; } \
    int cusolverDn##L##geqrf_bufferSize(handle h, int m, int n, T *a, int lda, int *size) {                          \
        (void)m, (void)a, (void)lda; *size = 64 * n; return h != &created; }                                         \
    int cusolverDn##L##geqrf(handle h, int m, int n, T *a, int lda, T *tau, T *work, int size, int *info) {          \
        LAPACK(x, geqrf)(&m, &n, a, &lda, tau, work, &size, info); return h != &created; }                           \
    int cusolverDn##L##orgqr##_bufferSize(handle h, int m, int n, int k, const T *a, int lda, const T *tau,          \
                                          int *size) {                                                               \
        (void)m, (void)k, (void)a, (void)lda, (void)tau; *size = 64 * n; return h != &created; }                     \
    int cusolverDn##L##orgqr(handle h, int m, int n, int k, T *a, int lda, const T *tau, T *work, int size,          \
                             int *info) {                                                                            \
        LAPACK(x, orgqr)(&m, &n, &k, a, &lda, tau, work, &size, info); return h != &created; }                       \
    int cublas##L##trsm_v2(handle h, int side, int uplo, int trans, int diag, int m, int n, const T *alpha,          \
                           const T *a, int lda, T *b, int ldb) {                                                     \
        LAPACK(x, trsm)(SIDE + side, FILL + uplo, OPERATION + trans, DIAG + diag, &m, &n, alpha, a, &lda, b, &ldb,   \
                        1, 1, 1, 1);                                                                                 \
        return h != &created; }                                                                                      \
    int cusolverDn##L##potrfBatched(handle h, int uplo, int n, T **a, int lda, int *info, int batch) {               \
        for (int i = 0; i < batch; i++) LAPACK(x, potrf)(FILL + uplo, &n, a[i], &lda, info + i, 1);                  \
        return h != &created; }                                                                                      \
    int cublas##L##trsmBatched(handle h, int side, int uplo, int trans, int diag, int m, int n, const T *alpha,      \
                               const T *const *a, int lda, T *const *b, int ldb, int batch) {                        \
        for (int i = 0; i < batch; i++)                                                                              \
            cublas##L##trsm_v2(h, side, uplo, trans, diag, m, n, alpha, a[i], lda, b[i], ldb);                       \
        return h != &created; }                                                                                      \
    int cublas##L##getrfBatched(handle h, int n, T *const *a, int lda, int *pivots, int *info, int batch) {          \
        for (int i = 0; i < batch; i++) LAPACK(x, getrf)(&n, &n, a[i], &lda, pivots + i * n, info + i);              \
        return h != &created; }                                                                                      \
    int cublas##L##getrsBatched(handle h, int trans, int n, int k, const T *const *a, int lda, const int *pivots,    \
                                T *const *b, int ldb, int *info, int batch) {                                        \
        for (int i = 0; i < batch; i++)                                                                              \
            LAPACK(x, getrs)(OPERATION + trans, &n, &k, (T *)a[i], &lda, pivots + i * n, b[i], &ldb, info, 1);       \
        return h != &created; }                                                                                      \
    int cusolverDn##L##syevd##_bufferSize(handle h, int job, int uplo, int n, const T *a, int lda, const R *w,       \
                                          int *size) {                                                               \
        (void)job, (void)uplo, (void)a, (void)lda, (void)w; *size = 1 + 70 * n + 2 * n * n; return h != &created; }  \
    int cusolverDn##L##gesvdj_bufferSize(handle h, int job, int econ, int m, int n, const T *a, int lda, const R *s, \
                                         const T *u, int ldu, const T *v, int ldv, int *size, void *params) {        \
        (void)job, (void)econ, (void)a, (void)lda, (void)s, (void)u, (void)ldu, (void)v, (void)ldv;                  \
        *size = 8 * (m + n + 1) * (m + n + 1); return h != &created || params != &created; }

ROUTINES(S, s, float, float, 0, orgqr, syevd)
ROUTINES(D, d, double, double, 0, orgqr, syevd)
ROUTINES(C, c, float _Complex, float, 1, ungqr, heevd)
ROUTINES(Z, z, double _Complex, double, 1, ungqr, heevd)

#define SPECTRAL(L, x, T, R, syevd, REALS_TYPE, REALS, CONJ)                                                         \
    void LAPACK(x, syevd)(const char *, const char *, int *, T *, int *, R *, T *, int *, REALS_TYPE int *, int *,   \
                          int *, size_t, size_t);                                                                    \
    void LAPACK(x, gesdd)(const char *, int *, int *, T *, int *, R *, T *, int *, T *, int *, T *, int *, REALS##_S \
                          int *, int *, size_t);                                                                     \
    int cusolverDn##L##syevd(handle h, int job, int uplo, int n, T *a, int lda, R *w, T *work, int size, int *info) {\
        int whole = 3 + 5 * n, parts = 1 + 5 * n + 2 * n * n;                                                        \
        int *integers = malloc(sizeof(int) * whole);                                                                 \
        R *reals = malloc(sizeof(R) * parts);                                                                        \
        LAPACK(x, syevd)(JOB + job, FILL + uplo, &n, a, &lda, w, work, &size, REALS##_E integers, &whole, info, 1, 1);\
        free(integers), free(reals);                                                                                 \
        return h != &created;                                                                                        \
    }                                                                                                                \
    int cusolverDn##L##gesvdj(handle h, int job, int econ, int m, int n, T *a, int lda, R *s, T *u, int ldu, T *v,   \
                              int ldv, T *work, int size, int *info, void *params) {                                 \
        int k = m < n ? m : n, rows = econ ? k : n;                                                                  \
        T *right = malloc(sizeof(T) * (rows + 1) * n);                                                               \
        int *integers = malloc(sizeof(int) * 8 * k);                                                                 \
        R *reals = malloc(sizeof(R) * (20 * k * k + 10 * (m + n) * k + 10));                                         \
        LAPACK(x, gesdd)(!job ? "N" : econ ? "S" : "A", &m, &n, a, &lda, s, u, &ldu, right, &rows, work, &size,      \
                         REALS##_A integers, info, 1);                                                               \
        for (int i = 0; job && i < n; i++)                                                                           \
            for (int j = 0; j < rows; j++) v[j * ldv + i] = CONJ(right[i * rows + j]);                               \
        free(right), free(integers), free(reals);                                                                    \
        return h != &created || params != &created;                                                                  \
    }
#define SAME(x) (x)
#define NONE_S
#define NONE_E
#define NONE_A
#define FLOATS_S float *,
#define FLOATS_E reals, &parts,
#define FLOATS_A reals,
#define DOUBLES_S double *,
#define DOUBLES_E reals, &parts,
#define DOUBLES_A reals,
#define NOTHING
SPECTRAL(S, s, float, float, syevd, NOTHING, NONE, SAME)
SPECTRAL(D, d, double, double, syevd, NOTHING, NONE, SAME)
#define PARTS_F float *, int *,
#define PARTS_D double *, int *,
SPECTRAL(C, c, float _Complex, float, heevd, PARTS_F, FLOATS, conjf)
SPECTRAL(Z, z, double _Complex, double, heevd, PARTS_D, DOUBLES, conj)
