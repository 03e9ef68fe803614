/* ---- plans that have been made ---- */

/* Who uses a plan takes it out of here, and puts it back in the place of an older one: so threads need not wait. */
#ifdef BITALE_PLANS
static FFT(plan) *FFT(kept)[BITALE_PLANS];
static int64_t FFT(lengths)[BITALE_PLANS];

static FFT(plan) *FFT(take)(int64_t n) {
    for (int k = 0; k < BITALE_PLANS; k++) {
        if (__atomic_load_n(&FFT(lengths)[k], __ATOMIC_ACQUIRE) != n) continue;
        FFT(plan) *const found = __atomic_exchange_n(&FFT(kept)[k], 0, __ATOMIC_ACQ_REL);
        if (found && found->n == n) return found;
        FFT(release)(found); /* another thread has changed it in between */
    }
    return FFT(make)(n);
}

static void FFT(put)(FFT(plan) *plan) {
    static unsigned oldest;
    for (unsigned tried = 0; plan && tried <= BITALE_PLANS; tried++) {
        const int all = tried == BITALE_PLANS;
        const unsigned k = all ? __atomic_fetch_add(&oldest, 1, __ATOMIC_RELAXED) % BITALE_PLANS : tried;
        if (!all && __atomic_load_n(&FFT(kept)[k], __ATOMIC_RELAXED)) continue;
        const int64_t n = plan->n;
        plan = __atomic_exchange_n(&FFT(kept)[k], plan, __ATOMIC_ACQ_REL);
        __atomic_store_n(&FFT(lengths)[k], n, __ATOMIC_RELEASE);
    }
    FFT(release)(plan);
}
#else
static FFT(plan) *FFT(take)(int64_t n) { return FFT(make)(n); }
static void FFT(put)(FFT(plan) *plan) { FFT(release)(plan); }
#endif

/* ---- what programs call: all return 0, or -1 when memory ran out ---- */

typedef int FFT(part)(const REAL *x, REAL *y, int64_t rows, int64_t n, int inverse);

static int FFT(some_complex)(const REAL *x, REAL *y, int64_t rows, int64_t n, int inverse) {
    FFT(plan) *const plan = rows ? FFT(take)(n) : 0;
    if (!plan) return rows ? -1 : 0;
    FFT(run)(plan, x, n, y, n, rows, inverse);
    FFT(put)(plan);
    return 0;
}

static int FFT(some_real)(const REAL *x, REAL *y, int64_t rows, int64_t n, int inverse) {
    FFT(plan) *const plan = rows ? FFT(take)(n % 2 ? n : n / 2) : 0;
    int failed = rows && !plan;
    if (plan && n % 2) {
        failed = FFT(run_odd)(plan, x, y, rows, inverse);
    } else if (plan) {
        if (!plan->halves) plan->halves = FFT(roots)(&plan->blocks, n, n / 4 + 1, 1);
        failed = !plan->halves;
        if (!failed) (inverse ? FFT(run_to_real) : FFT(run_real))(plan, x, y, rows);
    }
    FFT(put)(plan);
    return failed ? -1 : 0;
}

/* Each thread transforms a part of the rows, by a plan of its own, where that takes a fifth of a millisecond. */
static int FFT(share)(
    int32_t threads, FFT(part) *part, const REAL *x, int64_t x_row, REAL *y, int64_t y_row, int64_t rows, int64_t n,
    int inverse
) {
    const int64_t parts = threads < 2 || rows * n < 100000 ? 1 : rows < threads ? rows : threads;
    int failed = 0;
#pragma omp parallel for num_threads((int)parts) reduction(| : failed) if (parts > 1)
    for (int64_t k = 0; k < parts; k++) {
        const int64_t first = rows * k / parts, end = rows * (k + 1) / parts;
        failed |= part(x + first * x_row, y + first * y_row, end - first, n, inverse);
    }
    return failed;
}

/* Rows of n complex numbers. */
static inline int FFT(of_complex)(int32_t threads, const REAL *x, REAL *y, int64_t rows, int64_t n, int inverse) {
    return FFT(share)(threads, FFT(some_complex), x, 2 * n, y, 2 * n, rows, n, inverse);
}

/* Rows of n real numbers to the first n / 2 + 1 of their transforms, or, `inverse`, the other way. */
static inline int FFT(of_real)(int32_t threads, const REAL *x, REAL *y, int64_t rows, int64_t n, int inverse) {
    const int64_t half = 2 * (n / 2 + 1);
    return FFT(share)(threads, FFT(some_real), x, inverse ? half : n, y, inverse ? n : half, rows, n, inverse);
}

#undef V
#undef PAIR
