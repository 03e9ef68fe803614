/* range of index */
extern "C" __global__ void __launch_bounds__(256, 4) compute_maximum_index(int64_t *status, int64_t *__restrict__ minimum_index, int64_t *__restrict__ maximum_index, const int64_t *__restrict__ index, int64_t index_s0, int64_t index_0) {
    if (*status) return;
    const int G = 256, lane = threadIdx.x;
    int64_t minimum_index_sum = 9223372036854775807LL;
    int64_t maximum_index_sum = INT64_MIN;
    for (int64_t element = lane; element < index_0; element += G) {
        const int64_t i = element;
        minimum_index_sum = bitale_minimum_i64(minimum_index_sum, index[i*index_s0]);
        maximum_index_sum = bitale_maximum_i64(maximum_index_sum, index[i*index_s0]);
    }
    minimum_index_sum = bitale_gather<G>(minimum_index_sum, bitale_op_minimum_i64());
    maximum_index_sum = bitale_gather<G>(maximum_index_sum, bitale_op_maximum_i64());
    if (lane == 0) minimum_index[0] = minimum_index_sum;
    bitale_wait<G>();
    if (lane == 0) maximum_index[0] = maximum_index_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) compute_maximum_index_total1(int64_t *status, const int64_t *__restrict__ index, int64_t index_s0, int64_t *__restrict__ minimum_index_sum_parts, int64_t *__restrict__ maximum_index_sum_parts, int64_t index_0) {
    if (*status) return;
    int64_t minimum_index_sum = 9223372036854775807LL;
    int64_t maximum_index_sum = INT64_MIN;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < index_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        minimum_index_sum = bitale_minimum_i64(minimum_index_sum, index[i*index_s0]);
        maximum_index_sum = bitale_maximum_i64(maximum_index_sum, index[i*index_s0]);
    }
    minimum_index_sum = bitale_gather<256>(minimum_index_sum, bitale_op_minimum_i64());
    if (threadIdx.x == 0) minimum_index_sum_parts[blockIdx.x] = minimum_index_sum;
    maximum_index_sum = bitale_gather<256>(maximum_index_sum, bitale_op_maximum_i64());
    if (threadIdx.x == 0) maximum_index_sum_parts[blockIdx.x] = maximum_index_sum;
}

extern "C" __global__ void __launch_bounds__(256) compute_maximum_index_total1_packs(int64_t *status, const int64_t *__restrict__ index, int64_t index_s0, int64_t *__restrict__ minimum_index_sum_parts, int64_t *__restrict__ maximum_index_sum_parts, int64_t index_0) {
    if (*status) return;
    int64_t minimum_index_sum = 9223372036854775807LL;
    int64_t maximum_index_sum = INT64_MIN;
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < index_0; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<int64_t, 2> index_pack = bitale_take<2>(index + element);
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            minimum_index_sum = bitale_minimum_i64(minimum_index_sum, index_pack.at[part]);
            maximum_index_sum = bitale_maximum_i64(maximum_index_sum, index_pack.at[part]);
        }
    }
    if (const int64_t element = index_0 / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < index_0) {
        minimum_index_sum = bitale_minimum_i64(minimum_index_sum, index[element]);
        maximum_index_sum = bitale_maximum_i64(maximum_index_sum, index[element]);
    }
    minimum_index_sum = bitale_gather<256>(minimum_index_sum, bitale_op_minimum_i64());
    if (threadIdx.x == 0) minimum_index_sum_parts[blockIdx.x] = minimum_index_sum;
    maximum_index_sum = bitale_gather<256>(maximum_index_sum, bitale_op_maximum_i64());
    if (threadIdx.x == 0) maximum_index_sum_parts[blockIdx.x] = maximum_index_sum;
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_maximum_index_total2(int64_t *status, int64_t *__restrict__ minimum_index, int64_t *__restrict__ maximum_index, const int64_t *__restrict__ minimum_index_sum_parts, const int64_t *__restrict__ maximum_index_sum_parts, int64_t blocks) {
    if (*status) return;
    const int G = 256, lane = threadIdx.x;
    int64_t minimum_index_sum = 9223372036854775807LL;
    int64_t maximum_index_sum = INT64_MIN;
    for (int64_t block = lane; block < blocks; block += G) {
        minimum_index_sum = bitale_minimum_i64(minimum_index_sum, minimum_index_sum_parts[block]);
        maximum_index_sum = bitale_maximum_i64(maximum_index_sum, maximum_index_sum_parts[block]);
    }
    minimum_index_sum = bitale_gather<G>(minimum_index_sum, bitale_op_minimum_i64());
    maximum_index_sum = bitale_gather<G>(maximum_index_sum, bitale_op_maximum_i64());
    if (lane == 0) minimum_index[0] = minimum_index_sum;
    bitale_wait<G>();
    if (lane == 0) maximum_index[0] = maximum_index_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) check_0(int64_t *status, const int64_t *__restrict__ minimum_index, int64_t size, int64_t table_0) {
    if (!(size <= minimum_index[0])) { bitale_fail(status, 1, (int64_t)(minimum_index[0]), (int64_t)(table_0)); return; }
}

