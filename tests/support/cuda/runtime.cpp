// The CUDA runtime and cuBLAS for exported functions on the emulation: what is asked for is done at once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <atomic>
#include <complex>
#include <mutex>

#include "block.h"
#include "include/cublas_v2.h"
#include "include/cuda_runtime_api.h"

constexpr unsigned MOST_THREADS = 1024, STACK_BYTES = 64 * 1024;
static std::atomic<long> allocations{0};

// The number of the allocation that fails.
static long failing() {
    const char* text = getenv("EMULATED_FAILURE");
    return text ? atol(text) : 0;
}

extern "C" {

cudaError_t cudaMallocAsync(void** place, size_t bytes, cudaStream_t) {
    if (++allocations == failing()) return cudaErrorMemoryAllocation;
    *place = aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (!*place) return cudaErrorMemoryAllocation;
    memset(*place, -1, bytes);  // poison
    return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, enum cudaMemcpyKind, cudaStream_t) {
    if (bytes) memcpy(target, source, bytes);
    return cudaSuccess;
}

cudaError_t cudaMalloc(void** place, size_t bytes) { return cudaMallocAsync(place, bytes, nullptr); }
cudaError_t cudaFree(void* memory) { return cudaFreeAsync(memory, nullptr); }

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, enum cudaMemcpyKind kind) {
    return cudaMemcpyAsync(target, source, bytes, kind, nullptr);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    *stream = nullptr;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t) {
    memset(target, value, bytes);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaGetLastError(void) { return cudaSuccess; }

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, enum cudaDeviceAttr, int) {
    *value = 4;
    return cudaSuccess;
}

const char* cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorLaunchFailure ? "unspecified launch failure" : "an error of CUDA";
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
    *handle = (cublasHandle_t)malloc(1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }
const char* cublasGetStatusString(cublasStatus_t) { return "an error of cuBLAS"; }

}  // extern "C"

namespace emulation {

cudaError_t launch_now(void (*body)(const int64_t*), const int64_t* arguments, unsigned grid, unsigned block,
                       size_t dynamic_bytes) {
    static std::mutex one_at_a_time;
    static uint64_t launches = 0;
    static char* const stacks = (char*)mmap(nullptr, (size_t)MOST_THREADS * STACK_BYTES, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    std::lock_guard<std::mutex> lock(one_at_a_time);
    if (!grid || !block || block > MOST_THREADS) return cudaErrorInvalidValue;
    const char* problem = launch(body, arguments, {grid, block, dynamic_bytes, ++launches, stacks, 60});
    if (problem) fprintf(stderr, "%s\n", problem);
    return problem ? cudaErrorLaunchFailure : cudaSuccess;
}

}  // namespace emulation

// ---- products: matrices are in column-major order ---------------------------------------------------------------------

struct Brain {  // bfloat16: the upper half of a float
    uint16_t bits = 0;
    Brain() = default;
    explicit Brain(float number) {
        uint32_t word;
        memcpy(&word, &number, 4);
        bits = (uint16_t)((number != number ? word | 0x400000 : word + 0x7fff + (word >> 16 & 1)) >> 16);
    }
    explicit operator float() const {
        const uint32_t word = (uint32_t)bits << 16;
        float number;
        memcpy(&number, &word, 4);
        return number;
    }
};

template <class T, class Wide>
static void product(bool turn_left, bool turn_right, int64_t m, int64_t n, int64_t k, Wide alpha, const T* left, int64_t left_line,
                    const T* right, int64_t right_line, Wide beta, T* out, int64_t out_line) {
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < m; i++) {
            Wide sum = 0;
            for (int64_t p = 0; p < k; p++) {
                const T a = turn_left ? left[p + i * left_line] : left[i + p * left_line];
                const T b = turn_right ? right[j + p * right_line] : right[p + j * right_line];
                sum += (Wide)a * (Wide)b;
            }
            T& place = out[i + j * out_line];
            place = (T)(beta == (Wide)0 ? alpha * sum : alpha * sum + beta * (Wide)place);
        }
    }
}

extern "C" cublasStatus_t cublasGemmStridedBatchedEx_64(
    cublasHandle_t handle, cublasOperation_t left_operation, cublasOperation_t right_operation, int64_t m, int64_t n, int64_t k,
    const void* alpha, const void* left, cudaDataType left_type, int64_t left_line, long long left_stride,
    const void* right, cudaDataType right_type, int64_t right_line, long long right_stride, const void* beta, void* out,
    cudaDataType out_type, int64_t out_line, long long out_stride, int64_t batch, cublasComputeType_t computed,
    cublasGemmAlgo_t) {
    const bool turn_left = left_operation == CUBLAS_OP_T, turn_right = right_operation == CUBLAS_OP_T;
    const bool wide = out_type == CUDA_R_64F || out_type == CUDA_C_64F;
    if (!handle || left_type != out_type || right_type != out_type || left_line < (turn_left ? k : m) ||
        right_line < (turn_right ? n : k) || out_line < m || !m || !n || !k || !batch ||
        (computed == CUBLAS_COMPUTE_64F) != wide)
        return CUBLAS_STATUS_INVALID_VALUE;
    const auto each = [&](auto element, auto number) {
        using T = decltype(element);
        using Wide = decltype(number);
        for (int64_t i = 0; i < batch; i++)
            product<T, Wide>(turn_left, turn_right, m, n, k, *(const Wide*)alpha, (const T*)left + i * left_stride,
                             left_line, (const T*)right + i * right_stride, right_line, *(const Wide*)beta,
                             (T*)out + i * out_stride, out_line);
    };
    switch (out_type) {
    case CUDA_R_32F: each(0.0f, 0.0f); break;
    case CUDA_R_64F: each(0.0, 0.0); break;
    case CUDA_R_16F: each((_Float16)0, 0.0f); break;
    case CUDA_R_16BF: each(Brain(), 0.0f); break;
    case CUDA_C_32F: each(std::complex<float>(), std::complex<float>()); break;
    case CUDA_C_64F: each(std::complex<double>(), std::complex<double>()); break;
    }
    return CUBLAS_STATUS_SUCCESS;
}
