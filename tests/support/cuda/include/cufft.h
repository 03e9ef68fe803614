/* What exported functions use of cuFFT, for the emulation: sums as they are defined. See ../transforms.cpp. */
#pragma once
#include <stdint.h>

#include "cuComplex.h"
#include "cuda_runtime_api.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef int cufftHandle;
typedef cuFloatComplex cufftComplex;
typedef cuDoubleComplex cufftDoubleComplex;
typedef enum { CUFFT_SUCCESS = 0, CUFFT_ALLOC_FAILED = 2, CUFFT_INVALID_VALUE = 4 } cufftResult;
typedef enum {
    CUFFT_R2C = 0x2a, CUFFT_C2R = 0x2c, CUFFT_C2C = 0x29, CUFFT_D2Z = 0x6a, CUFFT_Z2D = 0x6c, CUFFT_Z2Z = 0x69
} cufftType;

cufftResult cufftCreate(cufftHandle *plan);
cufftResult cufftDestroy(cufftHandle plan);
cufftResult cufftSetAutoAllocation(cufftHandle plan, int allocates);
cufftResult cufftSetStream(cufftHandle plan, cudaStream_t stream);
cufftResult cufftSetWorkArea(cufftHandle plan, void *area);
cufftResult cufftMakePlanMany64(cufftHandle plan, int rank, long long *n, long long *inembed, long long istride,
                                long long idist, long long *onembed, long long ostride, long long odist,
                                cufftType type, long long batch, size_t *room);
cufftResult cufftExecC2C(cufftHandle plan, cufftComplex *source, cufftComplex *target, int direction);
cufftResult cufftExecZ2Z(cufftHandle plan, cufftDoubleComplex *source, cufftDoubleComplex *target, int direction);
cufftResult cufftExecR2C(cufftHandle plan, float *source, cufftComplex *target);
cufftResult cufftExecD2Z(cufftHandle plan, double *source, cufftDoubleComplex *target);
cufftResult cufftExecC2R(cufftHandle plan, cufftComplex *source, float *target);
cufftResult cufftExecZ2D(cufftHandle plan, cufftDoubleComplex *source, double *target);

#ifdef __cplusplus
}
#endif
