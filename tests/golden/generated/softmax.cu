/* max(x, axis=1) */
/* exp(x - max(x, axis=1)[:, None]) */
/* sum(exp(x - max(x, axis=1)[:, None]), axis=1) */
/* exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None] */
template <int G> __device__ __forceinline__ void compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double reduce_maximum_2 = -((double)INFINITY);
        const bool j_packs = x_s1 == 1 && ((uint64_t)(x + (i)*x_s0 + 0)) % 16 == 0;
        for (int64_t j = 2 * lane; j_packs && j + 1 < x_1; j += 2 * G) {
            const bitale_pack<double, 2> x_pack = bitale_take<2>(x + (i)*x_s0 + j);
            #pragma unroll
            for (int part = 0; part < 2; part++) {
                reduce_maximum_2 = bitale_maximum_f64(reduce_maximum_2, x_pack.at[part]);
            }
        }
        for (int64_t j = (j_packs ? x_1 / 2 * 2 : 0) + lane; j < x_1; j += G) {
            reduce_maximum_2 = bitale_maximum_f64(reduce_maximum_2, x[i*x_s0 + j*x_s1]);
        }
        reduce_maximum_2 = bitale_gather<G>(reduce_maximum_2, bitale_op_maximum_f64());
        double reduce_add_2 = 0.0;
        const bool j_packs1 = x_s1 == 1 && ((uint64_t)(x + (i)*x_s0 + 0)) % 16 == 0;
        for (int64_t j = 2 * lane; j_packs1 && j + 1 < x_1; j += 2 * G) {
            const bitale_pack<double, 2> x_pack = bitale_take<2>(x + (i)*x_s0 + j);
            #pragma unroll
            for (int part = 0; part < 2; part++) {
                reduce_add_2 += exp((x_pack.at[part] - reduce_maximum_2));
            }
        }
        for (int64_t j = (j_packs1 ? x_1 / 2 * 2 : 0) + lane; j < x_1; j += G) {
            reduce_add_2 += exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2));
        }
        reduce_add_2 = bitale_gather<G>(reduce_add_2, bitale_op_add_f64());
        const bool j_packs2 = x_s1 == 1 && ((uint64_t)(x + (i)*x_s0 + 0) | (uint64_t)(result_0 + i*x_1)) % 16 == 0;
        for (int64_t j = 2 * lane; j_packs2 && j + 1 < x_1; j += 2 * G) {
            const bitale_pack<double, 2> x_pack = bitale_take<2>(x + (i)*x_s0 + j);
            bitale_pack<double, 2> result_0_pack;
            #pragma unroll
            for (int part = 0; part < 2; part++) {
                result_0_pack.at[part] = exp((x_pack.at[part] - reduce_maximum_2)) / reduce_add_2;
            }
            bitale_put(result_0_pack, result_0 + i*x_1 + j);
        }
        for (int64_t j = (j_packs2 ? x_1 / 2 * 2 : 0) + lane; j < x_1; j += G) {
            result_0[i*x_1 + j] = exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2)) / reduce_add_2;
        }
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_few(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) { compute_result_0<4>(result_0, x, x_s0, x_s1, x_0, x_1); }
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_warp(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) { compute_result_0<32>(result_0, x, x_s0, x_s1, x_0, x_1); }
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_block(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) { compute_result_0<256>(result_0, x, x_s0, x_s1, x_0, x_1); }

