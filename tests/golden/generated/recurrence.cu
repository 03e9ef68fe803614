/* 0 */
extern "C" __global__ void __launch_bounds__(256) compute_carry(double *__restrict__ carry) {
    carry[0] = 0.0;
}

/* scan(...) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ carry) {
    result_0[0] = carry[0];
}

/* sum(...) */
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_1(double *__restrict__ result_1, const double *__restrict__ scan, int64_t y_0) {
    const int G = 256, lane = threadIdx.x;
    double result_1_sum = 0.0;
    for (int64_t element = lane; element < y_0; element += G) {
        const int64_t i = element;
        result_1_sum += scan[i];
    }
    result_1_sum = bitale_gather<G>(result_1_sum, bitale_op_add_f64());
    if (lane == 0) result_1[0] = result_1_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) compute_result_1_total1(const double *__restrict__ scan, double *__restrict__ result_1_sum_parts, int64_t y_0) {
    double result_1_sum = 0.0;
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < y_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        result_1_sum += scan[i];
    }
    result_1_sum = bitale_gather<256>(result_1_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_1_sum_parts[blockIdx.x] = result_1_sum;
}

extern "C" __global__ void __launch_bounds__(256) compute_result_1_total1_packs(const double *__restrict__ scan, double *__restrict__ result_1_sum_parts, int64_t y_0) {
    double result_1_sum = 0.0;
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < y_0; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<double, 2> scan_pack = bitale_take<2>(scan + element);
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_1_sum += scan_pack.at[part];
        }
    }
    if (const int64_t element = y_0 / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < y_0) {
        result_1_sum += scan[element];
    }
    result_1_sum = bitale_gather<256>(result_1_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) result_1_sum_parts[blockIdx.x] = result_1_sum;
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_result_1_total2(double *__restrict__ result_1, const double *__restrict__ result_1_sum_parts, int64_t blocks) {
    const int G = 256, lane = threadIdx.x;
    double result_1_sum = 0.0;
    for (int64_t block = lane; block < blocks; block += G) {
        result_1_sum += result_1_sum_parts[block];
    }
    result_1_sum = bitale_gather<G>(result_1_sum, bitale_op_add_f64());
    if (lane == 0) result_1[0] = result_1_sum;
    bitale_wait<G>();
}

__device__ __forceinline__ void compute_carry_new_step(double *scan_row, double *carry_new, const double *carry, const double *a, const double *y, int64_t step) {
    scan_row[0] = bitale_square_f64(carry[0]);
    carry_new[0] = (a[0] * carry[0]) + y[step];
}

extern "C" __global__ void __launch_bounds__(1) compute_carry_new_steps(double *a, double *y, double *scan, double *carry_home, int64_t y_0) {
    double carry_new[1];
    double carry[1];
    carry[0] = carry_home[0];
    const int64_t step_upto = y_0;
    for (int64_t step = 0; step < step_upto; step++) {
        double *scan_row = scan + (step) * (1);
        compute_carry_new_step(scan_row, carry_new, carry, a, y, step);
        carry[0] = carry_new[0];
    }
    carry_home[0] = carry[0];
}

/*
def run(call):
    y = call.address(0)
    y_0 = call.length(0, 0)
    a = call.address(1)
    slot_0, = call.workspace(y_0 * 8)
    result_0 = call.allocate(0, ())
    result_1 = call.allocate(1, ())
    carry = call.memory('carry', 8)
    call.launch('compute_carry', 1, 1, (carry,))
    scan = slot_0
    carry_new = call.memory('carry_new', 8)
    call.launch('compute_carry_new_steps', 1, 1, (a, y, scan, carry, y_0))
    call.launch('compute_result_0', 1, 1, (result_0, carry))
    if y_0 > 2048:
        width = 2 if scan % 16 == 0 else 1
        grid = call.total(y_0, width)
        blocks = grid
        result_1_sum_parts = call.memory('result_1_sum_parts', grid * 8)
        call.launch('compute_result_1_total1' if width == 1 else 'compute_result_1_total1_packs', grid, 256, (scan, result_1_sum_parts, y_0))
        call.launch('compute_result_1_total2', 1, 256, (result_1, result_1_sum_parts, blocks))
    else:
        call.launch('compute_result_1', 1, 256, (result_1, scan, y_0))
*/
