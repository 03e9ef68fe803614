// cuSOLVER for exported functions on the emulation: LAPACK does it, that of the wheel scipy_openblas32.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "include/cusolverDn.h"

#define NAME(letter, routine) scipy_##letter##routine##_
static const char* const FILL[] = {"L", "U"};
static const char* const TURN[] = {"N", "T"};
constexpr int ROOM = 64;  // elements that a routine says it works in

#define OF_REAL
#define OF_COMPLEX rwork.data(),

#define SOLVERS(L, l, T, R, ORGQR, SYEVD, syev, MORE, RWORK) \
    void NAME(l, potrf)(const char*, int*, T*, int*, int*); \
    void NAME(l, getrf)(int*, int*, T*, int*, int*, int*); \
    void NAME(l, getrs)(const char*, int*, int*, const T*, int*, const int*, T*, int*, int*); \
    void NAME(l, geqrf)(int*, int*, T*, int*, T*, T*, int*, int*); \
    void NAME(l, ORGQR)(int*, int*, int*, T*, int*, const T*, T*, int*, int*); \
    void NAME(l, syev)(const char*, const char*, int*, T*, int*, R*, T*, int*, RWORK int*); \
    void NAME(l, gesvd)(const char*, const char*, int*, int*, T*, int*, R*, T*, int*, T*, int*, T*, int*, RWORK int*); \
    void NAME(l, trsm)(const char*, const char*, const char*, const char*, int*, int*, const T*, const T*, int*, T*, int*); \
    cusolverStatus_t cusolverDn##L##potrf_bufferSize(cusolverDnHandle_t, cublasFillMode_t, int, T*, int, int* room) { \
        return *room = ROOM, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##potrf(cusolverDnHandle_t, cublasFillMode_t fill, int n, T* a, int line, T* room, \
                                          int, int* info) { \
        std::fill_n(room, ROOM, T()); \
        NAME(l, potrf)(FILL[fill], &n, a, &line, info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##getrf_bufferSize(cusolverDnHandle_t, int, int, T*, int, int* room) { \
        return *room = ROOM, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##getrf(cusolverDnHandle_t, int m, int n, T* a, int line, T* room, int* pivots, \
                                          int* info) { \
        std::fill_n(room, ROOM, T()); \
        NAME(l, getrf)(&m, &n, a, &line, pivots, info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##getrs(cusolverDnHandle_t, cublasOperation_t turn, int n, int k, const T* a, \
                                          int line, const int* pivots, T* x, int x_line, int* info) { \
        NAME(l, getrs)(TURN[turn], &n, &k, a, &line, pivots, x, &x_line, info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##geqrf_bufferSize(cusolverDnHandle_t, int, int n, T*, int, int* room) { \
        return *room = n, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##geqrf(cusolverDnHandle_t, int m, int n, T* a, int line, T* tau, T* room, \
                                          int elements, int* info) { \
        NAME(l, geqrf)(&m, &n, a, &line, tau, room, &elements, info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##ORGQR##_bufferSize(cusolverDnHandle_t, int, int n, int, const T*, int, const T*, \
                                                       int* room) { \
        return *room = n, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##ORGQR(cusolverDnHandle_t, int m, int n, int k, T* a, int line, const T* tau, \
                                          T* room, int elements, int* info) { \
        NAME(l, ORGQR)(&m, &n, &k, a, &line, tau, room, &elements, info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##SYEVD##_bufferSize(cusolverDnHandle_t, cusolverEigMode_t, cublasFillMode_t, int n, \
                                                       const T*, int, const R*, int* room) { \
        return *room = 4 * n, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##SYEVD(cusolverDnHandle_t, cusolverEigMode_t mode, cublasFillMode_t fill, int n, \
                                          T* a, int line, R* w, T* room, int elements, int* info) { \
        std::vector<R> rwork(3 * (size_t)n); \
        NAME(l, syev)(mode ? "V" : "N", FILL[fill], &n, a, &line, w, room, &elements, MORE info); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##gesvdj_bufferSize(cusolverDnHandle_t, cusolverEigMode_t, int, int, int, const T*, \
                                                      int, const R*, const T*, int, const T*, int, int* room, \
                                                      gesvdjInfo_t) { \
        return *room = ROOM, CUSOLVER_STATUS_SUCCESS; \
    } \
    cusolverStatus_t cusolverDn##L##gesvdj(cusolverDnHandle_t, cusolverEigMode_t mode, int econ, int m, int n, T* a, \
                                           int line, R* s, T* u, int u_line, T* v, int v_line, T* room, int, int* info, \
                                           gesvdjInfo_t jacobi) { \
        if (!jacobi) return CUSOLVER_STATUS_INVALID_VALUE; \
        std::fill_n(room, ROOM, T()); \
        const char* const job = !mode ? "N" : econ ? "S" : "A"; \
        int rows = econ ? std::min(m, n) : n, elements = 10 * (m + n); \
        std::vector<T> adjoint((size_t)(rows * n)), work((size_t)elements); \
        std::vector<R> rwork(5 * (size_t)std::max(m, n)); \
        NAME(l, gesvd)(job, job, &m, &n, a, &line, s, u, &u_line, adjoint.data(), &rows, work.data(), &elements, MORE \
                       info); \
        for (int i = 0; mode && i < rows; i++) \
            for (int j = 0; j < n; j++) v[j + i * v_line] = conjugate(adjoint[(size_t)(i + j * rows)]); \
        return CUSOLVER_STATUS_SUCCESS; \
    } \
    cublasStatus_t cublas##L##trsm(cublasHandle_t, cublasSideMode_t side, cublasFillMode_t fill, \
                                   cublasOperation_t turn, cublasDiagType_t diagonal, int m, int n, const T* alpha, \
                                   const T* a, int line, T* x, int x_line) { \
        NAME(l, trsm)(side ? "R" : "L", FILL[fill], TURN[turn], diagonal ? "U" : "N", &m, &n, alpha, a, &line, x, \
                      &x_line); \
        return CUBLAS_STATUS_SUCCESS; \
    }

template <class T> static T conjugate(T number) {
    if constexpr (!std::is_floating_point_v<T>) number.y = -number.y;
    return number;
}

extern "C" {

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* handle) {
    *handle = (cusolverDnHandle_t)new char;
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle) {
    delete (char*)handle;
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t, cudaStream_t) { return CUSOLVER_STATUS_SUCCESS; }

cusolverStatus_t cusolverDnCreateGesvdjInfo(gesvdjInfo_t* info) {
    *info = (gesvdjInfo_t)new char;
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnDestroyGesvdjInfo(gesvdjInfo_t info) {
    delete (char*)info;
    return CUSOLVER_STATUS_SUCCESS;
}

#define NOTHING
SOLVERS(S, s, float, float, orgqr, syevd, syev, OF_REAL, NOTHING)
SOLVERS(D, d, double, double, orgqr, syevd, syev, OF_REAL, NOTHING)
#define FLOATS float*,
#define DOUBLES double*,
SOLVERS(C, c, cuComplex, float, ungqr, heevd, heev, OF_COMPLEX, FLOATS)
SOLVERS(Z, z, cuDoubleComplex, double, ungqr, heevd, heev, OF_COMPLEX, DOUBLES)

}  // extern "C"