template <int G> __device__ __forceinline__ void compute_result_0_chunks1(double *__restrict__ reduce_maximum_2_parts, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < (chunks * x_0); row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i_up = bitale_quotient(row, x_0, i_by, i_by);
        const int64_t i = row - i_up * x_0;
        const int64_t chunk = i_up;
        double reduce_maximum_2 = -((double)INFINITY);
        const int64_t j_first = chunk * j_count;
        const int64_t j_left = bitale_minimum_i64(j_count, (x_1 - j_first));
        for (int64_t j_in = lane; j_in < j_left; j_in += G) {
            const int64_t j = j_first + j_in;
            reduce_maximum_2 = bitale_maximum_f64(reduce_maximum_2, x[i*x_s0 + j*x_s1]);
        }
        reduce_maximum_2 = bitale_gather<G>(reduce_maximum_2, bitale_op_maximum_f64());
        if (lane == 0) reduce_maximum_2_parts[chunk*x_0 + i] = reduce_maximum_2;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks1_block(double *__restrict__ reduce_maximum_2_parts, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) { compute_result_0_chunks1<256>(reduce_maximum_2_parts, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by); }

template <int G> __device__ __forceinline__ void compute_result_0_chunks2(double *__restrict__ reduce_maximum_2_all, const double *__restrict__ reduce_maximum_2_parts, int64_t x_0, int64_t chunks) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double reduce_maximum_2 = -((double)INFINITY);
        for (int64_t each_chunk = lane; each_chunk < chunks; each_chunk += G) {
            reduce_maximum_2 = bitale_maximum_f64(reduce_maximum_2, reduce_maximum_2_parts[each_chunk*x_0 + i]);
        }
        reduce_maximum_2 = bitale_gather<G>(reduce_maximum_2, bitale_op_maximum_f64());
        if (lane == 0) reduce_maximum_2_all[i] = reduce_maximum_2;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks2_warp(double *__restrict__ reduce_maximum_2_all, const double *__restrict__ reduce_maximum_2_parts, int64_t x_0, int64_t chunks) { compute_result_0_chunks2<32>(reduce_maximum_2_all, reduce_maximum_2_parts, x_0, chunks); }

template <int G> __device__ __forceinline__ void compute_result_0_chunks3(double *__restrict__ reduce_add_2_parts, const double *__restrict__ reduce_maximum_2_all, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < (chunks * x_0); row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i_up = bitale_quotient(row, x_0, i_by, i_by);
        const int64_t i = row - i_up * x_0;
        const int64_t chunk = i_up;
        double reduce_maximum_2 = reduce_maximum_2_all[i];
        double reduce_add_2 = 0.0;
        const int64_t j_first = chunk * j_count;
        const int64_t j_left = bitale_minimum_i64(j_count, (x_1 - j_first));
        for (int64_t j_in = lane; j_in < j_left; j_in += G) {
            const int64_t j = j_first + j_in;
            reduce_add_2 += exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2));
        }
        reduce_add_2 = bitale_gather<G>(reduce_add_2, bitale_op_add_f64());
        if (lane == 0) reduce_add_2_parts[chunk*x_0 + i] = reduce_add_2;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks3_block(double *__restrict__ reduce_add_2_parts, const double *__restrict__ reduce_maximum_2_all, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) { compute_result_0_chunks3<256>(reduce_add_2_parts, reduce_maximum_2_all, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by); }

template <int G> __device__ __forceinline__ void compute_result_0_chunks4(double *__restrict__ reduce_add_2_all, const double *__restrict__ reduce_add_2_parts, int64_t x_0, int64_t chunks) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double reduce_add_2 = 0.0;
        for (int64_t each_chunk = lane; each_chunk < chunks; each_chunk += G) {
            reduce_add_2 += reduce_add_2_parts[each_chunk*x_0 + i];
        }
        reduce_add_2 = bitale_gather<G>(reduce_add_2, bitale_op_add_f64());
        if (lane == 0) reduce_add_2_all[i] = reduce_add_2;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks4_warp(double *__restrict__ reduce_add_2_all, const double *__restrict__ reduce_add_2_parts, int64_t x_0, int64_t chunks) { compute_result_0_chunks4<32>(reduce_add_2_all, reduce_add_2_parts, x_0, chunks); }

