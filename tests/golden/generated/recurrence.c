/* 0 */
BITALE_INLINE void compute_carry(double *restrict carry) {
    carry[0] = 0.0;
}

/* <float64>**2 */
/* a * <float64> + row(y, step) */
BITALE_INLINE void compute_carry_new(double *restrict scan_row, double *restrict carry_new, const double *restrict carry, const double *restrict a, const double *restrict y, int64_t step) {
    scan_row[0] = bitale_square_f64(carry[0]);
    carry_new[0] = (a[0] * carry[0]) + y[step];
}

/* scan(...) */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict carry) {
    result_0[0] = carry[0];
}

/* sum(...) */
BITALE_INLINE void compute_result_1(double *restrict result_1, const double *restrict scan, int64_t y_0, long double *totals) {
    double result_1_sum = 0.0;
    long double result_1_sum_total = result_1_sum;
#pragma omp for nowait
    for (int64_t i_block = 0; i_block < y_0; i_block += 1024) {
        const int64_t i_end = i_block + 1024 < y_0 ? i_block + 1024 : y_0;
        result_1_sum = 0;
        if (i_end - i_block >= BITALE_LONG) {
            const int32_t i_left = (int32_t)((i_end - i_block - 1) % 16) + 1;
            double result_1_sum_lanes[16];
#pragma omp simd
            for (int32_t lane = 0; lane < 16; lane++) {
                const int64_t i = i_block + lane;
                double result_1_sum_lane = 0.0;
                if (lane < i_left) {
                    result_1_sum_lane += scan[i];
                }
                result_1_sum_lanes[lane] = result_1_sum_lane;
            }
            for (int64_t i_group = i_block + i_left; i_group < i_end; i_group += 16) {
#pragma omp simd
                for (int32_t lane = 0; lane < 16; lane++) {
                    const int64_t i = i_group + lane;
                    double result_1_sum_lane = result_1_sum_lanes[lane];
                    result_1_sum_lane += scan[i];
                    result_1_sum_lanes[lane] = result_1_sum_lane;
                }
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 8; lane++) {
                result_1_sum_lanes[lane] += result_1_sum_lanes[lane + 8];
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 4; lane++) {
                result_1_sum_lanes[lane] += result_1_sum_lanes[lane + 4];
            }
#pragma omp simd
            for (int32_t lane = 0; lane < 2; lane++) {
                result_1_sum_lanes[lane] += result_1_sum_lanes[lane + 2];
            }
            result_1_sum += result_1_sum_lanes[0];
            result_1_sum += result_1_sum_lanes[1];
        } else {
#pragma omp simd reduction(+:result_1_sum)
            for (int64_t i = i_block; i < i_end; i++) {
                result_1_sum += scan[i];
            }
        }
        result_1_sum_total += result_1_sum;
    }
#ifdef _OPENMP
    totals[bitale_thread()*1 + 0] = result_1_sum_total;
#pragma omp barrier
    if (bitale_thread() > 0) return;
    for (int t = 1; t < bitale_team(); t++) {
        result_1_sum_total += totals[t*1 + 0];
    }
#endif
    result_1_sum = (double)result_1_sum_total;
    result_1[0] = result_1_sum;
}

int32_t bitale_run(bitale_call *call) {
    const double *y = call->inputs[0].data;  /* float64[y_0] y */
    const int64_t y_0 = call->inputs[0].shape[0];
    const double *a = call->inputs[1].data;  /* float64 a */
    char *workspace = call->workspace(call, bitale_lines((y_0 * 8)));
    if (!workspace) return -1;
    char *slot_0 = (char *)workspace; workspace += bitale_lines((y_0 * 8));
    long double totals[1 * BITALE_TEAM];
    double carry[1];  /* float64 <float64> */
    compute_carry(carry);
    double *scan = (double *)slot_0;  /* float64[y_0] scan(...) */
    double carry_new[1];  /* float64 */
    for (int64_t step = 0; step < y_0; step++) {  /* scan(...) */
        double *scan_row = scan + step;
        compute_carry_new(scan_row, carry_new, carry, a, y, step);
        carry[0] = carry_new[0];
        if ((step & 65535) == 65535 && bitale_stop(call)) return -4;
    }
    const int64_t result_0_shape[] = {0};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64 scan(...) */
    if (!result_0) return -1;
    compute_result_0(result_0, carry);
    const int64_t result_1_shape[] = {0};
    double *result_1 = call->allocate(call, 1, result_1_shape);  /* float64 sum(...) */
    if (!result_1) return -1;
    BITALE_SHARE(10*y_0, compute_result_1(result_1, scan, y_0, totals));
    return 0;
}
