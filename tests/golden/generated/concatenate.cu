/* concatenate([exp(x), y + 1], axis=0) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t y_1, int64_t j_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (x_0 * y_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, y_1, j_by, j_by);
        const int64_t j = element - j_up * y_1;
        const int64_t i = j_up;
        result_0[i*y_1 + j] = exp(x[i*x_s0 + j*x_s1]);
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_packs(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t y_1, int64_t j_by) {
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element < (x_0 * y_1); element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, y_1, j_by, j_by);
        const int64_t j = element - j_up * y_1;
        const int64_t i = j_up;
        const bitale_pack<double, 2> x_pack = bitale_take<2>(x + (i)*x_s0 + j);
        bitale_pack<double, 2> result_0_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_pack.at[part] = exp(x_pack.at[part]);
        }
        bitale_put(result_0_pack, result_0 + i*y_1 + j);
    }
}

/* concatenate([exp(x), y + 1], axis=0) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0_2(double *__restrict__ result_0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t x_0, int64_t j_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (y_0 * y_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, y_1, j_by, j_by);
        const int64_t j = element - j_up * y_1;
        const int64_t i = j_up;
        result_0[((x_0 + i))*y_1 + j] = y[i*y_s0 + j*y_s1] + 1.0;
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_2_packs(double *__restrict__ result_0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t x_0, int64_t j_by) {
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element < (y_0 * y_1); element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, y_1, j_by, j_by);
        const int64_t j = element - j_up * y_1;
        const int64_t i = j_up;
        const bitale_pack<double, 2> y_pack = bitale_take<2>(y + (i)*y_s0 + j);
        bitale_pack<double, 2> result_0_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_pack.at[part] = y_pack.at[part] + 1.0;
        }
        bitale_put(result_0_pack, result_0 + ((x_0 + i))*y_1 + j);
    }
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    y = call.address(1)
    y_0 = call.length(1, 0)
    y_1 = call.length(1, 1)
    y_s0 = call.stride(1, 0)
    y_s1 = call.stride(1, 1)
    size = x_0 + y_0
    if not x_1 == y_1: call.fail(1, x_1, y_1)
    result_0 = call.allocate(0, (size, y_1))
    j_by = 4611686018427387903 // max(y_1, 1) + 1 if x_0 * y_1 < 1073741824 else 0 - 9223372036854775807 // max(y_1, 1)
    width = 2 if y_1 % 2 == 0 and x_s1 == 1 and x_s0 % 2 == 0 and (x | result_0) % 16 == 0 else 1
    grid = call.threads(x_0 * y_1, width)
    call.launch('compute_result_0' if width == 1 else 'compute_result_0_packs', grid, 256, (result_0, x, x_s0, x_s1, x_0, y_1, j_by))
    j_by = 4611686018427387903 // max(y_1, 1) + 1 if y_0 * y_1 < 1073741824 else 0 - 9223372036854775807 // max(y_1, 1)
    width = 2 if y_1 % 2 == 0 and y_s1 == 1 and y_s0 % 2 == 0 and (y | result_0) % 16 == 0 else 1
    grid = call.threads(y_0 * y_1, width)
    call.launch('compute_result_0_2' if width == 1 else 'compute_result_0_2_packs', grid, 256, (result_0, y, y_s0, y_s1, y_0, y_1, x_0, j_by))
*/