/* max(x, axis=1) */
/* exp(x - max(x, axis=1)[:, None]) */
/* sum(exp(x - max(x, axis=1)[:, None]), axis=1) */
/* exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None] */
template <int G> __device__ __forceinline__ void compute_result_0_chunks5(double *__restrict__ result_0, const double *__restrict__ reduce_maximum_2_all, const double *__restrict__ reduce_add_2_all, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < (chunks * x_0); row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i_up = bitale_quotient(row, x_0, i_by, i_by);
        const int64_t i = row - i_up * x_0;
        const int64_t chunk = i_up;
        double reduce_maximum_2 = reduce_maximum_2_all[i];
        double reduce_add_2 = reduce_add_2_all[i];
        const int64_t j_first = chunk * j_count;
        const int64_t j_left = bitale_minimum_i64(j_count, (x_1 - j_first));
        for (int64_t j_in = lane; j_in < j_left; j_in += G) {
            const int64_t j = j_first + j_in;
            result_0[i*x_1 + j] = exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2)) / reduce_add_2;
        }
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks5_block(double *__restrict__ result_0, const double *__restrict__ reduce_maximum_2_all, const double *__restrict__ reduce_add_2_all, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_0, int64_t j_count, int64_t x_1, int64_t i_by) { compute_result_0_chunks5<256>(result_0, reduce_maximum_2_all, reduce_add_2_all, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by); }

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    result_0 = call.allocate(0, (x_0, x_1))
    chunks = call.chunks(x_0, 256, x_1)
    if chunks > 1:
        j_count = (x_1 + (chunks - 1)) // chunks
        i_by = 4611686018427387903 // max(x_0, 1) + 1 if chunks * x_0 < 1073741824 else 0 - 9223372036854775807 // max(x_0, 1)
        reduce_maximum_2_parts = call.memory('reduce_maximum_2_parts', chunks * x_0 * 8)
        lanes = 256
        grid = call.groups(chunks * x_0, lanes)
        call.launch('compute_result_0_chunks1_block', grid, 256, (reduce_maximum_2_parts, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by))
        reduce_maximum_2_all = call.memory('reduce_maximum_2_all', x_0 * 8)
        lanes = 32
        grid = call.groups(x_0, lanes)
        call.launch('compute_result_0_chunks2_warp', grid, 256, (reduce_maximum_2_all, reduce_maximum_2_parts, x_0, chunks))
        j_count = (x_1 + (chunks - 1)) // chunks
        i_by = 4611686018427387903 // max(x_0, 1) + 1 if chunks * x_0 < 1073741824 else 0 - 9223372036854775807 // max(x_0, 1)
        reduce_add_2_parts = call.memory('reduce_add_2_parts', chunks * x_0 * 8)
        lanes = 256
        grid = call.groups(chunks * x_0, lanes)
        call.launch('compute_result_0_chunks3_block', grid, 256, (reduce_add_2_parts, reduce_maximum_2_all, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by))
        reduce_add_2_all = call.memory('reduce_add_2_all', x_0 * 8)
        lanes = 32
        grid = call.groups(x_0, lanes)
        call.launch('compute_result_0_chunks4_warp', grid, 256, (reduce_add_2_all, reduce_add_2_parts, x_0, chunks))
        j_count = (x_1 + (chunks - 1)) // chunks
        i_by = 4611686018427387903 // max(x_0, 1) + 1 if chunks * x_0 < 1073741824 else 0 - 9223372036854775807 // max(x_0, 1)
        lanes = 256
        grid = call.groups(chunks * x_0, lanes)
        call.launch('compute_result_0_chunks5_block', grid, 256, (result_0, reduce_maximum_2_all, reduce_add_2_all, x, x_s0, x_s1, chunks, x_0, j_count, x_1, i_by))
    else:
        lanes = 4 if x_1 <= 16 else (32 if x_1 <= 256 or x_1 <= 1024 and 2048 <= x_0 else 256)
        grid = call.groups(x_0, lanes)
        if lanes == 4:
            call.launch('compute_result_0_few', grid, 256, (result_0, x, x_s0, x_s1, x_0, x_1))
        else:
            call.launch('compute_result_0_warp' if lanes == 32 else 'compute_result_0_block', grid, 256, (result_0, x, x_s0, x_s1, x_0, x_1))
*/
