/* nonzero(x > 0) */
extern "C" __global__ void __launch_bounds__(256, 4) compute_count(int64_t *__restrict__ count, const double *__restrict__ x, int64_t x_s0, int64_t x_0) {
    const int G = 256, lane = threadIdx.x;
    int64_t count_sum = 0;
    for (int64_t element = lane; element < x_0; element += G) {
        const int64_t i = element;
        count_sum += (int64_t)(x[i*x_s0] > 0.0);
    }
    count_sum = bitale_gather<G>(count_sum, bitale_op_add_i64());
    if (lane == 0) count[0] = count_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) compute_count_total1(const double *__restrict__ x, int64_t x_s0, int64_t *__restrict__ count_sum_parts, int64_t x_0) {
    int64_t count_sum = 0;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        count_sum += (int64_t)(x[i*x_s0] > 0.0);
    }
    count_sum = bitale_gather<256>(count_sum, bitale_op_add_i64());
    if (threadIdx.x == 0) count_sum_parts[blockIdx.x] = count_sum;
}

extern "C" __global__ void __launch_bounds__(256) compute_count_total1_packs(const double *__restrict__ x, int64_t x_s0, int64_t *__restrict__ count_sum_parts, int64_t x_0) {
    int64_t count_sum = 0;
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < x_0; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<double, 2> x_pack = bitale_take<2>(x + element);
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            count_sum += (int64_t)(x_pack.at[part] > 0.0);
        }
    }
    if (const int64_t element = x_0 / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0) {
        count_sum += (int64_t)(x[element] > 0.0);
    }
    count_sum = bitale_gather<256>(count_sum, bitale_op_add_i64());
    if (threadIdx.x == 0) count_sum_parts[blockIdx.x] = count_sum;
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_count_total2(int64_t *__restrict__ count, const int64_t *__restrict__ count_sum_parts, int64_t blocks) {
    const int G = 256, lane = threadIdx.x;
    int64_t count_sum = 0;
    for (int64_t block = lane; block < blocks; block += G) {
        count_sum += count_sum_parts[block];
    }
    count_sum = bitale_gather<G>(count_sum, bitale_op_add_i64());
    if (lane == 0) count[0] = count_sum;
    bitale_wait<G>();
}

template <int G> __device__ __forceinline__ void nonzero_2_part1(int64_t *__restrict__ position_parts, const double *__restrict__ x, int64_t x_s0, int64_t chunks, int64_t i_count, int64_t x_0) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < chunks; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t chunk = row;
        int64_t position = 0;
        const int64_t i_first = chunk * i_count;
        const int64_t i_left = bitale_minimum_i64(i_count, (x_0 - i_first));
        for (int64_t i_in = lane; i_in < i_left; i_in += G) {
            const int64_t i = i_first + i_in;
            position += (x[i*x_s0] > 0.0) ? 1 : 0;
        }
        position = bitale_gather<G>(position, bitale_op_add_i64());
        if (lane == 0) position_parts[chunk] = position;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) nonzero_2_part1_block(int64_t *__restrict__ position_parts, const double *__restrict__ x, int64_t x_s0, int64_t chunks, int64_t i_count, int64_t x_0) { nonzero_2_part1<256>(position_parts, x, x_s0, chunks, i_count, x_0); }

