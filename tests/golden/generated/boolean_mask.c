/* nonzero(x > 0) */
BITALE_INLINE void compute_count(int64_t *restrict count, const double *restrict x, int64_t x_s0, int64_t x_0) {
    int64_t count_sum = 0;
#pragma omp simd reduction(+:count_sum)
    for (int64_t i = 0; i < x_0; i++) {
        count_sum += (int64_t)(x[i*x_s0] > 0.0);
    }
    count[0] = count_sum;
}

/* nonzero(x > 0) */
BITALE_INLINE void nonzero_2(int64_t *restrict nonzero, const double *restrict x, int64_t x_s0, int64_t x_0) {
    int64_t position = 0;
    for (int64_t i = 0; i < x_0; i++) {
        if (x[i*x_s0] > 0.0) {
            nonzero[position] = i;
            position = position + 1;
        }
    }
}

/* sqrt(x[x > 0]) */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, const int64_t *restrict nonzero, int64_t found, int64_t x_0) {
#pragma omp for simd nowait
    for (int64_t i = 0; i < found; i++) {
        result_0[i] = sqrt(x[(((nonzero[i] < 0) ? (nonzero[i] + x_0) : nonzero[i]))*x_s0]);
    }
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[x_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    int64_t count[1];  /* int64 */
    if (x_s0 == 1) {
        compute_count(count, x, 1, x_0);
    } else {
        compute_count(count, x, x_s0, x_0);
    }
    const int64_t found = count[0];
    char *slot_0 = call->workspace(call, (found * 8));
    if (!slot_0) return -1;
    int64_t *nonzero = (int64_t *)slot_0;  /* int64[found] nonzero(x > 0) */
    if (x_s0 == 1) {
        nonzero_2(nonzero, x, 1, x_0);
    } else {
        nonzero_2(nonzero, x, x_s0, x_0);
    }
    const int64_t result_0_shape[] = {found};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[found] sqrt(x[x > 0]) */
    if (!result_0) return -1;
    if (x_s0 == 1) {
        BITALE_SHARE(27*found, compute_result_0(result_0, x, 1, nonzero, found, x_0));
    } else {
        BITALE_SHARE(27*found, compute_result_0(result_0, x, x_s0, nonzero, found, x_0));
    }
    return 0;
}
