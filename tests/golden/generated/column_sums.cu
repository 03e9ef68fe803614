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

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    result_0 = call.allocate(0, (x_1, ))
    grid, block = call.threads(x_1), 256
    call.launch('compute_result_0', grid, block, (result_0, x, x_s0, x_s1, x_1, x_0, ))
*/
