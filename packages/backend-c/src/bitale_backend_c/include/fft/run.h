/* ---- transforms ---- */

/* LANES numbers of each of `rows` rows, as LANES numbers of all rows. `full`: there are as many. */
BITALE_LANEWISE void FFT(gather)(
    const REAL *x, int64_t row, PAIR *a, int64_t rows, int64_t count, int inverse, int full
) {
    PAIR t[LANES];
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++)
        t[l] = full || l < rows ? FFT(load)(x + 2 * row * l, full ? LANES : count, inverse) : FFT(minus)(t[0], t[0]);
    FFT(transpose_pairs)(t);
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++)
        if (full || l < count) a[l] = t[l];
}

BITALE_LANEWISE void FFT(spread)(
    const PAIR *a, REAL *y, int64_t row, int64_t rows, int64_t count, int inverse, int full
) {
    PAIR t[LANES];
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++) t[l] = a[full || l < count ? l : 0];
    FFT(transpose_pairs)(t);
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++)
        if (full || l < rows) FFT(store)(y + 2 * row * l, t[l], full ? LANES : count, inverse);
}

/* Up to LANES rows at once. */
static void FFT(run_rows)(
    FFT(plan) *plan, const REAL *x, int64_t x_row, REAL *y, int64_t y_row, int64_t rows, int inverse
) {
    const int64_t n = plan->n, whole = rows == LANES ? n - n % LANES : 0;
    for (int64_t j = 0; j < whole; j += LANES) FFT(gather)(x + 2 * j, x_row, plan->a + j, rows, n - j, inverse, 1);
    for (int64_t j = whole; j < n; j += LANES) FFT(gather)(x + 2 * j, x_row, plan->a + j, rows, n - j, inverse, 0);
    const PAIR *const made = FFT(transform)(&plan->whole, plan->a, plan->b);
    for (int64_t j = 0; j < whole; j += LANES) FFT(spread)(made + j, y + 2 * j, y_row, rows, n - j, inverse, 1);
    for (int64_t j = whole; j < n; j += LANES) FFT(spread)(made + j, y + 2 * j, y_row, rows, n - j, inverse, 0);
}

/* Of LANES columns, turned: LANES elements of each, as elements of LANES rows. */
BITALE_LANEWISE void FFT(turn_tile)(const PAIR *a, const PAIR *w, PAIR *tile, int64_t rows, int64_t columns, int full) {
    PAIR t[LANES];
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++) {
        const int at = full || l < rows ? l : 0;
        t[l].re = a[at].re * w[at].re - a[at].im * w[at].im;
        t[l].im = a[at].re * w[at].im + a[at].im * w[at].re;
    }
    FFT(transpose_pairs)(t);
    BITALE_UNROLL
    for (int l = 0; l < LANES; l++)
        if (full || l < columns) tile[l] = t[l];
}

BITALE_LANEWISE void FFT(columns_of)(FFT(plan) *plan, const REAL *x, int64_t j, int inverse, int full) {
    const int64_t n1 = plan->columns.n, n2 = plan->rows.n, whole = full ? n1 - n1 % LANES : 0;
    for (int64_t k = 0; k < n1; k++) plan->a[k] = FFT(load)(x + 2 * (k * n2 + j), full ? LANES : n2 - j, inverse);
    const PAIR *const made = FFT(transform)(&plan->columns, plan->a, plan->b), *const w = plan->turns + j / LANES * n1;
    PAIR *const tiles = plan->tiles + j;
    for (int64_t k = 0; k < whole; k += LANES)
        FFT(turn_tile)(made + k, w + k, tiles + k / LANES * n2, LANES, LANES, 1);
    for (int64_t k = whole; k < n1; k += LANES)
        FFT(turn_tile)(made + k, w + k, tiles + k / LANES * n2, n1 - k, n2 - j, 0);
}

static void FFT(run_split)(FFT(plan) *plan, const REAL *x, REAL *y, int inverse) {
    const int64_t n1 = plan->columns.n, n2 = plan->rows.n;
    for (int64_t j = 0; j < n2; j += LANES) {
        if (n2 - j >= LANES)
            FFT(columns_of)(plan, x, j, inverse, 1);
        else
            FFT(columns_of)(plan, x, j, inverse, 0);
    }
    for (int64_t k = 0; k < n1; k += LANES) {
        const PAIR *const made = FFT(transform)(&plan->rows, plan->tiles + k / LANES * n2, plan->b);
        if (n1 - k >= LANES)
            for (int64_t j = 0; j < n2; j++) FFT(store)(y + 2 * (j * n1 + k), made[j], LANES, inverse);
        else
            for (int64_t j = 0; j < n2; j++) FFT(store)(y + 2 * (j * n1 + k), made[j], n1 - k, inverse);
    }
}

static void FFT(run_convolution)(FFT(plan) *plan, const REAL *x, REAL *y, int inverse) {
    const int64_t n = plan->n, m = plan->longer->n;
    REAL *const line = plan->line;
    const REAL *const c = plan->chirp, *const b = plan->kernel;
    const int re = inverse, im = !inverse;
    for (int64_t k = 0; k < n; k++) {
        line[2 * k] = x[2 * k + re] * c[2 * k] - x[2 * k + im] * c[2 * k + 1];
        line[2 * k + 1] = x[2 * k + re] * c[2 * k + 1] + x[2 * k + im] * c[2 * k];
    }
    memset(line + 2 * n, 0, (size_t)(m - n) * 2 * sizeof(REAL));
    FFT(run)(plan->longer, line, m, line, m, 1, 0);
    for (int64_t k = 0; k < m; k++) {
        const REAL p = line[2 * k], q = line[2 * k + 1];
        line[2 * k] = p * b[2 * k] - q * b[2 * k + 1];
        line[2 * k + 1] = p * b[2 * k + 1] + q * b[2 * k];
    }
    FFT(run)(plan->longer, line, m, line, m, 1, 1);
    for (int64_t k = 0; k < n; k++) {
        const REAL p = line[2 * k], q = line[2 * k + 1];
        y[2 * k + re] = p * c[2 * k] - q * c[2 * k + 1];
        y[2 * k + im] = p * c[2 * k + 1] + q * c[2 * k];
    }
}

/* `rows` rows of n complex numbers, which begin x_row and y_row numbers after each other. y may be x. */
static void FFT(run)(FFT(plan) *plan, const REAL *x, int64_t x_row, REAL *y, int64_t y_row, int64_t rows, int inverse) {
    const int together = plan->a && (!plan->turns || (plan->n <= BITALE_SHORT && rows >= (LANES + 1) / 2));
    for (int64_t k = 0, count; k < rows; k += count, x += 2 * count * x_row, y += 2 * count * y_row) {
        count = !together ? 1 : rows - k < LANES ? rows - k : LANES;
        if (together)
            FFT(run_rows)(plan, x, x_row, y, y_row, count, inverse);
        else if (plan->longer)
            FFT(run_convolution)(plan, x, y, inverse);
        else
            FFT(run_split)(plan, x, y, inverse);
    }
}
