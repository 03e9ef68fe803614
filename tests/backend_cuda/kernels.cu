// Written by hand, in the style of what is generated: one kernel for each feature of the emulation.
#ifndef BITALE_SHARED
#define BITALE_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#endif
#define ALL 0xffffffffu

typedef long long i64;

extern "C" __global__ void __launch_bounds__(256) scale(const float* __restrict__ a, float* __restrict__ out, i64 n) {
    i64 stride = (i64)gridDim.x * blockDim.x;
    for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) out[i] = 2.0f * a[i] + 1.0f;
}

extern "C" __global__ void scale_by_four(const float* __restrict__ a, float* __restrict__ out, i64 n) {
    for (i64 i = threadIdx.x; i < n / 4; i += blockDim.x) {
        float4 v = ((const float4*)a)[i];
        ((float4*)out)[i] = make_float4(2.0f * v.x, 2.0f * v.y, 2.0f * v.z, 2.0f * v.w);
    }
}

// A warp per row.
extern "C" __global__ void __launch_bounds__(128)
softmax(const double* __restrict__ a, double* __restrict__ out, i64 rows, i64 n) {
    int lane = threadIdx.x % 32;
    i64 first = ((i64)blockIdx.x * blockDim.x + threadIdx.x) / 32, step = (i64)gridDim.x * blockDim.x / 32;
    for (i64 row = first; row < rows; row += step) {
        double most = -1.0 / 0.0, sum = 0;
        for (i64 j = lane; j < n; j += 32) most = fmax(most, a[row * n + j]);
        for (int d = 16; d; d /= 2) most = fmax(most, __shfl_xor_sync(ALL, most, d));
        for (i64 j = lane; j < n; j += 32) sum += exp(a[row * n + j] - most);
        for (int d = 16; d; d /= 2) sum += __shfl_down_sync(ALL, sum, d);
        sum = __shfl_sync(ALL, sum, 0);
        for (i64 j = lane; j < n; j += 32) out[row * n + j] = exp(a[row * n + j] - most) / sum;
    }
}

extern "C" __global__ void total(const double* __restrict__ a, double* __restrict__ out, i64 n) {
    BITALE_SHARED(space);
    double* partial = (double*)space;
    double sum = 0;
    for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (i64)gridDim.x * blockDim.x) sum += a[i];
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (int half = blockDim.x / 2; half; half /= 2) {
        if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) atomicAdd(out, partial[0]);
}

// c = a @ b, 8 x 8 elements for each block of 64 threads.
extern "C" __global__ void
matmul(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, i64 m, i64 n, i64 k) {
    __shared__ float left[8][8], right[8][8];
    i64 across = (n + 7) / 8, i = threadIdx.x / 8, j = threadIdx.x % 8;
    i64 row = blockIdx.x / across * 8 + i, column = blockIdx.x % across * 8 + j;
    float sum = 0;
    for (i64 start = 0; start < k; start += 8) {
        left[i][j] = row < m && start + j < k ? a[row * k + start + j] : 0;
        right[i][j] = start + i < k && column < n ? b[(start + i) * n + column] : 0;
        __syncthreads();
        for (int p = 0; p < 8; p++) sum += left[i][p] * right[p][j];
        __syncthreads();
    }
    if (row < m && column < n) c[row * n + column] = sum;
}

extern "C" __global__ void votes(int* __restrict__ out) {
    int t = threadIdx.x, lane = t % 32;
    out[t] = __ballot_sync(ALL, lane % 3 == 0);
    out[64 + t] = __any_sync(ALL, t == 40) + 2 * __all_sync(ALL, t < 32);
    out[128 + t] = __syncthreads_count(t < 40) + 100 * __syncthreads_or(t == 63) + 200 * __syncthreads_and(t != 63);
    out[192 + t] = __shfl_up_sync(ALL, t, 1) + 100 * __shfl_sync(ALL, t, 1, 8);
    if (lane < 16) out[256 + t] = __shfl_down_sync(0x0000ffffu, t, 1, 16);
    else out[256 + t] = __shfl_xor_sync(0xffff0000u, t, 1);
}

extern "C" __global__ void early_return(const float* __restrict__ a, float* __restrict__ out, i64 n) {
    __shared__ float first;
    if (threadIdx.x >= n) return;
    if (threadIdx.x == 0) first = a[0];
    __syncthreads();
    out[threadIdx.x] = first;
}

