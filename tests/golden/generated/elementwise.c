/* tanh(x.T + b) * y[:, y.shape[1] - 1::-1] */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, const double *restrict b, int64_t b_s0, const double *restrict y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t size_4) {
#pragma omp for nowait
    for (int64_t i = 0; i < y_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < y_1; j++) {
            result_0[i*y_1 + j] = tanh((x[j*x_s0 + i*x_s1] + b[j*b_s0])) * y[i*y_s0 + ((size_4 + ((-1) * j)))*y_s1];
        }
    }
}

/* tanh(x.T + b) * y[:, y.shape[1] - 1::-1] */
BITALE_APART void compute_result_0_in_tiles(double *restrict x_tile_all, double *restrict y_tile_all, double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, const double *restrict y, int64_t y_s0, int64_t y_s1, const double *restrict b, int64_t b_s0, int64_t y_0, int64_t y_1, int64_t size_4) {
#pragma omp for nowait
    for (int64_t i_tile = 0; i_tile < bitale_floor_divide_i64((y_0 + 127), 128); i_tile++) {
        double *restrict x_tile_row = x_tile_all + bitale_thread()*(16384);
        double *restrict y_tile_row = y_tile_all + bitale_thread()*(16384);
        const int64_t i_first = i_tile * 128;
        const int64_t i_count = bitale_minimum_i64(128, (y_0 - i_first));
        for (int64_t j_tile = 0; j_tile < bitale_floor_divide_i64((y_1 + 127), 128); j_tile++) {
            const int64_t j_first = j_tile * 128;
            const int64_t j_count = bitale_minimum_i64(128, (y_1 - j_first));
            int64_t x_tile_s0;
            const double *x_tile = bitale_tile_f64(x_tile_row, x + j_first*x_s0 + i_first*x_s1, x_s1, x_s0, i_count, j_count, &x_tile_s0);
            int64_t y_tile_s0;
            const double *y_tile = bitale_tile_f64(y_tile_row, y + i_first*y_s0 + ((size_4 + ((-1) * j_first)))*y_s1, y_s0, (-1)*y_s1, i_count, j_count, &y_tile_s0);
            for (int64_t i_in = 0; i_in < i_count; i_in++) {
                const int64_t i = i_first + i_in;
#pragma omp simd
                for (int64_t j_in = 0; j_in < j_count; j_in++) {
                    const int64_t j = j_first + j_in;
                    result_0[i*y_1 + j] = tanh((x_tile[i_in*x_tile_s0 + j_in] + b[j*b_s0])) * y_tile[i_in*y_tile_s0 + j_in];
                }
            }
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const int32_t threads = call->threads;
    const double *x = call->inputs[0].data;  /* float64[y_1, y_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const double *y = call->inputs[1].data;  /* float64[y_0, y_1] y */
    const int64_t y_0 = call->inputs[1].shape[0];
    const int64_t y_1 = call->inputs[1].shape[1];
    const int64_t y_s0 = call->inputs[1].strides[0] / 8;
    const int64_t y_s1 = call->inputs[1].strides[1] / 8;
    const double *b = call->inputs[2].data;  /* float64[y_1] b */
    const int64_t b_0 = call->inputs[2].shape[0];
    const int64_t b_s0 = call->inputs[2].strides[0] / 8;
    const int64_t size_3 = bitale_floor_divide_i64(((-1) - (y_1 + (-1))), (-1));
    const int64_t size_4 = (y_1 - 1);
    if (!((x_0 == b_0))) { call->failure[0] = (int64_t)(x_0); call->failure[1] = (int64_t)(b_0); return 1; }
    if (!((x_1 == y_0))) { call->failure[0] = (int64_t)(x_1); call->failure[1] = (int64_t)(y_0); return 2; }
    if (!((b_0 == y_1))) { call->failure[0] = (int64_t)(b_0); call->failure[1] = (int64_t)(y_1); return 3; }
    if (!((y_1 == size_3))) { call->failure[0] = (int64_t)(y_1); call->failure[1] = (int64_t)(size_3); return 4; }
    const int64_t result_0_shape[] = {y_0, y_1};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[y_0, y_1] tanh(x.T + b) * y[:, y.shape[1] - 1::-1] */
    if (!result_0) return -1;
    if ((y_0 * y_1) >= 65536) {
        double *x_tile_all = call->workspace(call, (131072 * threads));
        if (!x_tile_all) return -1;
        double *y_tile_all = call->workspace(call, (131072 * threads));
        if (!y_tile_all) return -1;
        BITALE_SHARE(96*(bitale_floor_divide_i64((y_0 + 127), 128))*(bitale_floor_divide_i64((y_1 + 127), 128))*128*128, compute_result_0_in_tiles(x_tile_all, y_tile_all, result_0, x, x_s0, x_s1, y, y_s0, y_s1, b, b_s0, y_0, y_1, size_4));
    } else if (x_s1 == 1 && b_s0 == 1 && y_s1 == 1) {
        BITALE_SHARE(44*y_0*y_1, compute_result_0(result_0, x, x_s0, 1, b, 1, y, y_s0, 1, y_0, y_1, size_4));
    } else {
        BITALE_SHARE(44*y_0*y_1, compute_result_0(result_0, x, x_s0, x_s1, b, b_s0, y, y_s0, y_s1, y_0, y_1, size_4));
    }
    return 0;
}
