/* sum(x, axis=0) */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, int64_t x_1, int64_t x_0) {
#pragma omp simd
    for (int64_t j = 0; j < x_1; j++) {
        result_0[j] = 0.0;
    }
    for (int64_t i = 0; i < x_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < x_1; j++) {
            result_0[j] += x[i*x_s0 + j*x_s1];
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[x_0, x_1] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const int64_t result_0_shape[] = {x_1};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[x_1] sum(x, axis=0) */
    if (!result_0) return -1;
    if (x_s1 == 1) {
        compute_result_0(result_0, x, x_s0, 1, x_1, x_0);
    } else {
        compute_result_0(result_0, x, x_s0, x_s1, x_1, x_0);
    }
    return 0;
}
