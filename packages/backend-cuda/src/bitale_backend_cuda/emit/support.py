"""What generated CUDA uses of ours: types that C++ lacks, lanes that combine what they gathered, atomic updates."""

from __future__ import annotations

# NVRTC has no headers of its own, and needs none: these are all that the text uses. Tests compile the same text for the
# CPU, where `__CUDACC__` is not defined and the headers are C's.
BASE = """\
#ifdef __CUDACC_RTC__
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#define INT8_MIN (-128)
#define INT16_MIN (-32768)
#define INT32_MIN (-2147483647 - 1)
#define INT64_MIN (-9223372036854775807LL - 1)
#define INT64_MAX 9223372036854775807LL
#define NAN __int_as_float(0x7fffffff)
#define INFINITY __int_as_float(0x7f800000)
#else
#include <stdint.h>
#include <string.h>
#include <math.h>
#endif
#define BITALE_INLINE __device__ __forceinline__
#define BITALE_BOTH __host__ __device__
#ifndef BITALE_SHARED
#define BITALE_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#endif"""

HALF = """\
#ifdef __CUDACC__
struct bitale_f16 {
    unsigned short bits;
    bitale_f16() = default;
    __device__ bitale_f16(float value) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value)); }
    __device__ operator float() const {
        float value;
        asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
        return value;
    }
};
#else
typedef _Float16 bitale_f16;
#endif"""

# Rounding to bfloat16; `{}` is C's function, for devices that have no instruction for it.
ROUNDING = """\
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
BITALE_INLINE uint16_t bitale_narrow_bf16(float a) {{
    uint16_t bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(a));
    return bits;
}}
#else
{}
#endif"""

