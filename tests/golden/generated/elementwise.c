/* tanh(x.T + b) * y[:, y.shape[1] - 1:...:-1] */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, const double *restrict b, int64_t b_s0, const double *restrict y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t b_0, int64_t size_6) {
#pragma omp for nowait
    for (int64_t i = 0; i < y_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < b_0; j++) {
            result_0[i*b_0 + j] = tanh((x[j*x_s0 + i*x_s1] + b[j*b_s0])) * y[i*y_s0 + ((size_6 + ((-1) * j)))*y_s1];
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[b_0, y_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const double *y = call->inputs[1].data;  /* float64[y_0, y_1] y */
    const int64_t y_0 = call->inputs[1].shape[0];
    const int64_t y_1 = call->inputs[1].shape[1];
    const int64_t y_s0 = call->inputs[1].strides[0] / 8;
    const int64_t y_s1 = call->inputs[1].strides[1] / 8;
    const double *b = call->inputs[2].data;  /* float64[b_0] b */
    const int64_t b_0 = call->inputs[2].shape[0];
    const int64_t b_s0 = call->inputs[2].strides[0] / 8;
    const int64_t size_2 = bitale_floor_divide_i64((-y_1), (-1));
    const int64_t size_5 = bitale_floor_divide_i64(((-1) - (y_1 + (-1))), (-1));
    const int64_t size_6 = (y_1 - 1);
    if (!((x_0 == b_0))) { call->failure[0] = (int64_t)(x_0); call->failure[1] = (int64_t)(b_0); return 1; }
    if (!((x_1 == y_0))) { call->failure[0] = (int64_t)(x_1); call->failure[1] = (int64_t)(y_0); return 2; }
    if (!((b_0 == size_2))) { call->failure[0] = (int64_t)(b_0); call->failure[1] = (int64_t)(size_2); return 3; }
    if (!((b_0 == size_5))) { call->failure[0] = (int64_t)(b_0); call->failure[1] = (int64_t)(size_5); return 4; }
    const int64_t result_0_shape[] = {y_0, b_0};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[y_0, b_0] tanh(x.T + b) * y[:, y.shape[1] - 1:...:-1] */
    if (!result_0) return -1;
    if (x_s0 == y_0 && x_s1 == 1 && b_s0 == 1 && y_s0 == y_1 && y_s1 == 1) {
        BITALE_SHARE(34*y_0*b_0, compute_result_0(result_0, x, y_0, 1, b, 1, y, y_1, 1, y_0, b_0, size_6));
    } else {
        BITALE_SHARE(34*y_0*b_0, compute_result_0(result_0, x, x_s0, x_s1, b, b_s0, y, y_s0, y_s1, y_0, b_0, size_6));
    }
    return 0;
}
