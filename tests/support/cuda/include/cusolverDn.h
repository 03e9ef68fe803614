/* What exported functions use of cuSOLVER, for the emulation, which has LAPACK do it. See ../solver.cpp. */
#pragma once
#include "cuComplex.h"
#include "cublas_v2.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct emulated_solver *cusolverDnHandle_t;
typedef struct emulated_jacobi *gesvdjInfo_t;
typedef enum {
    CUSOLVER_STATUS_SUCCESS = 0, CUSOLVER_STATUS_ALLOC_FAILED = 2, CUSOLVER_STATUS_INVALID_VALUE = 3
} cusolverStatus_t;
typedef enum { CUSOLVER_EIG_MODE_NOVECTOR = 0, CUSOLVER_EIG_MODE_VECTOR = 1 } cusolverEigMode_t;

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t *handle);
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle);
cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream);
cusolverStatus_t cusolverDnCreateGesvdjInfo(gesvdjInfo_t *info);
cusolverStatus_t cusolverDnDestroyGesvdjInfo(gesvdjInfo_t info);

#define SOLVERS(L, T, R, ORGQR, SYEVD) \
    cusolverStatus_t cusolverDn##L##potrf_bufferSize(cusolverDnHandle_t, cublasFillMode_t, int, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##potrf(cusolverDnHandle_t, cublasFillMode_t, int, T *, int, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##getrf_bufferSize(cusolverDnHandle_t, int, int, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##getrf(cusolverDnHandle_t, int, int, T *, int, T *, int *, int *); \
    cusolverStatus_t cusolverDn##L##getrs(cusolverDnHandle_t, cublasOperation_t, int, int, const T *, int, const int *, \
                                          T *, int, int *); \
    cusolverStatus_t cusolverDn##L##geqrf_bufferSize(cusolverDnHandle_t, int, int, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##geqrf(cusolverDnHandle_t, int, int, T *, int, T *, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##ORGQR##_bufferSize(cusolverDnHandle_t, int, int, int, const T *, int, const T *, \
                                                       int *); \
    cusolverStatus_t cusolverDn##L##ORGQR(cusolverDnHandle_t, int, int, int, T *, int, const T *, T *, int, int *); \
    cusolverStatus_t cusolverDn##L##SYEVD##_bufferSize(cusolverDnHandle_t, cusolverEigMode_t, cublasFillMode_t, int, \
                                                       const T *, int, const R *, int *); \
    cusolverStatus_t cusolverDn##L##SYEVD(cusolverDnHandle_t, cusolverEigMode_t, cublasFillMode_t, int, T *, int, R *, \
                                          T *, int, int *); \
    cusolverStatus_t cusolverDn##L##gesvdj_bufferSize(cusolverDnHandle_t, cusolverEigMode_t, int, int, int, const T *, \
                                                      int, const R *, const T *, int, const T *, int, int *, \
                                                      gesvdjInfo_t); \
    cusolverStatus_t cusolverDn##L##gesvdj(cusolverDnHandle_t, cusolverEigMode_t, int, int, int, T *, int, R *, T *, \
                                           int, T *, int, T *, int, int *, gesvdjInfo_t); \
    cublasStatus_t cublas##L##trsm(cublasHandle_t, cublasSideMode_t, cublasFillMode_t, cublasOperation_t, \
                                   cublasDiagType_t, int, int, const T *, const T *, int, T *, int);
SOLVERS(S, float, float, orgqr, syevd)
SOLVERS(D, double, double, orgqr, syevd)
SOLVERS(C, cuComplex, float, ungqr, heevd)
SOLVERS(Z, cuDoubleComplex, double, ungqr, heevd)
#undef SOLVERS

#ifdef __cplusplus
}
#endif
