/* ---- real numbers ---- */

/* An even number of real ones: transformed as half as many complex ones z. Then z[k] = e[k] + i o[k], where e and o are
   the transforms of the even and of the odd places, of which that of x is made. */
static void FFT(run_real)(FFT(plan) *plan, const REAL *x, REAL *y, int64_t count) {
    const int64_t h = plan->n, row = 2 * h + 2;
    const REAL *const w = plan->halves;
    FFT(run)(plan, x, h, y, h + 1, count, 0);
    for (int64_t c = 0; c < count; c++, y += row) {
        const REAL re = y[0], im = y[1];
        y[0] = re + im;
        y[1] = 0;
        y[2 * h] = re - im;
        y[2 * h + 1] = 0;
        REAL *const a = y, *const b = y + 2 * h;
#pragma omp simd
        for (int64_t k = 1; k <= h / 2; k++) {
            const REAL p = a[2 * k], q = a[2 * k + 1], r = b[-2 * k], s = b[1 - 2 * k];
            const REAL even = (REAL)0.5 * (p + r), side = (REAL)0.5 * (q - s);
            const REAL u = (REAL)0.5 * (q + s), v = (REAL)0.5 * (r - p);
            const REAL turned = u * w[2 * k] - v * w[2 * k + 1], across = u * w[2 * k + 1] + v * w[2 * k];
            a[2 * k] = even + turned;
            a[2 * k + 1] = side + across;
            b[-2 * k] = even - turned;
            b[1 - 2 * k] = across - side;
        }
    }
}

/* The other way round; y is the sum, n times the numbers of which x is the transform. */
static void FFT(run_to_real)(FFT(plan) *plan, const REAL *x, REAL *y, int64_t count) {
    const int64_t h = plan->n, row = 2 * h + 2;
    const REAL *const w = plan->halves;
    for (int64_t c = 0; c < count; c++, x += row) {
        const REAL *const a = x, *const b = x + 2 * h;
        REAL *const first = y + 2 * h * c, *const last = first + 2 * h;
        first[0] = x[0] + x[2 * h];
        first[1] = x[0] - x[2 * h];
#pragma omp simd
        for (int64_t k = 1; k <= h / 2; k++) {
            const REAL p = a[2 * k], q = a[2 * k + 1], r = b[-2 * k], s = b[1 - 2 * k];
            const REAL even = p + r, side = q - s, u = q + s, v = p - r;
            const REAL turned = u * w[2 * k] - v * w[2 * k + 1], across = u * w[2 * k + 1] + v * w[2 * k];
            first[2 * k] = even - turned;
            first[2 * k + 1] = side + across;
            last[-2 * k] = even + turned;
            last[1 - 2 * k] = across - side;
        }
    }
    FFT(run)(plan, y, h, y, h, count, 1);
}

/* An odd number of points: as complex numbers, LANES rows at a time. */
static int FFT(run_odd)(FFT(plan) *plan, const REAL *x, REAL *y, int64_t count, int inverse) {
    const int64_t n = plan->n, h = n / 2 + 1, most = plan->n <= BITALE_SHORT ? LANES : 1;
    if (!plan->odd) plan->odd = bitale_block(&plan->blocks, most * n * 2 * (int64_t)sizeof(REAL));
    REAL *const line = plan->odd;
    if (!line) return -1;
    for (int64_t c = 0; c < count; c += most) {
        const int64_t rows = count - c < most ? count - c : most;
        for (int64_t l = 0; l < rows; l++) {
            REAL *const at = line + 2 * n * l;
            const REAL *const from = inverse ? x + 2 * h * (c + l) : x + n * (c + l);
            for (int64_t k = 0; k < n; k++) {
                at[2 * k] = !inverse ? from[k] : from[2 * (k < h ? k : n - k)];
                at[2 * k + 1] = !inverse || !k ? 0 : k < h ? from[2 * k + 1] : -from[2 * (n - k) + 1];
            }
        }
        FFT(run)(plan, line, n, line, n, rows, inverse);
        for (int64_t l = 0; l < rows; l++) {
            REAL *const at = line + 2 * n * l;
            at[1] = 0; /* the sum of real numbers */
            if (inverse)
                for (int64_t k = 0; k < n; k++) y[n * (c + l) + k] = at[2 * k];
            else
                memcpy(y + 2 * h * (c + l), at, (size_t)h * 2 * sizeof(REAL));
        }
    }
    return 0;
}
