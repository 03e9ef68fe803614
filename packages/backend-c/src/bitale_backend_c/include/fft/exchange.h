/* ---- vectors: from and to complex numbers that lie one after the other ---- */

#if LANES == 1
BITALE_LANEWISE PAIR FFT(apart)(V a, V b) { return (PAIR){a, b}; }
BITALE_LANEWISE PAIR FFT(zip)(V a, V b) { return (PAIR){a, b}; }
#elif defined(BITALE_SHUFFLE)
BITALE_LANEWISE PAIR FFT(apart)(V a, V b) {
    return (PAIR){BITALE_SHUFFLE(a, b, BITALE_ORDER(BITALE_EVEN, LANES)),
                  BITALE_SHUFFLE(a, b, BITALE_ORDER(BITALE_ODD, LANES))};
}
BITALE_LANEWISE PAIR FFT(zip)(V a, V b) {
    return (PAIR){BITALE_SHUFFLE(a, b, BITALE_ORDER(BITALE_LOW, LANES)),
                  BITALE_SHUFFLE(a, b, BITALE_ORDER(BITALE_HIGH, LANES))};
}
#else
BITALE_LANEWISE PAIR FFT(apart)(V a, V b) {
    PAIR made;
    for (int l = 0; l < LANES; l++) {
        made.re[l] = 2 * l < LANES ? a[2 * l] : b[2 * l - LANES];
        made.im[l] = 2 * l < LANES ? a[2 * l + 1] : b[2 * l + 1 - LANES];
    }
    return made;
}
BITALE_LANEWISE PAIR FFT(zip)(V a, V b) {
    PAIR made;
    for (int l = 0; l < LANES; l++) {
        made.re[l] = l & 1 ? b[l / 2] : a[l / 2];
        made.im[l] = l & 1 ? b[(LANES + l) / 2] : a[(LANES + l) / 2];
    }
    return made;
}
#endif

/* The first `count` numbers at x; zeros follow. An inverse transform is one of numbers with both parts exchanged. */
BITALE_LANEWISE PAIR FFT(load)(const REAL *x, int64_t count, int inverse) {
    PAIR a;
    if (count < LANES) {
        REAL both[2 * LANES] = {0};
        memcpy(both, x, (size_t)count * 2 * sizeof(REAL));
        a = FFT(apart)(*(const FFT(anywhere) *)both, *(const FFT(anywhere) *)(both + LANES));
    } else {
        a = FFT(apart)(*(const FFT(anywhere) *)x, *(const FFT(anywhere) *)(x + LANES));
    }
    return inverse ? (PAIR){a.im, a.re} : a;
}

BITALE_LANEWISE void FFT(store)(REAL *y, PAIR a, int64_t count, int inverse) {
    const PAIR both = inverse ? FFT(zip)(a.im, a.re) : FFT(zip)(a.re, a.im);
    if (count < LANES) {
        memcpy(y, &both, (size_t)count * 2 * sizeof(REAL));
    } else {
        *(FFT(anywhere) *)y = both.re;
        *(FFT(anywhere) *)(y + LANES) = both.im;
    }
}

/* a[i] lane j becomes a[j] lane i: perfect shuffles. */
BITALE_LANEWISE void FFT(transpose)(V *a) {
    V t[LANES];
    for (int step = 1; step < LANES; step *= 2) {
        BITALE_UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            const PAIR both = FFT(zip)(a[i], a[i + LANES / 2]);
            t[2 * i] = both.re;
            t[2 * i + 1] = both.im;
        }
        BITALE_UNROLL
        for (int i = 0; i < LANES; i++) a[i] = t[i];
    }
}

BITALE_LANEWISE void FFT(transpose_pairs)(PAIR *a) {
    V re[LANES], im[LANES];
    BITALE_UNROLL
    for (int i = 0; i < LANES; i++) re[i] = a[i].re, im[i] = a[i].im;
    FFT(transpose)(re);
    FFT(transpose)(im);
    BITALE_UNROLL
    for (int i = 0; i < LANES; i++) a[i] = (PAIR){re[i], im[i]};
}
