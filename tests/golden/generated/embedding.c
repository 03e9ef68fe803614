/* range of index */
BITALE_INLINE void compute_maximum_index(int64_t *restrict minimum_index, int64_t *restrict maximum_index, const int64_t *restrict index, int64_t index_s0, int64_t index_0) {
    int64_t minimum_index_sum = 9223372036854775807LL;
    int64_t maximum_index_sum = INT64_MIN;
#pragma omp simd reduction(min:minimum_index_sum) reduction(max:maximum_index_sum)
    for (int64_t i = 0; i < index_0; i++) {
        minimum_index_sum = bitale_minimum_i64(minimum_index_sum, index[i*index_s0]);
        maximum_index_sum = bitale_maximum_i64(maximum_index_sum, index[i*index_s0]);
    }
    minimum_index[0] = minimum_index_sum;
    maximum_index[0] = maximum_index_sum;
}

/* table[index].add(tanh(table[index])) */
BITALE_INLINE void compute_result_0(double *restrict result_0, const double *restrict table, int64_t table_s0, int64_t table_s1, const int64_t *restrict index, int64_t index_s0, int64_t table_0, int64_t table_1, int64_t index_0) {
    for (int64_t i = 0; i < table_0; i++) {
#pragma omp simd
        for (int64_t j = 0; j < table_1; j++) {
            result_0[i*table_1 + j] = table[i*table_s0 + j*table_s1];
        }
    }
    for (int64_t i = 0; i < index_0; i++) {
        const int64_t t = (index[i*index_s0] < 0) ? (index[i*index_s0] + table_0) : index[i*index_s0];
#pragma omp simd
        for (int64_t j = 0; j < table_1; j++) {
            result_0[t*table_1 + j] += tanh(table[t*table_s0 + j*table_s1]);
        }
    }
}

/* table[index].add(tanh(table[index])) */
BITALE_APART void compute_result_0_in_tiles(double *restrict table_tile_all, double *restrict result_0, const double *restrict table, int64_t table_s0, int64_t table_s1, const int64_t *restrict index, int64_t index_s0, int64_t table_0, int64_t table_1, int64_t index_0) {
    for (int64_t i_tile = 0; i_tile < bitale_floor_divide_i64((table_0 + 127), 128); i_tile++) {
        double *restrict table_tile_row = table_tile_all;
        const int64_t i_first = i_tile * 128;
        const int64_t i_count = bitale_minimum_i64(128, (table_0 - i_first));
        for (int64_t j_tile = 0; j_tile < bitale_floor_divide_i64((table_1 + 127), 128); j_tile++) {
            const int64_t j_first = j_tile * 128;
            const int64_t j_count = bitale_minimum_i64(128, (table_1 - j_first));
            int64_t table_tile_s0;
            const double *table_tile = bitale_tile_f64(table_tile_row, table + i_first*table_s0 + j_first*table_s1, table_s0, table_s1, i_count, j_count, &table_tile_s0);
            for (int64_t i_in = 0; i_in < i_count; i_in++) {
                const int64_t i = i_first + i_in;
#pragma omp simd
                for (int64_t j_in = 0; j_in < j_count; j_in++) {
                    const int64_t j = j_first + j_in;
                    result_0[i*table_1 + j] = table_tile[i_in*table_tile_s0 + j_in];
                }
            }
        }
    }
    for (int64_t i = 0; i < index_0; i++) {
        const int64_t t = (index[i*index_s0] < 0) ? (index[i*index_s0] + table_0) : index[i*index_s0];
#pragma omp simd
        for (int64_t j = 0; j < table_1; j++) {
            result_0[t*table_1 + j] += tanh(table[t*table_s0 + j*table_s1]);
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const int32_t threads = call->threads;
    const double *table = call->inputs[0].data;  /* float64[table_0, table_1] table */
    const int64_t table_0 = call->inputs[0].shape[0];
    const int64_t table_1 = call->inputs[0].shape[1];
    const int64_t table_s0 = call->inputs[0].strides[0] / 8;
    const int64_t table_s1 = call->inputs[0].strides[1] / 8;
    const int64_t *index = call->inputs[1].data;  /* int64[index_0] index */
    const int64_t index_0 = call->inputs[1].shape[0];
    const int64_t index_s0 = call->inputs[1].strides[0] / 8;
    const int64_t size = (0 - table_0);
    int64_t minimum_index[1];  /* int64 */
    int64_t maximum_index[1];  /* int64 */
    if (index_s0 == 1) {
        compute_maximum_index(minimum_index, maximum_index, index, 1, index_0);
    } else {
        compute_maximum_index(minimum_index, maximum_index, index, index_s0, index_0);
    }
    if (!((size <= minimum_index[0]))) { call->failure[0] = (int64_t)(minimum_index[0]); call->failure[1] = (int64_t)(table_0); return 1; }
    if (!((maximum_index[0] < table_0))) { call->failure[0] = (int64_t)(maximum_index[0]); call->failure[1] = (int64_t)(table_0); return 1; }
    const int64_t result_0_shape[] = {table_0, table_1};
    double *result_0 = call->allocate(call, 0, result_0_shape);  /* float64[table_0, table_1] table[index].add(tanh(table[index])) */
    if (!result_0) return -1;
    if (table_s1 == 1 && index_s0 == 1) {
        compute_result_0(result_0, table, table_s0, 1, index, 1, table_0, table_1, index_0);
    } else if ((table_s0 == 1) && (table_0 * table_1) >= 65536) {
        double *table_tile_all = call->workspace(call, (131072 * threads));
        if (!table_tile_all) return -1;
        compute_result_0_in_tiles(table_tile_all, result_0, table, table_s0, table_s1, index, index_s0, table_0, table_1, index_0);
    } else {
        compute_result_0(result_0, table, table_s0, table_s1, index, index_s0, table_0, table_1, index_0);
    }
    return 0;
}
