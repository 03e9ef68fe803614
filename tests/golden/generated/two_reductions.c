/* sum(x) */
/* sum(x**2) */
BITALE_INLINE void compute_result_1(double *restrict result_0, double *restrict result_1, const double *restrict x, int64_t x_s0, int64_t x_0, long double *totals) {
    double result_0_sum = 0.0;
    double result_1_sum = 0.0;
    long double result_0_sum_total = result_0_sum;
    long double result_1_sum_total = result_1_sum;
#pragma omp for nowait
    for (int64_t i_block = 0; i_block < x_0; i_block += 1024) {
        const int64_t i_end = i_block + 1024 < x_0 ? i_block + 1024 : x_0;
        result_0_sum = 0;
        result_1_sum = 0;
        if (x_s0 == 1 && i_end - i_block >= BITALE_LONG) {
            const int32_t i_left = (int32_t)((i_end - i_block - 1) % 8) + 1;
            double result_0_sum_lanes[8];
            double result_1_sum_lanes[8];
#pragma omp simd
            for (int32_t lane = 0; lane < 8; lane++) {
                const int64_t i = i_block + lane;
                double result_0_sum_lane = 0.0;
                double result_1_sum_lane = 0.0;
                if (lane < i_left) {
                    result_0_sum_lane += x[i*x_s0];
                    result_1_sum_lane += bitale_square_f64(x[i*x_s0]);
                }
                result_0_sum_lanes[lane] = result_0_sum_lane;
                result_1_sum_lanes[lane] = result_1_sum_lane;
            }
            for (int64_t i_group = i_block + i_left; i_group < i_end; i_group += 8) {
#pragma omp simd
                for (int32_t lane = 0; lane < 8; lane++) {
                    const int64_t i = i_group + lane;
                    double result_0_sum_lane = result_0_sum_lanes[lane];
                    double result_1_sum_lane = result_1_sum_lanes[lane];
                    result_0_sum_lane += x[i*x_s0];
                    result_1_sum_lane += bitale_square_f64(x[i*x_s0]);
                    result_0_sum_lanes[lane] = result_0_sum_lane;
                    result_1_sum_lanes[lane] = result_1_sum_lane;
                }
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 4; lane++) {
                result_0_sum_lanes[lane] += result_0_sum_lanes[lane + 4];
                result_1_sum_lanes[lane] += result_1_sum_lanes[lane + 4];
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 2; lane++) {
                result_0_sum_lanes[lane] += result_0_sum_lanes[lane + 2];
                result_1_sum_lanes[lane] += result_1_sum_lanes[lane + 2];
            }
            result_0_sum += result_0_sum_lanes[0];
            result_0_sum += result_0_sum_lanes[1];
            result_1_sum += result_1_sum_lanes[0];
            result_1_sum += result_1_sum_lanes[1];
        } else {
#pragma omp simd reduction(+:result_0_sum, result_1_sum)
            for (int64_t i = i_block; i < i_end; i++) {
                result_0_sum += x[i*x_s0];
                result_1_sum += bitale_square_f64(x[i*x_s0]);
            }
        }
        result_0_sum_total += result_0_sum;
        result_1_sum_total += result_1_sum;
    }
#ifdef _OPENMP
    totals[bitale_thread()*2 + 0] = result_0_sum_total;
    totals[bitale_thread()*2 + 1] = result_1_sum_total;
#pragma omp barrier
    if (bitale_thread() > 0) return;
    for (int t = 1; t < bitale_team(); t++) {
        result_0_sum_total += totals[t*2 + 0];
        result_1_sum_total += totals[t*2 + 1];
    }
#endif
    result_0_sum = (double)result_0_sum_total;
    result_1_sum = (double)result_1_sum_total;
    result_0[0] = result_0_sum;
    result_1[0] = result_1_sum;
}

int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[x_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    long double totals[2 * BITALE_TEAM];
    const int64_t result_0_shape[] = {0};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64 sum(x) */
    if (!result_0) return -1;
    const int64_t result_1_shape[] = {0};
    double *result_1 = call->allocate(call, 1, result_1_shape);  /* float64 sum(x**2) */
    if (!result_1) return -1;
    if (x_s0 == 1) {
        BITALE_SHARE(11*x_0, compute_result_1(result_0, result_1, x, 1, x_0, totals));
    } else {
        BITALE_SHARE(11*x_0, compute_result_1(result_0, result_1, x, x_s0, x_0, totals));
    }
    return 0;
}
