/* x @ weights */
/* sum(softplus(x @ weights) - target * (x @ weights)) */
/* -(1 / x.shape[0]) * target + 1 / x.shape[0] * sigmoid(x @ weights) */
/* d cost/d weights = x.T @ (-(1 / x.shape[0]) * target + 1 / x.shape[0] * sigmoid(x @ weights)) */
BITALE_INLINE void compute_d_cost_d_weights(double *restrict d_cost_d_weights, double *restrict contract_tile_all, double *restrict add_tile_all, double *restrict reduce_add, const double *restrict x, int64_t x_s0, int64_t x_s1, const double *weights, const double *restrict target, int64_t target_s0, int64_t weights_0, int64_t x_0, int64_t size_2) {
    double reduce_add_sum = 0.0;
#pragma omp simd
    for (int64_t j = 0; j < weights_0; j++) {
        d_cost_d_weights[j] = 0.0;
    }
    const double t = 1.0 / ((double)x_0);
    long double reduce_add_sum_total = reduce_add_sum;
    for (int64_t tile = 0; tile < size_2; tile++) {
        double *restrict contract_tile = contract_tile_all;
        double *restrict add_tile = add_tile_all;
        const int64_t tile_start = tile * 64;
        const int64_t tile_count = bitale_minimum_i64(64, (x_0 - tile_start));
        for (int64_t within = 0; within < tile_count; within++) {
            const int64_t i = tile_start + within;
            double contract_sum = 0.0;
            long double contract_sum_total = contract_sum;
            for (int64_t j_block = 0; j_block < weights_0; j_block += 1024) {
                const int64_t j_end = j_block + 1024 < weights_0 ? j_block + 1024 : weights_0;
                contract_sum = 0;
                if (x_s1 == 1 && j_end - j_block >= BITALE_LONG) {
                    const int32_t j_left = (int32_t)((j_end - j_block - 1) % 16) + 1;
                    double contract_sum_lanes[16];
#pragma omp simd
                    for (int32_t lane = 0; lane < 16; lane++) {
                        const int64_t j = j_block + lane;
                        double contract_sum_lane = 0.0;
                        if (lane < j_left) {
                            contract_sum_lane += x[i*x_s0 + j*x_s1] * weights[j];
                        }
                        contract_sum_lanes[lane] = contract_sum_lane;
                    }
                    for (int64_t j_group = j_block + j_left; j_group < j_end; j_group += 16) {
#pragma omp simd
                        for (int32_t lane = 0; lane < 16; lane++) {
                            const int64_t j = j_group + lane;
                            double contract_sum_lane = contract_sum_lanes[lane];
                            contract_sum_lane += x[i*x_s0 + j*x_s1] * weights[j];
                            contract_sum_lanes[lane] = contract_sum_lane;
                        }
                    }
#pragma omp simd
                    for (int32_t lane = 0; lane < 8; lane++) {
                        contract_sum_lanes[lane] += contract_sum_lanes[lane + 8];
                    }
#pragma omp simd
                    for (int32_t lane = 0; lane < 4; lane++) {
                        contract_sum_lanes[lane] += contract_sum_lanes[lane + 4];
                    }
#pragma omp simd
                    for (int32_t lane = 0; lane < 2; lane++) {
                        contract_sum_lanes[lane] += contract_sum_lanes[lane + 2];
                    }
                    contract_sum += contract_sum_lanes[0];
                    contract_sum += contract_sum_lanes[1];
                } else {
#pragma omp simd reduction(+:contract_sum)
                    for (int64_t j = j_block; j < j_end; j++) {
                        contract_sum += x[i*x_s0 + j*x_s1] * weights[j];
                    }
                }
                if (weights_0 > 1024) contract_sum_total += contract_sum;
            }
            if (weights_0 > 1024) contract_sum = (double)contract_sum_total;
            contract_tile[within] = contract_sum;
        }
        for (int64_t within_block = 0; within_block < tile_count; within_block += 1024) {
            const int64_t within_end = within_block + 1024 < tile_count ? within_block + 1024 : tile_count;
            reduce_add_sum = 0;
#pragma omp simd reduction(+:reduce_add_sum)
            for (int64_t within = within_block; within < within_end; within++) {
                const int64_t i = tile_start + within;
                reduce_add_sum += bitale_softplus_f64(contract_tile[within]) - (target[i*target_s0] * contract_tile[within]);
                add_tile[within] = ((-t) * target[i*target_s0]) + (t * bitale_sigmoid_f64(contract_tile[within]));
            }
            reduce_add_sum_total += reduce_add_sum;
        }
        for (int64_t within = 0; within < tile_count; within++) {
            const int64_t i = tile_start + within;
#pragma omp simd
            for (int64_t j = 0; j < weights_0; j++) {
                d_cost_d_weights[j] += x[i*x_s0 + j*x_s1] * add_tile[within];
            }
        }
    }
    reduce_add_sum = (double)reduce_add_sum_total;
    reduce_add[0] = reduce_add_sum;
}

