/* ---- plans ---- */

typedef struct FFT(plan) FFT(plan);
struct FFT(plan) {
    int64_t n;
    FFT(passes) whole, columns, rows; /* of rows of n, and of rows that are split; of 0 passes what is not done */
    PAIR *turns, *tiles, *a, *b; /* the roots between columns and rows; what columns give; two of the longest passes */
    FFT(plan) *longer; /* that of Bluestein's convolution, or none */
    REAL *chirp, *kernel, *line;
    REAL *halves, *odd; /* for real numbers: roots of 2 n, or LANES rows */
    void *blocks;
};

static void FFT(release)(FFT(plan) *plan) {
    if (!plan) return;
    FFT(release)(plan->longer);
    bitale_free_blocks(plan->blocks); /* it is in one of them itself */
}

static void FFT(root)(int64_t k, int64_t n, REAL *re, REAL *im) {
    double cosine, sine;
    bitale_root(k, n, &cosine, &sine);
    *re = (REAL)cosine;
    *im = (REAL)sine;
}

/* Complex numbers: the first `count` of every `step`-th root of n. */
static REAL *FFT(roots)(void **blocks, int64_t n, int64_t count, int64_t step) {
    REAL *const w = bitale_block(blocks, count * 2 * (int64_t)sizeof(REAL));
    for (int64_t k = 0; w && k < count; k++) FFT(root)(k * step % n, n, w + 2 * k, w + 2 * k + 1);
    return w;
}

/* Passes for n, and whether there was memory for them. */
static int FFT(prepare)(FFT(passes) *passes, int64_t n, void **blocks) {
    passes->n = n;
    for (int64_t m = n; m > 1;) {
        const int r = bitale_radix(m), k = passes->count++;
        REAL *w = passes->roots[k] = bitale_block(blocks, m / r * (r - 1) * 2 * (int64_t)sizeof(REAL));
        passes->radix[k] = r;
        passes->odd[k] = r > 5 && r != 8 ? FFT(roots)(blocks, r, r, r - 1) : w;
        if (!w || !passes->odd[k]) return 0;
        for (int64_t p = 0; p < m / r; p++)
            for (int j = 1; j < r; j++, w += 2) FFT(root)(j * p, m, w, w + 1);
        m /= r;
    }
    return 1;
}

/* n1 of n = n1 n2: both close to the root of n, and few lanes empty; 0 for none that is worth it. */
static int64_t FFT(divide)(int64_t n) {
    double best = 1.9;
    int64_t found = 0;
    for (int64_t d = 2; d * d <= n; d++)
        for (int side = 0; side < 2 && n % d == 0; side++) {
            const int64_t n1 = side ? n / d : d, n2 = n / n1, lanes1 = -n1 & (LANES - 1), lanes2 = -n2 & (LANES - 1);
            const double empty = (double)(n1 + lanes1) / (double)n1 * (double)(n2 + lanes2) / (double)n2;
            const double cost = empty + 0.02 * fabs(log2((double)n1 / (double)n2));
            if (cost < best) best = cost, found = n1;
        }
    return found;
}

static int FFT(plan_split)(FFT(plan) *plan, int64_t n1, int64_t n2) {
    const int64_t blocks = (n2 + LANES - 1) / LANES;
    if (!FFT(prepare)(&plan->columns, n1, &plan->blocks) || !FFT(prepare)(&plan->rows, n2, &plan->blocks)) return 0;
    plan->turns = bitale_block(&plan->blocks, blocks * n1 * (int64_t)sizeof(PAIR));
    plan->tiles = bitale_block(&plan->blocks, (n1 + LANES - 1) / LANES * n2 * (int64_t)sizeof(PAIR));
    if (!plan->turns || !plan->tiles) return 0;
    for (int64_t j = 0; j < blocks * LANES; j++)
        for (int64_t k = 0; k < n1; k++) {
            PAIR *const at = plan->turns + j / LANES * n1 + k;
            FFT(root)(j < n2 ? j * k : 0, plan->n, (REAL *)&at->re + j % LANES, (REAL *)&at->im + j % LANES);
        }
    return 1;
}

static FFT(plan) *FFT(make)(int64_t n);
static void FFT(run)(FFT(plan) *plan, const REAL *x, int64_t x_row, REAL *y, int64_t y_row, int64_t rows, int inverse);

/* exp(-2 pi i j k / n) is c[j] c[k] / c[k - j] with c[k] = exp(-pi i k k / n): a convolution with 1 / c. */
static int FFT(plan_convolution)(FFT(plan) *plan) {
    const int64_t n = plan->n, m = bitale_good_length(2 * n - 1);
    plan->longer = FFT(make)(m);
    plan->chirp = bitale_block(&plan->blocks, n * 2 * (int64_t)sizeof(REAL));
    plan->kernel = bitale_block(&plan->blocks, m * 2 * (int64_t)sizeof(REAL));
    plan->line = bitale_block(&plan->blocks, m * 2 * (int64_t)sizeof(REAL));
    if (!plan->longer || !plan->chirp || !plan->kernel || !plan->line) return 0;
    memset(plan->line, 0, (size_t)m * 2 * sizeof(REAL));
    for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), k++) {
        double re, im;
        bitale_root(square, 2 * n, &re, &im);
        plan->chirp[2 * k] = (REAL)re;
        plan->chirp[2 * k + 1] = (REAL)im;
        for (int side = 0; side < 2; side++) {
            REAL *const at = plan->line + 2 * (side && k ? m - k : k);
            at[0] = (REAL)(re / (double)m);
            at[1] = (REAL)(-im / (double)m);
        }
    }
    FFT(run)(plan->longer, plan->line, m, plan->kernel, m, 1, 0);
    return 1;
}

/* A plan for n points; NULL when memory ran out. */
static FFT(plan) *FFT(make)(int64_t n) {
    void *blocks = 0;
    FFT(plan) *const plan = bitale_block(&blocks, sizeof *plan);
    if (!plan) return 0;
    memset(plan, 0, sizeof *plan);
    plan->n = n;
    plan->blocks = blocks;
    int fine = 1;
    if (!bitale_has_radices(n)) {
        fine = FFT(plan_convolution)(plan);
    } else {
        const int64_t n1 = n < 4 * LANES ? 0 : FFT(divide)(n), n2 = n1 ? n / n1 : 0;
        const int64_t longest = !n1 || n <= BITALE_SHORT ? n : n1 > n2 ? n1 : n2;
        if (n1) fine = FFT(plan_split)(plan, n1, n2);
        if (longest == n) fine = fine && FFT(prepare)(&plan->whole, n, &plan->blocks);
        plan->a = bitale_block(&plan->blocks, (longest + LANES) * (int64_t)sizeof(PAIR));
        plan->b = bitale_block(&plan->blocks, (longest + LANES) * (int64_t)sizeof(PAIR));
        fine = fine && plan->a && plan->b;
    }
    if (fine) return plan;
    FFT(release)(plan);
    return 0;
}
