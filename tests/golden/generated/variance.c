/* sum(x, axis=1) */
/* sum((x - sum(x, axis=1)[:, None] / x.shape[1])**2, axis=1) */
/* sum((x - sum(x, axis=1)[:, None] / x.shape[1])**2, axis=1) / x.shape[1] */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) {
#pragma omp for nowait
    for (int64_t i = 0; i < x_0; i++) {
        double reduce_add_3 = 0.0;
        long double reduce_add_3_total = reduce_add_3;
        for (int64_t j_block = 0; j_block < x_1; j_block += 1024) {
            const int64_t j_end = j_block + 1024 < x_1 ? j_block + 1024 : x_1;
            reduce_add_3 = 0;
            if (x_s1 == 1 && j_end - j_block >= BITALE_LONG) {
                const int32_t j_left = (int32_t)((j_end - j_block - 1) % 16) + 1;
                double reduce_add_3_lanes[16];
#pragma omp simd
                for (int32_t lane = 0; lane < 16; lane++) {
                    const int64_t j = j_block + lane;
                    double reduce_add_3_lane = 0.0;
                    if (lane < j_left) {
                        reduce_add_3_lane += x[i*x_s0 + j*x_s1];
                    }
                    reduce_add_3_lanes[lane] = reduce_add_3_lane;
                }
                for (int64_t j_group = j_block + j_left; j_group < j_end; j_group += 16) {
#pragma omp simd
                    for (int32_t lane = 0; lane < 16; lane++) {
                        const int64_t j = j_group + lane;
                        double reduce_add_3_lane = reduce_add_3_lanes[lane];
                        reduce_add_3_lane += x[i*x_s0 + j*x_s1];
                        reduce_add_3_lanes[lane] = reduce_add_3_lane;
                    }
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 8; lane++) {
                    reduce_add_3_lanes[lane] += reduce_add_3_lanes[lane + 8];
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 4; lane++) {
                    reduce_add_3_lanes[lane] += reduce_add_3_lanes[lane + 4];
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 2; lane++) {
                    reduce_add_3_lanes[lane] += reduce_add_3_lanes[lane + 2];
                }
                reduce_add_3 += reduce_add_3_lanes[0];
                reduce_add_3 += reduce_add_3_lanes[1];
            } else {
#pragma omp simd reduction(+:reduce_add_3)
                for (int64_t j = j_block; j < j_end; j++) {
                    reduce_add_3 += x[i*x_s0 + j*x_s1];
                }
            }
            if (x_1 > 1024) reduce_add_3_total += reduce_add_3;
        }
        if (x_1 > 1024) reduce_add_3 = (double)reduce_add_3_total;
        double reduce_add_2_2 = 0.0;
        const double fixed = reduce_add_3 / ((double)x_1);
        long double reduce_add_2_2_total = reduce_add_2_2;
        for (int64_t j_block = 0; j_block < x_1; j_block += 1024) {
            const int64_t j_end = j_block + 1024 < x_1 ? j_block + 1024 : x_1;
            reduce_add_2_2 = 0;
            if (x_s1 == 1 && j_end - j_block >= BITALE_LONG) {
                const int32_t j_left = (int32_t)((j_end - j_block - 1) % 16) + 1;
                double reduce_add_2_2_lanes[16];
#pragma omp simd
                for (int32_t lane = 0; lane < 16; lane++) {
                    const int64_t j = j_block + lane;
                    double reduce_add_2_2_lane = 0.0;
                    if (lane < j_left) {
                        reduce_add_2_2_lane += bitale_square_f64((x[i*x_s0 + j*x_s1] - fixed));
                    }
                    reduce_add_2_2_lanes[lane] = reduce_add_2_2_lane;
                }
                for (int64_t j_group = j_block + j_left; j_group < j_end; j_group += 16) {
#pragma omp simd
                    for (int32_t lane = 0; lane < 16; lane++) {
                        const int64_t j = j_group + lane;
                        double reduce_add_2_2_lane = reduce_add_2_2_lanes[lane];
                        reduce_add_2_2_lane += bitale_square_f64((x[i*x_s0 + j*x_s1] - fixed));
                        reduce_add_2_2_lanes[lane] = reduce_add_2_2_lane;
                    }
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 8; lane++) {
                    reduce_add_2_2_lanes[lane] += reduce_add_2_2_lanes[lane + 8];
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 4; lane++) {
                    reduce_add_2_2_lanes[lane] += reduce_add_2_2_lanes[lane + 4];
                }
#pragma omp simd
                for (int32_t lane = 0; lane < 2; lane++) {
                    reduce_add_2_2_lanes[lane] += reduce_add_2_2_lanes[lane + 2];
                }
                reduce_add_2_2 += reduce_add_2_2_lanes[0];
                reduce_add_2_2 += reduce_add_2_2_lanes[1];
            } else {
#pragma omp simd reduction(+:reduce_add_2_2)
                for (int64_t j = j_block; j < j_end; j++) {
                    reduce_add_2_2 += bitale_square_f64((x[i*x_s0 + j*x_s1] - fixed));
                }
            }
            if (x_1 > 1024) reduce_add_2_2_total += reduce_add_2_2;
        }
        if (x_1 > 1024) reduce_add_2_2 = (double)reduce_add_2_2_total;
        result_0[i] = reduce_add_2_2 / ((double)x_1);
    }
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[x_0, x_1] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const int64_t result_0_shape[] = {x_0};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[x_0] sum((x - sum(x, axis=1)[:, None] / x.shape[1])**2, axis=1) / x.shape[1] */
    if (!result_0) return -1;
    if (x_s1 == 1) {
        BITALE_SHARE(32*x_0*x_1, compute_result_0(result_0, x, x_s0, 1, x_0, x_1));
    } else {
        BITALE_SHARE(32*x_0*x_1, compute_result_0(result_0, x, x_s0, x_s1, x_0, x_1));
    }
    return 0;
}