/* sum(softplus(x @ weights) - target * (x @ weights)) / x.shape[0] */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict reduce_add, int64_t x_0) {
    result_0[0] = reduce_add[0] / ((double)x_0);
}

/* weights - 0.1 * d cost/d weights */
BITALE_INLINE void compute_result_1(double *result_1, const double *weights, const double *restrict d_cost_d_weights, int64_t weights_0) {
#pragma omp for simd nowait
    for (int64_t i = 0; i < weights_0; i++) {
        result_1[i] = weights[i] - (0.1 * d_cost_d_weights[i]);
    }
}

int32_t bitale_run(bitale_call *call) {
    const int32_t threads = call->threads;
    const double *x = call->inputs[0].data;  /* float64[x_0, weights_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_s0 = call->inputs[0].strides[0] / 8;
    const int64_t x_s1 = call->inputs[0].strides[1] / 8;
    const double *target = call->inputs[1].data;  /* float64[x_0] target */
    const int64_t target_0 = call->inputs[1].shape[0];
    const int64_t target_s0 = call->inputs[1].strides[0] / 8;
    double *weights = call->inputs[2].data;  /* float64[weights_0] weights */
    const int64_t weights_0 = call->inputs[2].shape[0];
    const int64_t size_2 = bitale_floor_divide_i64((x_0 + 63), 64);
    char *workspace = call->workspace(call, bitale_lines((weights_0 * 8)) + bitale_lines((512 * threads)) + bitale_lines((512 * threads)));
    if (!workspace) return -1;
    char *slot_0 = (char *)workspace; workspace += bitale_lines((weights_0 * 8));
    double *contract_tile_all = (double *)workspace; workspace += bitale_lines((512 * threads));
    double *add_tile_all = (double *)workspace; workspace += bitale_lines((512 * threads));
    if (!((x_1 == weights_0))) { call->failure[0] = (int64_t)(x_1); call->failure[1] = (int64_t)(weights_0); return 1; }
    if (!((target_0 == x_0))) { call->failure[0] = (int64_t)(target_0); call->failure[1] = (int64_t)(x_0); return 2; }
    double *d_cost_d_weights = (double *)slot_0;  /* float64[weights_0] d cost/d weights = x.T @ (-(1 / x.shape[0]) * target + 1 / x.shape[0] * sigmoid(x @ weights)) */
    double reduce_add[1];  /* float64 sum(softplus(x @ weights) - target * (x @ weights)) */
    if (x_s1 == 1 && target_s0 == 1) {
        compute_d_cost_d_weights(d_cost_d_weights, contract_tile_all, add_tile_all, reduce_add, x, x_s0, 1, weights, target, 1, weights_0, x_0, size_2);
    } else {
        compute_d_cost_d_weights(d_cost_d_weights, contract_tile_all, add_tile_all, reduce_add, x, x_s0, x_s1, weights, target, target_s0, weights_0, x_0, size_2);
    }
    const int64_t result_0_shape[] = {0};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64 sum(softplus(x @ weights) - target * (x @ weights)) / x.shape[0] */
    if (!result_0) return -1;
    compute_result_0(result_0, reduce_add, x_0);
    double *result_1 = weights;  /* written in place */
    BITALE_SHARE(22*weights_0, compute_result_1(result_1, weights, d_cost_d_weights, weights_0));
    return 0;
}
