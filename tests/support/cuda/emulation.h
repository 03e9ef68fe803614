// CUDA C++ for g++: included before a generated text, which is compiled unchanged and run by one processor.
//
// Blocks run one after another, the threads of a block take turns at barriers, warp operations and atomic operations,
// all in random order. So two threads never run at once: a race shows where the order decides, not by torn values, and
// the memory model (fences, volatile) is not tested. There are no tensor cores, textures, cooperative groups, grids of
// more than one dimension, or kernels whose blocks wait for one another.
#pragma once
#include <cstddef>
#undef _GLIBCXX_USE_STD_SPEC_FUNCS  // what of <cmath> takes longest to read
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "block.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

// ---- meeting other threads ---------------------------------------------------------------------------------------

#define HERE int line = __builtin_LINE()

inline void __syncthreads(HERE) { emulation::barrier("__syncthreads", line); }
inline int __syncthreads_count(int p, HERE) { return (int)emulation::barrier("__syncthreads_count", line, p); }
inline int __syncthreads_or(int p, HERE) { return emulation::barrier("__syncthreads_or", line, p) != 0; }
inline int __syncthreads_and(int p, HERE) { return emulation::barrier("__syncthreads_and", line, !p) == 0; }
inline void __syncwarp(unsigned mask = 0xffffffff, HERE) { emulation::meet("__syncwarp", line, mask, 0, 0); }

inline unsigned __ballot_sync(unsigned mask, int p, HERE) {
    return emulation::meet("__ballot_sync", line, mask, 0, p != 0).votes;
}
inline int __any_sync(unsigned mask, int p, HERE) {
    return emulation::meet("__any_sync", line, mask, 0, p != 0).votes != 0;
}
inline int __all_sync(unsigned mask, int p, HERE) {
    return emulation::meet("__all_sync", line, mask, 0, !p).votes == 0;
}

inline unsigned __activemask() { return emulation::active_lanes(); }

