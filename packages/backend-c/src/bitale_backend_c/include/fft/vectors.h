/* What Fourier transforms of both precisions share: vectors, roots of unity, memory. */
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__TINYC__) && !defined(BITALE_NO_VECTORS)
#if defined(__AVX512VBMI2__) /* processors with this extension keep their clock at full width */
#define BITALE_BYTES 64
#define BITALE_LANES_f32 16
#define BITALE_LANES_f64 8
#elif defined(__AVX__)
#define BITALE_BYTES 32
#define BITALE_LANES_f32 8
#define BITALE_LANES_f64 4
#else
#define BITALE_BYTES 16
#define BITALE_LANES_f32 4
#define BITALE_LANES_f64 2
#endif
#define BITALE_LANEWISE static inline __attribute__((always_inline))
#define BITALE_VECTOR __attribute__((vector_size(BITALE_BYTES)))
#define BITALE_ANYWHERE(type) __attribute__((vector_size(BITALE_BYTES), aligned(sizeof(type)), may_alias))
#define BITALE_PLANS 16 /* that are kept */
#else
#define BITALE_LANES_f32 1
#define BITALE_LANES_f64 1
#define BITALE_LANEWISE static inline
#define BITALE_VECTOR
#define BITALE_ANYWHERE(type)
#endif
#if defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__)
#define BITALE_UNROLL _Pragma("GCC unroll 16")
#else
#define BITALE_UNROLL
#endif
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define BITALE_SHUFFLE(a, b, order) __builtin_shufflevector(a, b, order)
#endif
#endif
#define BITALE_SHORT 256 /* points of rows that are transformed together */
#define BITALE_LARGEST_PRIME 31 /* of the radices; Bluestein's convolution is faster from about here on */

/* Orders of the numbers of two vectors. */
#define BITALE_EVEN2 0, 2
#define BITALE_ODD2 1, 3
#define BITALE_LOW2 0, 2
#define BITALE_HIGH2 1, 3
#define BITALE_EVEN4 0, 2, 4, 6
#define BITALE_ODD4 1, 3, 5, 7
#define BITALE_LOW4 0, 4, 1, 5
#define BITALE_HIGH4 2, 6, 3, 7
#define BITALE_EVEN8 BITALE_EVEN4, 8, 10, 12, 14
#define BITALE_ODD8 BITALE_ODD4, 9, 11, 13, 15
#define BITALE_LOW8 0, 8, 1, 9, 2, 10, 3, 11
#define BITALE_HIGH8 4, 12, 5, 13, 6, 14, 7, 15
#define BITALE_EVEN16 BITALE_EVEN8, 16, 18, 20, 22, 24, 26, 28, 30
#define BITALE_ODD16 BITALE_ODD8, 17, 19, 21, 23, 25, 27, 29, 31
#define BITALE_LOW16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define BITALE_HIGH16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define BITALE_JOIN(a, b) a##b
#define BITALE_ORDER(name, lanes) BITALE_JOIN(name, lanes)

/* exp(-2 pi i k / n) for 0 <= k < n: cosine and sine of an angle of at most an eighth of a turn, rounded once. */
static void bitale_root(int64_t k, int64_t n, double *re, double *im) {
    const int64_t octant = 8 * k / n, rest = 8 * k % n;
    const double angle = (double)(0.785398163397448309615660845819875721L * (octant & 1 ? n - rest : rest) / n);
    const double c = cos(angle), s = sin(angle), swapped = (octant + 1) & 2;
    *re = (octant >= 2 && octant < 6 ? -1 : 1) * (swapped ? s : c);
    *im = (octant < 4 ? -1 : 1) * (swapped ? c : s);
}

#ifndef BITALE_MALLOC
#define BITALE_MALLOC malloc
#define BITALE_FREE free
#endif

/* Memory aligned to a line of the cache, which is freed with all else in the list `blocks`; NULL if there is none. */
static void *bitale_block(void **blocks, int64_t bytes) {
    void **const block = BITALE_MALLOC((size_t)bytes + 2 * 64);
    if (!block) return 0;
    *block = *blocks;
    *blocks = block;
    return (void *)(((uintptr_t)block + sizeof(void *) + 63) / 64 * 64);
}

static void bitale_free_blocks(void *blocks) {
    while (blocks) {
        void *const next = *(void **)blocks;
        BITALE_FREE(blocks);
        blocks = next;
    }
}

/* The radix of the first pass of m points. After eights there is rather 4 4 than 8 2. */
static int bitale_radix(int64_t m) {
    static const int radices[] = {8, 4, 2, 5, 3, 7, 11, 13, 17, 19, 23, 29, BITALE_LARGEST_PRIME};
    if (m % 16 == 0 && m % 32 && m % 128) return 4;
    for (int k = 0; k < 13; k++)
        if (m % radices[k] == 0) return radices[k];
    return 0;
}

static int bitale_has_radices(int64_t n) {
    for (int r; n > 1 && (r = bitale_radix(n)); n /= r) {}
    return n == 1;
}

/* The next length, of at least n points, without prime factors above 5, in whole vectors. */
static int64_t bitale_good_length(int64_t n) {
    for (n = (n + 15) / 16 * 16;; n += 16) {
        int64_t rest = n;
        while (rest % 2 == 0) rest /= 2;
        while (rest % 3 == 0) rest /= 3;
        while (rest % 5 == 0) rest /= 5;
        if (rest == 1) return n;
    }
}
