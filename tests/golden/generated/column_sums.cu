/* sum(x, axis=0) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_1, int64_t x_0) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_1; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        double result_0_sum = 0.0;
        for (int64_t j = 0; j < x_0; j++) {
            result_0_sum += x[j*x_s0 + i*x_s1];
        }
        result_0[i] = result_0_sum;
    }
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks1(double *__restrict__ result_0_sum_parts, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t chunks, int64_t x_1, int64_t j_count, int64_t x_0, int64_t i_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (chunks * x_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i_up = bitale_quotient(element, x_1, i_by, i_by);
        const int64_t i = element - i_up * x_1;
        const int64_t chunk = i_up;
        double result_0_sum = 0.0;
        const int64_t j_first = chunk * j_count;
        const int64_t j_left = bitale_minimum_i64(j_count, (x_0 - j_first));
        for (int64_t j_in = 0; j_in < j_left; j_in++) {
            const int64_t j = j_first + j_in;
            result_0_sum += x[j*x_s0 + i*x_s1];
        }
        result_0_sum_parts[chunk*x_1 + i] = result_0_sum;
    }
}

/* sum(x, axis=0) */
template <int G> __device__ __forceinline__ void compute_result_0_chunks2(double *__restrict__ result_0, const double *__restrict__ result_0_sum_parts, int64_t x_1, int64_t chunks) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_1; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double result_0_sum = 0.0;
        for (int64_t each_chunk = lane; each_chunk < chunks; each_chunk += G) {
            result_0_sum += result_0_sum_parts[each_chunk*x_1 + i];
        }
        result_0_sum = bitale_gather<G>(result_0_sum, bitale_op_add_f64());
        if (lane == 0) result_0[i] = result_0_sum;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_chunks2_warp(double *__restrict__ result_0, const double *__restrict__ result_0_sum_parts, int64_t x_1, int64_t chunks) { compute_result_0_chunks2<32>(result_0, result_0_sum_parts, x_1, chunks); }

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    result_0 = call.allocate(0, (x_1,))
    chunks = call.chunks(x_1, 1, x_0)
    if chunks > 1:
        j_count = (x_0 + (chunks - 1)) // chunks
        i_by = 4611686018427387903 // max(x_1, 1) + 1 if chunks * x_1 < 1073741824 else 0 - 9223372036854775807 // max(x_1, 1)
        result_0_sum_parts = call.memory('result_0_sum_parts', chunks * x_1 * 8)
        grid = call.threads(chunks * x_1)
        call.launch('compute_result_0_chunks1', grid, 256, (result_0_sum_parts, x, x_s0, x_s1, chunks, x_1, j_count, x_0, i_by))
        lanes = 32
        grid = call.groups(x_1, lanes)
        call.launch('compute_result_0_chunks2_warp', grid, 256, (result_0, result_0_sum_parts, x_1, chunks))
    else:
        grid = call.threads(x_1)
        call.launch('compute_result_0', grid, 256, (result_0, x, x_s0, x_s1, x_1, x_0))
*/