SUPPORT = {
    # The first failure of a call stays.
    "bitale_fail": """\
BITALE_INLINE void bitale_fail(int64_t *status, int64_t code, int64_t a = 0, int64_t b = 0, int64_t c = 0,
                               int64_t d = 0) {
    if (atomicCAS((unsigned long long *)status, 0ULL, (unsigned long long)code) != 0) return;
    status[1] = a; status[2] = b; status[3] = c; status[4] = d;
}""",
    # n / d, where the host prepared `by` (see indices.py).
    "bitale_quotient": """\
BITALE_INLINE int64_t bitale_quotient(int64_t n, int64_t d, int64_t by, int64_t few) {
    if (few > 0) return (int64_t)__umul64hi((uint32_t)n * 4, by);
    const int64_t least = (int64_t)__umul64hi(2 * n, -by);
    return least + (n - least * d >= d);
}""",
    # Neighbouring elements.
    "bitale_pack": """\
template <class T, int N> struct __align__(sizeof(T) * N < 16 ? sizeof(T) * N : 16) bitale_pack { T at[N]; };
template <int N, class T> BITALE_INLINE bitale_pack<T, N> bitale_take(const T *from) {
    return *(const bitale_pack<T, N> *)from;
}
template <int N, class T> BITALE_INLINE void bitale_put(const bitale_pack<T, N> &pack, T *to) {
    *(bitale_pack<T, N> *)to = pack;
}""",
    # The lanes of a group in its warp, as a mask.
    "bitale_lanes": """\
template <int G> BITALE_INLINE unsigned bitale_lanes() {
    return G >= 32 ? 0xffffffffu : ((1u << G % 32) - 1) << (threadIdx.x % 32 / G * G);
}""",
    "bitale_wait": """\
template <int G> BITALE_INLINE void bitale_wait() {
    if (G <= 32) __syncwarp(bitale_lanes<G>());
    else __syncthreads();
}""",
    # The value that the lane has whose number differs in `bit`, for values of any size.
    "bitale_exchange": """\
template <int G, class T> BITALE_INLINE T bitale_exchange(T value, int bit) {
    union Words { unsigned words[(sizeof(T) + 3) / 4]; unsigned char bytes[sizeof(T)]; } words = {};
    memcpy(words.bytes, &value, sizeof(T));
    for (unsigned &word : words.words) word = __shfl_xor_sync(bitale_lanes<G>(), word, bit);
    memcpy(&value, words.bytes, sizeof(T));
    return value;
}""",
    # What all lanes of a group gathered, combined in the same order every time; each lane gets it.
    "bitale_gather": """\
template <int G, class T, class F> BITALE_INLINE T bitale_gather(T value, F combine) {
    for (int bit = (G < 32 ? G : 32) / 2; bit; bit /= 2) {
        const T other = bitale_exchange<G>(value, bit);
        value = threadIdx.x & bit ? combine(other, value) : combine(value, other);
    }
    if (G <= 32) return value;
    __shared__ T parts[(G + 31) / 32];
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    value = parts[0];
    for (int warp = 1; warp < G / 32; warp++) value = combine(value, parts[warp]);
    __syncthreads();
    return value;
}""",
    # What lanes up to this one hold, combined in their order; `all` is that of the last.
    "bitale_scan": """\
template <int G, class T> BITALE_INLINE T bitale_from(T value, int lane) {
    union Words { unsigned words[(sizeof(T) + 3) / 4]; unsigned char bytes[sizeof(T)]; } words = {};
    memcpy(words.bytes, &value, sizeof(T));
    for (unsigned &word : words.words) word = __shfl_sync(bitale_lanes<G>(), word, lane, G < 32 ? G : 32);
    memcpy(&value, words.bytes, sizeof(T));
    return value;
}
template <int G, class T, class F> BITALE_INLINE T bitale_scan(T value, F combine, T &all) {
    const int lanes = G < 32 ? G : 32, lane = threadIdx.x % lanes, warp = threadIdx.x / 32;
    for (int step = 1; step < lanes; step *= 2) {
        const T other = bitale_from<G>(value, lane >= step ? lane - step : lane);
        if (lane >= step) value = combine(other, value);
    }
    all = bitale_from<G>(value, lanes - 1);
    if (G <= 32) return value;
    __shared__ T parts[(G + 31) / 32];
    if (lane == 31) parts[warp] = value;
    __syncthreads();
    all = parts[0];
    for (int each = 1; each < G / 32; each++) {
        if (each == warp) value = combine(all, value);
        all = combine(all, parts[each]);
    }
    __syncthreads();
    return value;
}""",
    # place = combine(place, value), whoever else does the same.
    "bitale_atomic": """\
template <class T, class F> BITALE_INLINE void bitale_atomic(T *place, T value, F combine) {
    typedef unsigned long long Wide;
    if (sizeof(T) == 8) {
        Wide old = *(volatile Wide *)place, seen;
        do {
            T current, next;
            seen = old;
            memcpy(&current, &seen, sizeof(T));
            next = combine(current, value);
            Wide changed = 0;
            memcpy(&changed, &next, sizeof(T));
            old = atomicCAS((Wide *)place, seen, changed);
        } while (old != seen);
        return;
    }
    const uint64_t address = (uint64_t)place;
    unsigned *word = (unsigned *)(address & ~3ULL);
    const int start = (int)(address & 3);
    unsigned old = *(volatile unsigned *)word, seen;
    do {
        T current, next;
        unsigned changed = seen = old;
        memcpy(&current, (unsigned char *)&seen + start, sizeof(T));
        next = combine(current, value);
        memcpy((unsigned char *)&changed + start, &next, sizeof(T));
        old = atomicCAS(word, seen, changed);
    } while (old != seen);
}""",
}
# Where the device has an instruction for it.
ATOMIC_ADD = {
    "f32": ("float", "float"), "f64": ("double", "double"), "i32": ("int32_t", "int"), "u32": ("uint32_t", "unsigned"),
    "i64": ("int64_t", "unsigned long long"), "u64": ("uint64_t", "unsigned long long"),
}  # fmt: skip


def atomic_add(suffix: str) -> str:
    """The overload of bitale_atomic for sums of a dtype."""
    ctype, native = ATOMIC_ADD[suffix]
    return (
        f"BITALE_INLINE void bitale_atomic({ctype} *place, {ctype} value, bitale_op_add_{suffix}) "
        f"{{ atomicAdd(({native} *)place, ({native})value); }}"
    )


ATOMIC_COMPLEX = """\
template <class R, class F> BITALE_INLINE void bitale_atomic(bitale_complex<R> *place, bitale_complex<R> value, F) {
    atomicAdd(&place->re, value.re);
    atomicAdd(&place->im, value.im);
}"""
