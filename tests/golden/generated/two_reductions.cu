/* sum(x) */
/* sum(x**2) */
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_1(double *__restrict__ result_0, double *__restrict__ result_1, const double *__restrict__ x, int64_t x_s0, int64_t x_0) {
    const int G = 256, lane = threadIdx.x;
    double result_0_sum = 0.0;
    double result_1_sum = 0.0;
    for (int64_t element = lane; element < x_0; element += G) {
        const int64_t i = element;
        result_0_sum += x[i*x_s0];
        result_1_sum += bitale_square_f64(x[i*x_s0]);
    }
    result_0_sum = bitale_gather<G>(result_0_sum, bitale_op_add_f64());
    result_1_sum = bitale_gather<G>(result_1_sum, bitale_op_add_f64());
    if (lane == 0) result_0[0] = result_0_sum;
    bitale_wait<G>();
    if (lane == 0) result_1[0] = result_1_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) compute_result_1_total1(const double *__restrict__ x, int64_t x_s0, double *__restrict__ result_0_sum_parts, double *__restrict__ result_1_sum_parts, int64_t x_0) {
    double result_0_sum = 0.0;
    double result_1_sum = 0.0;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        result_0_sum += x[i*x_s0];
        result_1_sum += bitale_square_f64(x[i*x_s0]);
    }
    result_0_sum = bitale_gather<256>(result_0_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_0_sum_parts[blockIdx.x] = result_0_sum;
    result_1_sum = bitale_gather<256>(result_1_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_1_sum_parts[blockIdx.x] = result_1_sum;
}

extern "C" __global__ void __launch_bounds__(256) compute_result_1_total1_packs(const double *__restrict__ x, int64_t x_s0, double *__restrict__ result_0_sum_parts, double *__restrict__ result_1_sum_parts, int64_t x_0) {
    double result_0_sum = 0.0;
    double result_1_sum = 0.0;
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < x_0; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<double, 2> x_pack = bitale_take<2>(x + element);
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_sum += x_pack.at[part];
            result_1_sum += bitale_square_f64(x_pack.at[part]);
        }
    }
    if (const int64_t element = x_0 / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0) {
        result_0_sum += x[element];
        result_1_sum += bitale_square_f64(x[element]);
    }
    result_0_sum = bitale_gather<256>(result_0_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_0_sum_parts[blockIdx.x] = result_0_sum;
    result_1_sum = bitale_gather<256>(result_1_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_1_sum_parts[blockIdx.x] = result_1_sum;
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_result_1_total2(double *__restrict__ result_0, double *__restrict__ result_1, const double *__restrict__ result_0_sum_parts, const double *__restrict__ result_1_sum_parts, int64_t blocks) {
    const int G = 256, lane = threadIdx.x;
    double result_0_sum = 0.0;
    double result_1_sum = 0.0;
    for (int64_t block = lane; block < blocks; block += G) {
        result_0_sum += result_0_sum_parts[block];
        result_1_sum += result_1_sum_parts[block];
    }
    result_0_sum = bitale_gather<G>(result_0_sum, bitale_op_add_f64());
    result_1_sum = bitale_gather<G>(result_1_sum, bitale_op_add_f64());
    if (lane == 0) result_0[0] = result_0_sum;
    bitale_wait<G>();
    if (lane == 0) result_1[0] = result_1_sum;
    bitale_wait<G>();
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_s0 = call.stride(0, 0)
    result_0 = call.allocate(0, ())
    result_1 = call.allocate(1, ())
    if x_0 > 2048:
        x_dense = call.is_dense(0)
        width = 2 if x_dense and x % 16 == 0 else 1
        grid = call.total(x_0, width)
        blocks = grid
        result_0_sum_parts = call.memory('result_0_sum_parts', grid * 8)
        result_1_sum_parts = call.memory('result_1_sum_parts', grid * 8)
        call.launch('compute_result_1_total1' if width == 1 else 'compute_result_1_total1_packs', grid, 256, (x, x_s0, result_0_sum_parts, result_1_sum_parts, x_0))
        call.launch('compute_result_1_total2', 1, 256, (result_0, result_1, result_0_sum_parts, result_1_sum_parts, blocks))
    else:
        call.launch('compute_result_1', 1, 256, (result_0, result_1, x, x_s0, x_0))
*/
