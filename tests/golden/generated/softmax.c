/* max(x, axis=1) */
/* exp(x - max(x, axis=1)[:, None]) */
/* sum(exp(x - max(x, axis=1)[:, None]), axis=1) */
/* exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None] */
BITALE_INLINE void compute_result_0(double *restrict exp__row_all, double *restrict result_0, const double *restrict x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) {
#pragma omp for nowait
    for (int64_t i = 0; i < x_0; i++) {
        double *restrict exp__row = exp__row_all + bitale_thread()*x_1;
        double reduce_maximum_2 = -((double)INFINITY);
        int32_t reduce_maximum_2_nan = reduce_maximum_2 != reduce_maximum_2;
        if (x_s1 == 1 && x_1 >= BITALE_LONG) {
            const int32_t j_left = (int32_t)((x_1 - 1) % 16) + 1;
            double reduce_maximum_2_lanes[16];
            int32_t reduce_maximum_2_nan_lanes[16];
#pragma omp simd
            for (int32_t lane = 0; lane < 16; lane++) {
                const int64_t j = lane;
                double reduce_maximum_2_lane = (-((double)INFINITY));
                int32_t reduce_maximum_2_lane_nan = 0;
                if (lane < j_left) {
                    const double reduce_maximum_2_lane_next = x[i*x_s0 + j*x_s1];
                    reduce_maximum_2_lane = reduce_maximum_2_lane_next > reduce_maximum_2_lane ? reduce_maximum_2_lane_next : reduce_maximum_2_lane;
                    reduce_maximum_2_lane_nan |= reduce_maximum_2_lane_next != reduce_maximum_2_lane_next;
                }
                reduce_maximum_2_lanes[lane] = reduce_maximum_2_lane;
                reduce_maximum_2_nan_lanes[lane] = reduce_maximum_2_lane_nan;
            }
            for (int64_t j_group = j_left; j_group < x_1; j_group += 16) {
#pragma omp simd
                for (int32_t lane = 0; lane < 16; lane++) {
                    const int64_t j = j_group + lane;
                    double reduce_maximum_2_lane = reduce_maximum_2_lanes[lane];
                    int32_t reduce_maximum_2_lane_nan = reduce_maximum_2_nan_lanes[lane];
                    const double reduce_maximum_2_lane_next = x[i*x_s0 + j*x_s1];
                    reduce_maximum_2_lane = reduce_maximum_2_lane_next > reduce_maximum_2_lane ? reduce_maximum_2_lane_next : reduce_maximum_2_lane;
                    reduce_maximum_2_lane_nan |= reduce_maximum_2_lane_next != reduce_maximum_2_lane_next;
                    reduce_maximum_2_lanes[lane] = reduce_maximum_2_lane;
                    reduce_maximum_2_nan_lanes[lane] = reduce_maximum_2_lane_nan;
                }
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 8; lane++) {
                reduce_maximum_2_lanes[lane] = reduce_maximum_2_lanes[lane + 8] > reduce_maximum_2_lanes[lane] ? reduce_maximum_2_lanes[lane + 8] : reduce_maximum_2_lanes[lane];
                reduce_maximum_2_nan_lanes[lane] |= reduce_maximum_2_nan_lanes[lane + 8];
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 4; lane++) {
                reduce_maximum_2_lanes[lane] = reduce_maximum_2_lanes[lane + 4] > reduce_maximum_2_lanes[lane] ? reduce_maximum_2_lanes[lane + 4] : reduce_maximum_2_lanes[lane];
                reduce_maximum_2_nan_lanes[lane] |= reduce_maximum_2_nan_lanes[lane + 4];
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 2; lane++) {
                reduce_maximum_2_lanes[lane] = reduce_maximum_2_lanes[lane + 2] > reduce_maximum_2_lanes[lane] ? reduce_maximum_2_lanes[lane + 2] : reduce_maximum_2_lanes[lane];
                reduce_maximum_2_nan_lanes[lane] |= reduce_maximum_2_nan_lanes[lane + 2];
            }
            reduce_maximum_2 = reduce_maximum_2_lanes[0] > reduce_maximum_2 ? reduce_maximum_2_lanes[0] : reduce_maximum_2;
            reduce_maximum_2 = reduce_maximum_2_lanes[1] > reduce_maximum_2 ? reduce_maximum_2_lanes[1] : reduce_maximum_2;
            reduce_maximum_2_nan |= reduce_maximum_2_nan_lanes[0];
            reduce_maximum_2_nan |= reduce_maximum_2_nan_lanes[1];
        } else {
#pragma omp simd reduction(max:reduce_maximum_2) reduction(|:reduce_maximum_2_nan)
            for (int64_t j = 0; j < x_1; j++) {
                const double reduce_maximum_2_next = x[i*x_s0 + j*x_s1];
                reduce_maximum_2 = reduce_maximum_2_next > reduce_maximum_2 ? reduce_maximum_2_next : reduce_maximum_2;
                reduce_maximum_2_nan |= reduce_maximum_2_next != reduce_maximum_2_next;
            }
        }
        if (reduce_maximum_2_nan) reduce_maximum_2 = NAN;
        double reduce_add_2 = 0.0;
        long double reduce_add_2_total = reduce_add_2;
        for (int64_t j_block = 0; j_block < x_1; j_block += 1024) {
            const int64_t j_end = j_block + 1024 < x_1 ? j_block + 1024 : x_1;
            reduce_add_2 = 0;
#pragma omp simd reduction(+:reduce_add_2)
            for (int64_t j = j_block; j < j_end; j++) {
                exp__row[j] = exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2));
                reduce_add_2 += exp__row[j];
            }
            if (x_1 > 1024) reduce_add_2_total += reduce_add_2;
        }
        if (x_1 > 1024) reduce_add_2 = (double)reduce_add_2_total;
#pragma omp simd
        for (int64_t j = 0; j < x_1; j++) {
            result_0[i*x_1 + j] = exp__row[j] / reduce_add_2;
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const int32_t threads = call->threads;
    const double *x = call->inputs[0].data;  /* float64[x_0, x_1] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    char *workspace = call->workspace(call, bitale_lines(((x_1 * 8) * threads)));
    if (!workspace) return -1;
    double *exp__row_all = (double *)workspace; workspace += bitale_lines(((x_1 * 8) * threads));
    const int64_t result_0_shape[] = {x_0, x_1};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[x_0, x_1] exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None] */
    if (!result_0) return -1;
    if (x_s1 == 1) {
        BITALE_SHARE(75*x_0*x_1, compute_result_0(exp__row_all, result_0, x, x_s0, 1, x_0, x_1));
    } else {
        BITALE_SHARE(75*x_0*x_1, compute_result_0(exp__row_all, result_0, x, x_s0, x_s1, x_0, x_1));
    }
    return 0;
}
