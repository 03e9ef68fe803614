/* Discrete Fourier transforms along one axis, of any length, for rows that lie one after the other.

   Stands once for each precision, with REAL (float or double), LANES (numbers in a vector) and FFT(name), which makes
   names of it. All arithmetic is on vectors, whose numbers belong to transforms of one length side by side:

   - rows: transforms of several rows at once, or
   - split: of one row of n = n1 n2 elements, the n2 transforms of its columns, then those of n1 rows of these
     (Gentleman & Sande 1966; Bailey, FFTs in external or hierarchical memory, 1990). Both are short: they stay in the
     nearest cache, and memory is read and written twice for any n.

   Short transforms go by Stockham's passes, which need no bit reversal (Cochran et al., What is the fast Fourier
   transform?, 1967; Van Loan, Computational frameworks for the FFT, 1992, 1.7), of radix 8, 4, 2, 3, 5 and odd primes;
   lengths with larger prime factors by Bluestein's convolution (1970), which is of a length that has none.
   Roots of unity are rounded once from angles of at most an eighth of a turn. */

typedef REAL FFT(vector) BITALE_VECTOR;
typedef REAL FFT(anywhere) BITALE_ANYWHERE(REAL);
#define V FFT(vector)
#define PAIR FFT(pair)

typedef struct PAIR { V re, im; } PAIR; /* complex numbers of LANES transforms */

BITALE_LANEWISE PAIR FFT(plus)(PAIR a, PAIR b) { return (PAIR){a.re + b.re, a.im + b.im}; }
BITALE_LANEWISE PAIR FFT(minus)(PAIR a, PAIR b) { return (PAIR){a.re - b.re, a.im - b.im}; }
BITALE_LANEWISE PAIR FFT(times)(PAIR a, REAL c) { return (PAIR){a.re * c, a.im * c}; }
BITALE_LANEWISE PAIR FFT(back)(PAIR a) { return (PAIR){a.im, -a.re}; } /* times -i */
BITALE_LANEWISE PAIR FFT(turn)(PAIR a, REAL c, REAL s) { return (PAIR){a.re * c - a.im * s, a.re * s + a.im * c}; }

/* ---- butterflies: transforms of r numbers, in place ---- */

BITALE_LANEWISE void FFT(butterfly2)(PAIR *a, const REAL *roots) {
    (void)roots;
    const PAIR t = a[1];
    a[1] = FFT(minus)(a[0], t);
    a[0] = FFT(plus)(a[0], t);
}

BITALE_LANEWISE void FFT(butterfly3)(PAIR *a, const REAL *roots) {
    (void)roots;
    const PAIR sum = FFT(plus)(a[1], a[2]), middle = FFT(minus)(a[0], FFT(times)(sum, (REAL)0.5));
    const PAIR side = FFT(back)(FFT(times)(FFT(minus)(a[1], a[2]), (REAL)0.86602540378443864676));
    a[0] = FFT(plus)(a[0], sum);
    a[1] = FFT(plus)(middle, side);
    a[2] = FFT(minus)(middle, side);
}

BITALE_LANEWISE void FFT(butterfly4)(PAIR *a, const REAL *roots) {
    (void)roots;
    const PAIR even = FFT(plus)(a[0], a[2]), uneven = FFT(minus)(a[0], a[2]);
    const PAIR sum = FFT(plus)(a[1], a[3]), side = FFT(back)(FFT(minus)(a[1], a[3]));
    a[0] = FFT(plus)(even, sum);
    a[1] = FFT(plus)(uneven, side);
    a[2] = FFT(minus)(even, sum);
    a[3] = FFT(minus)(uneven, side);
}

BITALE_LANEWISE void FFT(butterfly5)(PAIR *a, const REAL *roots) {
    (void)roots;
    const REAL c1 = (REAL)0.30901699437494742410, c2 = (REAL)-0.80901699437494742410;
    const REAL s1 = (REAL)0.95105651629515357212, s2 = (REAL)0.58778525229247312917;
    const PAIR p = FFT(plus)(a[1], a[4]), q = FFT(plus)(a[2], a[3]);
    const PAIR u = FFT(minus)(a[1], a[4]), v = FFT(minus)(a[2], a[3]);
    const PAIR first = FFT(plus)(a[0], FFT(plus)(FFT(times)(p, c1), FFT(times)(q, c2)));
    const PAIR second = FFT(plus)(a[0], FFT(plus)(FFT(times)(p, c2), FFT(times)(q, c1)));
    const PAIR side = FFT(back)(FFT(plus)(FFT(times)(u, s1), FFT(times)(v, s2)));
    const PAIR other = FFT(back)(FFT(minus)(FFT(times)(u, s2), FFT(times)(v, s1)));
    a[0] = FFT(plus)(a[0], FFT(plus)(p, q));
    a[1] = FFT(plus)(first, side);
    a[2] = FFT(plus)(second, other);
    a[3] = FFT(minus)(second, other);
    a[4] = FFT(minus)(first, side);
}