/* nonzero(x > 0) */
template <int G> __device__ __forceinline__ void nonzero_2_part2(int64_t *__restrict__ nonzero, const int64_t *__restrict__ position_parts, const double *__restrict__ x, int64_t x_s0, int64_t chunks, int64_t i_count, int64_t x_0) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < chunks; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t chunk = row;
        int64_t position = 0;
        const bool each_chunk_packs = ((uint64_t)(position_parts + 0)) % 16 == 0;
        for (int64_t each_chunk = 2 * lane; each_chunk_packs && each_chunk + 1 < chunk; each_chunk += 2 * G) {
            const bitale_pack<int64_t, 2> position_parts_pack = bitale_take<2>(position_parts + each_chunk);
            #pragma unroll
            for (int part = 0; part < 2; part++) {
                position += position_parts_pack.at[part];
            }
        }
        for (int64_t each_chunk = (each_chunk_packs ? chunk / 2 * 2 : 0) + lane; each_chunk < chunk; each_chunk += G) {
            position += position_parts[each_chunk];
        }
        position = bitale_gather<G>(position, bitale_op_add_i64());
        const int64_t i_first = chunk * i_count;
        const int64_t i_left = bitale_minimum_i64(i_count, (x_0 - i_first));
        for (int64_t i_in_tile = 0; i_in_tile < i_left; i_in_tile += G) {
            const int64_t i_in = i_in_tile + lane;
            int64_t own = 0, all;
            if (i_in < i_left) {
                const int64_t i = i_first + i_in;
                own = (x[i*x_s0] > 0.0) ? 1 : 0;
            }
            const int64_t upto = position + bitale_scan<G>(own, bitale_op_add_i64(), all) - own;
            if (own) {
                const int64_t i = i_first + i_in;
                nonzero[upto] = i;
            }
            position = bitale_op_add_i64()(position, all);
        }
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) nonzero_2_part2_block(int64_t *__restrict__ nonzero, const int64_t *__restrict__ position_parts, const double *__restrict__ x, int64_t x_s0, int64_t chunks, int64_t i_count, int64_t x_0) { nonzero_2_part2<256>(nonzero, position_parts, x, x_s0, chunks, i_count, x_0); }

/* sqrt(x[x > 0]) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, const int64_t *__restrict__ nonzero, int64_t found, int64_t x_0) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < found; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        result_0[i] = sqrt(x[(((nonzero[i] < 0) ? (nonzero[i] + x_0) : nonzero[i]))*x_s0]);
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_packs(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, const int64_t *__restrict__ nonzero, int64_t found, int64_t x_0) {
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < found; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<int64_t, 2> nonzero_pack = bitale_take<2>(nonzero + element);
        bitale_pack<double, 2> result_0_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_pack.at[part] = sqrt(x[(((nonzero_pack.at[part] < 0) ? (nonzero_pack.at[part] + x_0) : nonzero_pack.at[part]))*x_s0]);
        }
        bitale_put(result_0_pack, result_0 + element);
    }
    if (const int64_t element = found / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < found) {
        result_0[element] = sqrt(x[(((nonzero[element] < 0) ? (nonzero[element] + x_0) : nonzero[element]))*x_s0]);
    }
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_s0 = call.stride(0, 0)
    count = call.memory('count', 8)
    if x_0 > 2048:
        x_dense = call.is_dense(0)
        width = 2 if x_dense and x % 16 == 0 else 1
        grid = call.total(x_0, width)
        blocks = grid
        count_sum_parts = call.memory('count_sum_parts', grid * 8)
        call.launch('compute_count_total1' if width == 1 else 'compute_count_total1_packs', grid, 256, (x, x_s0, count_sum_parts, x_0))
        call.launch('compute_count_total2', 1, 256, (count, count_sum_parts, blocks))
    else:
        call.launch('compute_count', 1, 256, (count, x, x_s0, x_0))
    found = call.read(count, 'int64')
    nonzero = call.memory('nonzero', found * 8)
    i_count = max(4096, (x_0 + 1023) // 1024)
    chunks = max(1, (x_0 + (i_count - 1)) // i_count)
    position_parts = call.memory('position_parts', chunks * 8)
    lanes = 256
    grid = call.groups(chunks, lanes)
    call.launch('nonzero_2_part1_block', grid, 256, (position_parts, x, x_s0, chunks, i_count, x_0))
    lanes = 256
    grid = call.groups(chunks, lanes)
    call.launch('nonzero_2_part2_block', grid, 256, (nonzero, position_parts, x, x_s0, chunks, i_count, x_0))
    result_0 = call.allocate(0, (found,))
    width = 2 if (nonzero | result_0) % 16 == 0 else 1
    grid = call.threads(found, width)
    call.launch('compute_result_0' if width == 1 else 'compute_result_0_packs', grid, 256, (result_0, x, x_s0, nonzero, found, x_0))
*/