extern "C" __global__ void two_barriers(i64 n) {
    if (threadIdx.x < n) __syncthreads();
    else __syncthreads();
}

extern "C" __global__ void half_a_warp(int* __restrict__ out) {
    if (threadIdx.x < 16) out[threadIdx.x] = __shfl_xor_sync(ALL, 1, 1);
}

// Thread 0 does not wait for those that write what it reads.
extern "C" __global__ void missing_barrier(float* __restrict__ out) {
    __shared__ float values[64];
    values[threadIdx.x] = 1.0f;
    if (threadIdx.x == 0) {
        float sum = 0;
        for (int i = 0; i < 64; i++) sum += values[i];
        *out = sum;
    }
}

extern "C" __global__ void past_a_shared_array(float* __restrict__ out, i64 i) {
    __shared__ float values[64];
    values[threadIdx.x] = 1.0f;
    __syncthreads();
    out[threadIdx.x] = values[i];
}

extern "C" __global__ void beside(float* __restrict__ out, i64 i) { out[i] = 1.0f; }

// A lock: nobody else runs unless atomic operations let them.
extern "C" __global__ void lock(int* __restrict__ held, i64* __restrict__ count) {
    while (atomicCAS(held, 0, 1) != 0) {
    }
    *count += 1;
    __threadfence();
    atomicExch(held, 0);
}

extern "C" __global__ void order(int* __restrict__ count, int* __restrict__ places) {
    places[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(count, 1);
}

extern "C" __global__ void endless(int* __restrict__ flag) {
    while (*(volatile int*)flag == 0) {
    }
}

template <class T> static __device__ __forceinline__ T reversed(T value) {
    __shared__ T values[32];
    values[threadIdx.x] = value;
    __syncwarp();
    return values[31 - threadIdx.x];
}

extern "C" __global__ void reverse(double* __restrict__ a, int* __restrict__ b) {
    a[threadIdx.x] = reversed(a[threadIdx.x]);
    b[threadIdx.x] = reversed(b[threadIdx.x]);
}

extern "C" __global__ void functions(i64* __restrict__ out, double* __restrict__ numbers) {
    __shared__ int sum, most, least, bits, common, last, turns;
    __shared__ unsigned long long wide;
    __shared__ float single;
    int t = threadIdx.x;
    if (t == 0) {
        sum = most = least = bits = turns = 0;
        common = ~0, last = -1, wide = 5, single = 7.0f;
    }
    __syncthreads();
    atomicAdd(&sum, t);
    atomicMax(&most, t);
    atomicMin(&least, -t);
    atomicOr(&bits, t);
    atomicAnd(&common, t);
    atomicXor(&last, t == 0 ? -1 : 0);
    int seen, old = turns;
    do seen = old, old = atomicCAS(&turns, seen, seen + 1);
    while (old != seen);
    if (t == 0) atomicAdd(&wide, 1ull << 62);
    atomicAdd(&single, t % 2 ? 1.0f : -1.0f);
    __syncthreads();
    if (t != 0) return;
    i64 found[] = {
        sum, most, least, bits, common, last, turns, (i64)wide, (i64)single,
        __umulhi(1u << 31, 7), __mulhi(-1, 5), (i64)__umul64hi(~0ull, 1ull << 62), min(5, 3), __clz(1), __clzll(1),
        __popc(7), max(4ll, -4ll), __ffs(16), __float_as_int(1.0f), __double_as_longlong(2.0),
        __activemask() | (i64)~0u,
    };
    for (int i = 0; i < 21; i++) out[i] = found[i];
    numbers[0] = erfcinv(numbers[0]);
    numbers[1] = erfcinv(numbers[1]);
    numbers[2] = erfcinv(numbers[2]);
    numbers[3] = rsqrt(numbers[3]);
    numbers[4] = erfinv(numbers[4]);
    double third = 1.0 / numbers[5], product = __dmul_rn(third, third);
    numbers[5] = third * third - product;  // one rounding less
    numbers[6] = __dadd_rn(__dmul_rn(third, third), -product);
}

static __device__ float recur(i64 depth) {
    volatile float space[250];
    for (int i = 0; i < 250; i++) space[i] = 1.0f;
    return depth == 0 ? space[0] : recur(depth - 1) + space[depth % 250];
}

extern "C" __global__ void deep(float* __restrict__ out, i64 depth) { out[0] = recur(depth); }