BITALE_LANEWISE void FFT(butterfly8)(PAIR *a, const REAL *roots) {
    const REAL h = (REAL)0.70710678118654752440;
    PAIR e[4] = {a[0], a[2], a[4], a[6]}, o[4] = {a[1], a[3], a[5], a[7]};
    FFT(butterfly4)(e, roots);
    FFT(butterfly4)(o, roots);
    o[1] = FFT(times)(FFT(plus)(o[1], FFT(back)(o[1])), h);
    o[2] = FFT(back)(o[2]);
    o[3] = FFT(times)(FFT(minus)(FFT(back)(o[3]), o[3]), h);
    BITALE_UNROLL
    for (int k = 0; k < 4; k++) {
        a[k] = FFT(plus)(e[k], o[k]);
        a[k + 4] = FFT(minus)(e[k], o[k]);
    }
}

/* Any odd r: `roots` are the cosines and sines of the r angles. */
BITALE_LANEWISE void FFT(butterfly_odd)(PAIR *a, const REAL *roots, int r) {
    PAIR first = a[0], total = a[0], results[BITALE_LARGEST_PRIME];
    const int half = (r - 1) / 2;
    for (int k = 1; k <= half; k++) {
        const PAIR sum = FFT(plus)(a[k], a[r - k]);
        a[r - k] = FFT(minus)(a[k], a[r - k]);
        a[k] = sum;
        total = FFT(plus)(total, sum);
    }
    for (int j = 1; j <= half; j++) {
        PAIR even = FFT(plus)(first, FFT(times)(a[1], roots[2 * j])), side = FFT(times)(a[r - 1], roots[2 * j + 1]);
        for (int k = 2, at = j; k <= half; k++) {
            at += at + j >= r ? j - r : j;
            even = FFT(plus)(even, FFT(times)(a[k], roots[2 * at]));
            side = FFT(plus)(side, FFT(times)(a[r - k], roots[2 * at + 1]));
        }
        results[j] = FFT(plus)(even, FFT(back)(side));
        results[r - j] = FFT(minus)(even, FFT(back)(side));
    }
    a[0] = total;
    for (int k = 1; k < r; k++) a[k] = results[k];
}

/* ---- passes ---- */

/* From `s` sequences of r m elements to r s of m: y[q + s (r p + j)] is element j of the transform of
   x[q + s (p + m k)] over k, turned by the root j p of r m. */
#define BITALE_PASS(r)                                                                                                 \
    BITALE_LANEWISE void FFT(columns##r)(const PAIR *x, PAIR *y, int64_t s, int64_t m, const REAL *w, int turned) {        \
        for (int64_t q = 0; q < s; q++) {                                                                              \
            PAIR a[r];                                                                                                 \
            BITALE_UNROLL for (int k = 0; k < r; k++) a[k] = x[q + s * m * k];                                         \
            FFT(butterfly##r)(a, 0);                                                                                   \
            y[q] = a[0];                                                                                               \
            BITALE_UNROLL for (int k = 1; k < r; k++)                                                                  \
                y[q + s * k] = turned ? FFT(turn)(a[k], w[2 * k - 2], w[2 * k - 1]) : a[k];                            \
        }                                                                                                              \
    }                                                                                                                  \
    static void FFT(pass##r)(const PAIR *x, PAIR *y, int64_t s, int64_t m, const REAL *w) {                            \
        FFT(columns##r)(x, y, s, m, w, 0);                                                                             \
        for (int64_t p = 1; p < m; p++) FFT(columns##r)(x + s * p, y + s * r * p, s, m, w + (2 * r - 2) * p, 1);       \
    }

BITALE_PASS(2)
BITALE_PASS(3)
BITALE_PASS(4)
BITALE_PASS(5)
BITALE_PASS(8)
#undef BITALE_PASS

static void FFT(pass_odd)(const PAIR *x, PAIR *y, int64_t s, int64_t m, const REAL *w, const REAL *roots, int r) {
    for (int64_t p = 0; p < m; p++, w += 2 * r - 2)
        for (int64_t q = 0; q < s; q++) {
            PAIR a[BITALE_LARGEST_PRIME];
            for (int k = 0; k < r; k++) a[k] = x[q + s * (p + m * k)];
            FFT(butterfly_odd)(a, roots, r);
            y[q + s * r * p] = a[0];
            for (int k = 1; k < r; k++) y[q + s * (r * p + k)] = FFT(turn)(a[k], w[2 * k - 2], w[2 * k - 1]);
        }
}

/* A length without large prime factors, as a product of radices, and the roots of unity of its passes. */
typedef struct FFT(passes) {
    int64_t n;
    int count, radix[40];
    REAL *roots[40], *odd[40];
} FFT(passes);

/* The transforms of x, which is overwritten; the result is x or `spare`. */
static PAIR *FFT(transform)(const FFT(passes) *passes, PAIR *x, PAIR *spare) {
    int64_t s = 1, m = passes->n;
    for (int k = 0; k < passes->count; k++) {
        const int r = passes->radix[k];
        const REAL *w = passes->roots[k];
        m /= r;
        switch (r) {
        case 2: FFT(pass2)(x, spare, s, m, w); break;
        case 3: FFT(pass3)(x, spare, s, m, w); break;
        case 4: FFT(pass4)(x, spare, s, m, w); break;
        case 5: FFT(pass5)(x, spare, s, m, w); break;
        case 8: FFT(pass8)(x, spare, s, m, w); break;
        default: FFT(pass_odd)(x, spare, s, m, w, passes->odd[k], r);
        }
        s *= r;
        PAIR *const made = spare;
        spare = x;
        x = made;
    }
    return x;
}
