/* concatenate([exp(x), y + 1], axis=0) */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t y_1) {
#pragma omp for nowait
    for (int64_t i = 0; i < x_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < y_1; j++) {
            result_0[i*y_1 + j] = exp(x[i*x_s0 + j*x_s1]);
        }
    }
}

/* concatenate([exp(x), y + 1], axis=0) */
BITALE_INLINE void compute_result_0_2(double *restrict result_0, const double *restrict y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t x_0) {
#pragma omp for nowait
    for (int64_t i = 0; i < y_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < y_1; j++) {
            result_0[((x_0 + i))*y_1 + j] = y[i*y_s0 + j*y_s1] + 1.0;
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[x_0, y_1] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const double *y = call->inputs[1].data;  /* float64[y_0, y_1] y */
    const int64_t y_0 = call->inputs[1].shape[0];
    const int64_t y_1 = call->inputs[1].shape[1];
    const int64_t y_s0 = call->inputs[1].strides[0] / 8;
    const int64_t y_s1 = call->inputs[1].strides[1] / 8;
    const int64_t size = (x_0 + y_0);
    if (!((x_1 == y_1))) { call->failure[0] = (int64_t)(x_1); call->failure[1] = (int64_t)(y_1); return 1; }
    const int64_t result_0_shape[] = {size, y_1};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[size, y_1] concatenate([exp(x), y + 1], axis=0) */
    if (!result_0) return -1;
    if (x_s0 == y_1 && x_s1 == 1) {
        BITALE_SHARE(30*x_0*y_1, compute_result_0(result_0, x, y_1, 1, x_0, y_1));
    } else {
        BITALE_SHARE(30*x_0*y_1, compute_result_0(result_0, x, x_s0, x_s1, x_0, y_1));
    }
    if (y_s0 == y_1 && y_s1 == 1) {
        BITALE_SHARE(12*y_0*y_1, compute_result_0_2(result_0, y, y_1, 1, y_0, y_1, x_0));
    } else {
        BITALE_SHARE(12*y_0*y_1, compute_result_0_2(result_0, y, y_s0, y_s1, y_0, y_1, x_0));
    }
    return 0;
}
