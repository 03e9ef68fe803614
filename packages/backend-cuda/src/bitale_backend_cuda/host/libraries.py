"""The libraries that exported host functions call, in C++: see blas.py and fft.py for the same in Python.

Errors are thrown as codes: from -10 down cuBLAS's, from -50 cuFFT's, from -70 cuSOLVER's (see cpp_solver.py), from -100
those of CUDA itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Library(NamedTuple):
    """A library behind a method of the runtime: its header, how it is linked, the text of its codes as C++, what stands
    before the struct of a call, and the method."""

    header: str
    link: str
    codes: str
    support: str = ""
    method: str = ""


HANDLES = """\
inline void bitale_check(cublasStatus_t status) {
    if (status != CUBLAS_STATUS_SUCCESS) throw status == CUBLAS_STATUS_ALLOC_FAILED ? -1 : -10 - (int)status;
}

// A thread has a handle of its own for each device, as making one takes milliseconds.
struct bitale_handles {
    cublasHandle_t of[64] = {};
    ~bitale_handles() {
        for (cublasHandle_t handle : of)
            if (handle) cublasDestroy(handle);
    }
};

inline cublasHandle_t bitale_handle(cudaStream_t stream) {
    static thread_local bitale_handles handles;
    int device = 0;
    bitale_check(cudaGetDevice(&device));
    cublasHandle_t &handle = handles.of[device % 64];
    if (!handle) {
        bitale_check(cublasCreate(&handle));
        // Partial sums of halves are not added in 16 bits; TF32 is used where the type of a computation says so.
        const int mode = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
        bitale_check(cublasSetMathMode(handle, (cublasMath_t)mode));
    }
    bitale_check(cublasSetStream(handle, stream));
    return handle;
}"""
PRODUCTS = """\
    // out = alpha * left @ right + beta * out, of row-major matrices, which cuBLAS sees transposed. Operands that are
    // `shared` are one matrix for the whole batch.
    template <class T> void gemm(cudaDataType type, cublasComputeType_t computed, int64_t m, int64_t n, int64_t k,
                                 int64_t batch, std::array<bool, 2> transposed, std::array<bool, 2> shared, T alpha,
                                 int64_t left, int64_t right, T beta, int64_t out, int64_t bytes) {
        if (!m || !n || !batch) return;
        if (!k) {  // beta is 0 or 1
            if (beta == T(0)) bitale_check(cudaMemsetAsync((void *)out, 0, (size_t)bytes, stream));
            return;
        }
        const cublasOperation_t operations[] = {CUBLAS_OP_N, CUBLAS_OP_T};
        bitale_check(cublasGemmStridedBatchedEx_64(
            bitale_handle(stream), operations[transposed[1]], operations[transposed[0]], n, m, k, &alpha,
            (const void *)right, type, transposed[1] ? k : n, shared[1] ? 0 : n * k, (const void *)left, type,
            transposed[0] ? m : k, shared[0] ? 0 : m * k, &beta, (void *)out, type, n, m * n, batch, computed,
            CUBLAS_GEMM_DEFAULT));
    }"""
PLANS = """\
inline void bitale_check(cufftResult status) {
    if (status != CUFFT_SUCCESS) throw status == CUFFT_ALLOC_FAILED ? -1 : -50 - (int)status;
}

// A thread keeps its plans: making one takes as long as many transforms.
struct bitale_plan {
    cufftHandle handle = 0;
    size_t room = 0;  // bytes that it works in
    bool made = false;
    ~bitale_plan() {
        if (made) cufftDestroy(handle);
    }
};

inline bitale_plan &bitale_plan_for(cufftType kind, int64_t n, int64_t rows) {
    static thread_local std::map<std::array<int64_t, 4>, bitale_plan> plans;
    int device = 0;
    bitale_check(cudaGetDevice(&device));
    const std::array<int64_t, 4> key = {device, kind, n, rows};
    const auto known = plans.find(key);
    if (known != plans.end()) return known->second;
    try {
        bitale_plan &plan = plans[key];
        bitale_check(cufftCreate(&plan.handle));
        plan.made = true;
        bitale_check(cufftSetAutoAllocation(plan.handle, 0));
        long long length = n;
        bitale_check(
            cufftMakePlanMany64(plan.handle, 1, &length, nullptr, 1, 0, nullptr, 1, 0, kind, rows, &plan.room));
        return plan;
    } catch (...) {
        plans.erase(key);
        throw;
    }
}"""
TRANSFORMS = """\
    // Fourier transforms of `rows` rows of n points; to real numbers they overwrite their source.
    void fft(cufftType kind, int direction, int64_t n, int64_t rows, int64_t source, int64_t target) {
        if (!n || !rows) return;
        bitale_plan &plan = bitale_plan_for(kind, n, rows);
        bitale_check(cufftSetStream(plan.handle, stream));
        bitale_check(cufftSetWorkArea(plan.handle, (void *)temporary((int64_t)plan.room)));
        const auto complexes = [](int64_t place) { return (cufftComplex *)place; };
        const auto doubles = [](int64_t place) { return (cufftDoubleComplex *)place; };
        switch (kind) {
        case CUFFT_C2C: return bitale_check(cufftExecC2C(plan.handle, complexes(source), complexes(target), direction));
        case CUFFT_Z2Z: return bitale_check(cufftExecZ2Z(plan.handle, doubles(source), doubles(target), direction));
        case CUFFT_R2C: return bitale_check(cufftExecR2C(plan.handle, (float *)source, complexes(target)));
        case CUFFT_D2Z: return bitale_check(cufftExecD2Z(plan.handle, (double *)source, doubles(target)));
        case CUFFT_C2R: return bitale_check(cufftExecC2R(plan.handle, complexes(source), (float *)target));
        default: return bitale_check(cufftExecZ2D(plan.handle, doubles(source), (double *)target));
        }
    }"""
CUBLAS_CODES = """\
    if (code <= -10 && code > -50) return cublasGetStatusString((cublasStatus_t)(-10 - code));"""
CUFFT_CODES = """\
    if (code <= -50 && code > -70) return "cuFFT failed";"""
CUSOLVER_CODES = """\
    if (code <= -70 && code > -100) return "cuSOLVER failed";"""

LIBRARIES = {
    "gemm": Library("cublas_v2.h", "-lcublas", CUBLAS_CODES, HANDLES, PRODUCTS),
    "fft": Library("cufft.h", "-lcufft", CUFFT_CODES, PLANS, TRANSFORMS),
    "solve": Library("cusolverDn.h", "-lcusolver", CUSOLVER_CODES),
}
