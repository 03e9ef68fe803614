// cuFFT for exported functions on the emulation: each transform is the sum by which it is defined.
#include <math.h>

#include <complex>
#include <mutex>
#include <vector>

#include "include/cufft.h"

struct Plan { long long n, rows; cufftType type; };

static std::vector<Plan> plans;
static std::mutex one_at_a_time;

// `read(row, j)` is point j of a row; what `write(row, k, sum)` gets is point k of `length` of its transform.
template <class Read, class Write>
static cufftResult transform(cufftHandle number, cufftType type, int direction, bool half, Read read, Write write) {
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    const Plan& plan = plans.at((size_t)number);
    if (plan.type != type) return CUFFT_INVALID_VALUE;
    const long long length = half ? plan.n / 2 + 1 : plan.n;
    for (long long row = 0; row < plan.rows; row++) {
        for (long long k = 0; k < length; k++) {
            std::complex<double> sum = 0;
            for (long long j = 0; j < plan.n; j++)
                sum += read(plan.n, row, j) * std::polar(1.0, direction * 2 * M_PI * (double)(j * k % plan.n) / (double)plan.n);
            write(length, row, k, sum);
        }
    }
    return CUFFT_SUCCESS;
}

template <class C> static auto from_complex(const C* source) {
    return [=](long long n, long long row, long long j) {
        const C& z = source[row * n + j];
        return std::complex<double>(z.x, z.y);
    };
}

// The other half of the points are conjugates.
template <class C> static auto from_half(const C* source) {
    return [=](long long n, long long row, long long j) {
        const C& z = source[row * (n / 2 + 1) + (j <= n / 2 ? j : n - j)];
        return std::complex<double>(z.x, j <= n / 2 ? z.y : -z.y);
    };
}

template <class R> static auto from_real(const R* source) {
    return [=](long long n, long long row, long long j) { return std::complex<double>(source[row * n + j]); };
}

template <class R, class C> static auto to_complex(C* target) {
    return [=](long long length, long long row, long long k, std::complex<double> sum) {
        target[row * length + k] = C{(R)sum.real(), (R)sum.imag()};
    };
}

template <class R> static auto to_real(R* target) {
    return [=](long long length, long long row, long long k, std::complex<double> sum) {
        target[row * length + k] = (R)sum.real();
    };
}

extern "C" {

cufftResult cufftCreate(cufftHandle* plan) {
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    *plan = (int)plans.size();
    plans.push_back({0, 0, CUFFT_C2C});
    return CUFFT_SUCCESS;
}

cufftResult cufftMakePlanMany64(cufftHandle plan, int, long long* n, long long*, long long, long long, long long*,
                                long long, long long, cufftType type, long long batch, size_t* room) {
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    plans.at((size_t)plan) = {*n, batch, type};
    *room = 64;
    return *n > 0 && batch > 0 ? CUFFT_SUCCESS : CUFFT_INVALID_VALUE;
}

cufftResult cufftDestroy(cufftHandle) { return CUFFT_SUCCESS; }
cufftResult cufftSetAutoAllocation(cufftHandle, int) { return CUFFT_SUCCESS; }
cufftResult cufftSetStream(cufftHandle, cudaStream_t) { return CUFFT_SUCCESS; }
cufftResult cufftSetWorkArea(cufftHandle, void*) { return CUFFT_SUCCESS; }

cufftResult cufftExecC2C(cufftHandle plan, cufftComplex* source, cufftComplex* target, int direction) {
    return transform(plan, CUFFT_C2C, direction, false, from_complex(source), to_complex<float>(target));
}
cufftResult cufftExecZ2Z(cufftHandle plan, cufftDoubleComplex* source, cufftDoubleComplex* target, int direction) {
    return transform(plan, CUFFT_Z2Z, direction, false, from_complex(source), to_complex<double>(target));
}
cufftResult cufftExecR2C(cufftHandle plan, float* source, cufftComplex* target) {
    return transform(plan, CUFFT_R2C, -1, true, from_real(source), to_complex<float>(target));
}
cufftResult cufftExecD2Z(cufftHandle plan, double* source, cufftDoubleComplex* target) {
    return transform(plan, CUFFT_D2Z, -1, true, from_real(source), to_complex<double>(target));
}
cufftResult cufftExecC2R(cufftHandle plan, cufftComplex* source, float* target) {
    return transform(plan, CUFFT_C2R, 1, false, from_half(source), to_real(target));
}
cufftResult cufftExecZ2D(cufftHandle plan, cufftDoubleComplex* source, double* target) {
    return transform(plan, CUFFT_Z2D, 1, false, from_half(source), to_real(target));
}

}  // extern "C"