extern "C" __global__ void __launch_bounds__(256) check_1(int64_t *status, const int64_t *__restrict__ maximum_index, int64_t table_0) {
    if (!(maximum_index[0] < table_0)) { bitale_fail(status, 1, (int64_t)(maximum_index[0]), (int64_t)(table_0)); return; }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_part1(int64_t *status, double *__restrict__ result_0, const double *__restrict__ table, int64_t table_s0, int64_t table_s1, int64_t table_0, int64_t table_1, int64_t j_by) {
    if (*status) return;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (table_0 * table_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, table_1, j_by, j_by);
        const int64_t j = element - j_up * table_1;
        const int64_t i = j_up;
        result_0[i*table_1 + j] = table[i*table_s0 + j*table_s1];
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_part1_packs(int64_t *status, double *__restrict__ result_0, const double *__restrict__ table, int64_t table_s0, int64_t table_s1, int64_t table_0, int64_t table_1, int64_t j_by) {
    if (*status) return;
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < (table_0 * table_1); element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<double, 2> table_pack = bitale_take<2>(table + element);
        bitale_pack<double, 2> result_0_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_pack.at[part] = table_pack.at[part];
        }
        bitale_put(result_0_pack, result_0 + element);
    }
    if (const int64_t element = (table_0 * table_1) / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (table_0 * table_1)) {
        result_0[element] = table[element];
    }
}

/* table[index].add(tanh(table[index])) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0_part2(int64_t *status, const int64_t *index, int64_t index_s0, double *result_0, const double *table, int64_t table_s0, int64_t table_s1, int64_t index_0, int64_t table_1, int64_t table_0, int64_t j_by) {
    if (*status) return;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (index_0 * table_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, table_1, j_by, j_by);
        const int64_t j = element - j_up * table_1;
        const int64_t i = j_up;
        const int64_t t = (index[i*index_s0] < 0) ? (index[i*index_s0] + table_0) : index[i*index_s0];
        bitale_atomic(&result_0[t*table_1 + j], tanh(table[t*table_s0 + j*table_s1]), bitale_op_add_f64());
    }
}

/*
def run(call):
    status = call.status()
    table = call.address(0)
    table_0 = call.length(0, 0)
    table_1 = call.length(0, 1)
    table_s0 = call.stride(0, 0)
    table_s1 = call.stride(0, 1)
    index = call.address(1)
    index_0 = call.length(1, 0)
    index_s0 = call.stride(1, 0)
    size = 0 - table_0
    result_0 = call.allocate(0, (table_0, table_1))
    minimum_index = call.memory('minimum_index', 8)
    maximum_index = call.memory('maximum_index', 8)
    if index_0 > 2048:
        index_dense = call.is_dense(1)
        width = 2 if index_dense and index % 16 == 0 else 1
        grid = call.total(index_0, width)
        blocks = grid
        minimum_index_sum_parts = call.memory('minimum_index_sum_parts', grid * 8)
        maximum_index_sum_parts = call.memory('maximum_index_sum_parts', grid * 8)
        call.launch('compute_maximum_index_total1' if width == 1 else 'compute_maximum_index_total1_packs', grid, 256, (status, index, index_s0, minimum_index_sum_parts, maximum_index_sum_parts, index_0))
        call.launch('compute_maximum_index_total2', 1, 256, (status, minimum_index, maximum_index, minimum_index_sum_parts, maximum_index_sum_parts, blocks))
    else:
        call.launch('compute_maximum_index', 1, 256, (status, minimum_index, maximum_index, index, index_s0, index_0))
    call.launch('check_0', 1, 1, (status, minimum_index, size, table_0))
    call.launch('check_1', 1, 1, (status, maximum_index, table_0))
    j_by = 4611686018427387903 // max(table_1, 1) + 1 if table_0 * table_1 < 1073741824 else 0 - 9223372036854775807 // max(table_1, 1)
    table_dense = call.is_dense(0)
    width = 2 if table_dense and (table | result_0) % 16 == 0 else 1
    grid = call.threads(table_0 * table_1, width)
    call.launch('compute_result_0_part1' if width == 1 else 'compute_result_0_part1_packs', grid, 256, (status, result_0, table, table_s0, table_s1, table_0, table_1, j_by))
    j_by = 4611686018427387903 // max(table_1, 1) + 1 if index_0 * table_1 < 1073741824 else 0 - 9223372036854775807 // max(table_1, 1)
    grid = call.threads(index_0 * table_1)
    call.launch('compute_result_0_part2', grid, 256, (status, index, index_s0, result_0, table, table_s0, table_s1, index_0, table_1, table_0, j_by))
    call.check()
*/
