/* tanh(x.T + b) * y[:, y.shape[1] - 1::-1] */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *__restrict__ b, int64_t b_s0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t size) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (y_0 * y_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element / y_1;
        const int64_t j = element % y_1;
        result_0[i*y_1 + j] = tanh((x[j*x_s0 + i*x_s1] + b[j*b_s0])) * y[i*y_s0 + ((size + ((-1) * j)))*y_s1];
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_packs(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *__restrict__ b, int64_t b_s0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t size) {
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element < (y_0 * y_1); element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element / y_1;
        const int64_t j = element % y_1;
        const bitale_pack<double, 2> b_pack = bitale_take<2>(b + j);
        bitale_pack<double, 2> result_0_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            result_0_pack.at[part] = tanh((x[(j + part)*x_s0 + i*x_s1] + b_pack.at[part])) * y[i*y_s0 + ((size + ((-1) * (j + part))))*y_s1];
        }
        bitale_put(result_0_pack, result_0 + i*y_1 + j);
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
    b = call.address(2)
    b_0 = call.length(2, 0)
    b_s0 = call.stride(2, 0)
    size = y_1 - 1
    if not x_0 == b_0: call.fail(1, x_0, b_0)
    if not x_1 == y_0: call.fail(2, x_1, y_0)
    if not b_0 == y_1: call.fail(3, b_0, y_1)
    result_0 = call.allocate(0, (y_0, y_1))
    width = 2 if y_1 % 2 == 0 and b_s0 == 1 and (b | result_0) % 16 == 0 else 1
    grid = call.threads(y_0 * y_1, width)
    call.launch('compute_result_0' if width == 1 else 'compute_result_0_packs', grid, 256, (result_0, x, x_s0, x_s1, b, b_s0, y, y_s0, y_s1, y_0, y_1, size))
*/
