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

/* `count` rows of n complex numbers. Returns 0, or -1 when memory ran out. */
static inline int FFT(of_complex)(const REAL *x, REAL *y, int64_t count, int64_t n, int inverse) {
    FFT(plan) *const plan = count ? FFT(take)(n) : 0;
    if (!plan) return count ? -1 : 0;
    FFT(run)(plan, x, n, y, n, count, inverse);
    FFT(put)(plan);
    return 0;
}

/* `count` rows of n real numbers to the first n / 2 + 1 of their transforms, or, `inverse`, the other way. */
static inline int FFT(of_real)(const REAL *x, REAL *y, int64_t count, int64_t n, int inverse) {
    FFT(plan) *const plan = count ? FFT(take)(n % 2 ? n : n / 2) : 0;
    int failed = count && !plan;
    if (plan && n % 2) {
        failed = FFT(run_odd)(plan, x, y, count, inverse);
    } else if (plan) {
        if (!plan->halves) plan->halves = FFT(roots)(&plan->blocks, n, n / 4 + 1, 1);
        failed = !plan->halves;
        if (!failed) (inverse ? FFT(run_to_real) : FFT(run_real))(plan, x, y, count);
    }
    FFT(put)(plan);
    return failed ? -1 : 0;
}

#undef V
#undef PAIR