namespace emulation {

inline int lane() { return (int)(own_number() % 32); }

template <class T> T shuffle(const char* name, int line, unsigned mask, T value, int from) {
    static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "shuffles move 4 or 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = meet(name, line, mask, (unsigned)from, bits).received;
    memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace emulation

template <class T> T __shfl_sync(unsigned mask, T value, int from, int width = 32, HERE) {
    int lane = emulation::lane();
    return emulation::shuffle("__shfl_sync", line, mask, value, (lane & -width) | (from & (width - 1)));
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, HERE) {
    int lane = emulation::lane(), from = lane - (int)delta;
    return emulation::shuffle("__shfl_up_sync", line, mask, value, from < (lane & -width) ? lane : from);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, HERE) {
    int lane = emulation::lane(), from = lane + (int)delta;
    return emulation::shuffle("__shfl_down_sync", line, mask, value, from > (lane | (width - 1)) ? lane : from);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, HERE) {
    int lane = emulation::lane(), from = lane ^ bits;
    return emulation::shuffle("__shfl_xor_sync", line, mask, value, from > (lane | (width - 1)) ? lane : from);
}

// ---- memory ------------------------------------------------------------------------------------------------------

inline void __threadfence() {}
inline void __threadfence_block() {}
template <class T> T __ldg(const T* address) { return *address; }
template <class T> T __ldcs(const T* address) { return *address; }
template <class T> void __stcs(T* address, T value) { *address = value; }

namespace emulation {

// Others may come between any two atomic operations.
template <class T, class F> T atomically(T* address, F change) {
    if (next_random() >> 61 == 0) let_others_run();
    T before = *address;
    *address = change(before);
    return before;
}

}  // namespace emulation

#define ATOMIC(name, T, result)                                                                                       \
    inline T name(T* address, T value) {                                                                              \
        return emulation::atomically(address, [=](T before) -> T { return result; });                                 \
    }
#define ATOMIC_COMPARE(T)                                                                                             \
    inline T atomicCAS(T* address, T compare, T value) {                                                              \
        return emulation::atomically(address, [=](T before) -> T { return before == compare ? value : before; });     \
    }
#define ATOMICS(T)                                                                                                    \
    ATOMIC(atomicAdd, T, before + value)                                                                              \
    ATOMIC(atomicMin, T, before < value ? before : value)                                                             \
    ATOMIC(atomicMax, T, before > value ? before : value)                                                             \
    ATOMIC(atomicAnd, T, before & value)                                                                              \
    ATOMIC(atomicOr, T, before | value)                                                                               \
    ATOMIC(atomicXor, T, before ^ value)                                                                              \
    ATOMIC(atomicExch, T, ((void)before, value))                                                                      \
    ATOMIC_COMPARE(T)

ATOMICS(int)
ATOMICS(unsigned)
ATOMICS(unsigned long long)
ATOMIC(atomicMin, long long, before < value ? before : value)
ATOMIC(atomicMax, long long, before > value ? before : value)
ATOMIC(atomicAdd, float, before + value)
ATOMIC(atomicAdd, double, before + value)
ATOMIC(atomicExch, float, ((void)before, value))

// ---- numbers -----------------------------------------------------------------------------------------------------

#define VECTORS(T, name, alignment2, alignment4)                                                                      \
    struct alignas(alignment2) name##2 { T x, y; };                                                                   \
    struct alignas(alignment4) name##4 { T x, y, z, w; };                                                             \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                                        \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

VECTORS(signed char, char, 2, 4)
VECTORS(unsigned char, uchar, 2, 4)
VECTORS(short, short, 4, 8)
VECTORS(unsigned short, ushort, 4, 8)
VECTORS(int, int, 8, 16)
VECTORS(unsigned, uint, 8, 16)
VECTORS(long long, longlong, 16, 16)
VECTORS(unsigned long long, ulonglong, 16, 16)
VECTORS(float, float, 8, 16)
VECTORS(double, double, 16, 16)

#define REINTERPRET(name, From, To)                                                                                   \
    inline To name(From value) {                                                                                      \
        To result;                                                                                                    \
        memcpy(&result, &value, sizeof result);                                                                       \
        return result;                                                                                                \
    }

REINTERPRET(__float_as_int, float, int)
REINTERPRET(__float_as_uint, float, unsigned)
REINTERPRET(__int_as_float, int, float)
REINTERPRET(__uint_as_float, unsigned, float)
REINTERPRET(__double_as_longlong, double, long long)
REINTERPRET(__longlong_as_double, long long, double)

inline int __mulhi(int a, int b) { return (int)((long long)a * b >> 32); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
inline long long __mul64hi(long long a, long long b) { return (long long)((__int128)a * b >> 64); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
inline int __popc(unsigned a) { return __builtin_popcount(a); }
inline int __popcll(unsigned long long a) { return __builtin_popcountll(a); }
inline int __clz(int a) { return a ? __builtin_clz((unsigned)a) : 32; }
inline int __clzll(long long a) { return a ? __builtin_clzll((unsigned long long)a) : 64; }
inline int __ffs(int a) { return __builtin_ffs(a); }
inline int __ffsll(long long a) { return __builtin_ffsll(a); }

// Of two numbers of one type, as in CUDA without a header; floats as fmin and fmax.
template <class T> T min(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return fmin(a, b);
    else return b < a ? b : a;
}
template <class T> T max(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return fmax(a, b);
    else return a < b ? b : a;
}

// Arithmetic that the compiler may not contract.
#define ARITHMETIC(prefix, T)                                                                                         \
    [[gnu::noinline]] static T __##prefix##add_rn(T a, T b) { return a + b; }                                         \
    [[gnu::noinline]] static T __##prefix##sub_rn(T a, T b) { return a - b; }                                         \
    [[gnu::noinline]] static T __##prefix##mul_rn(T a, T b) { return a * b; }                                         \
    [[gnu::noinline]] static T __##prefix##div_rn(T a, T b) { return a / b; }                                         \
    inline T __##prefix##sqrt_rn(T a) { return sqrt(a); }

ARITHMETIC(f, float)
ARITHMETIC(d, double)
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float rsqrtf(float x) { return (float)rsqrt((double)x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fdividef(float a, float b) { return a / b; }

// The inverse of erfc: Abramowitz and Stegun 26.2.22, then Halley's steps.
inline double erfcinv(double y) {
    if (!(y > 0 && y < 2)) return y == 0 ? INFINITY : y == 2 ? -INFINITY : NAN;
    double small = y < 1 ? y : 2 - y, t = sqrt(-2 * log(small / 2));
    double x = -0.70711 * ((2.30753 + t * 0.27061) / (1 + t * (0.99229 + t * 0.04481)) - t);
    for (int i = 0; i < 3; i++) {
        double error = erfc(x) - small;
        x += error / (M_2_SQRTPI * exp(-x * x) - x * error);
    }
    return y < 1 ? x : -x;
}
inline float erfcinvf(float y) { return (float)erfcinv(y); }
inline double erfinv(double y) {
    if (!(fabs(y) < 0.5)) return erfcinv(1 - y);
    double x = y * 0.886226925452758;
    for (int i = 0; i < 4; i++) {
        double error = erf(x) - y;
        x -= error / (M_2_SQRTPI * exp(-x * x) + x * error);
    }
    return x;
}
inline float erfinvf(float y) { return (float)erfinv(y); }
inline double normcdfinv(double p) { return -M_SQRT2 * erfcinv(2 * p); }
inline float normcdfinvf(float p) { return (float)normcdfinv(p); }

#undef HERE
#undef ATOMIC
#undef ATOMIC_COMPARE
#undef ATOMICS
#undef VECTORS
#undef REINTERPRET
#undef ARITHMETIC
