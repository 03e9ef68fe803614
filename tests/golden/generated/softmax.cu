/* max(x, axis=1) */
/* exp(x - max(x, axis=1)[:, None]) */
/* sum(exp(x - max(x, axis=1)[:, None]), axis=1) */
/* exp(x - max(x, axis=1)[:, None]) / sum(exp(x - ...), axis=1)[:, None] */
template <int G> __device__ __forceinline__ void compute_result_0(double *__restrict__ exp__row_all, double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) {
    const int lane = threadIdx.x % G;
    double *const exp__row = exp__row_all + ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G * (x_1);
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double reduce_maximum_2 = -((double)INFINITY);
        for (int64_t j = lane; j < x_1; j += G) {
            reduce_maximum_2 = bitale_maximum_f64(reduce_maximum_2, x[i*x_s0 + j*x_s1]);
        }
        reduce_maximum_2 = bitale_gather<G>(reduce_maximum_2, bitale_op_maximum_f64());
        double reduce_add_2 = 0.0;
        for (int64_t j = lane; j < x_1; j += G) {
            exp__row[j] = exp((x[i*x_s0 + j*x_s1] - reduce_maximum_2));
            reduce_add_2 += exp__row[j];
        }
        reduce_add_2 = bitale_gather<G>(reduce_add_2, bitale_op_add_f64());
        bitale_wait<G>();
        for (int64_t j = lane; j < x_1; j += G) {
            result_0[i*x_1 + j] = exp__row[j] / reduce_add_2;
        }
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_warp(double *__restrict__ exp__row_all, double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) { compute_result_0<32>(exp__row_all, result_0, x, x_s0, x_s1, x_0, x_1); }
extern "C" __global__ void __launch_bounds__(256, 4) compute_result_0_block(double *__restrict__ exp__row_all, double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, int64_t x_0, int64_t x_1) { compute_result_0<256>(exp__row_all, result_0, x, x_s0, x_s1, x_0, x_1); }

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    result_0 = call.allocate(0, (x_0, x_1, ))
    lanes = 32 if x_1 <= 256 else 256
    grid, block = call.groups(x_0, lanes), 256
    exp__row_all = call.temporary(grid * block // lanes * (x_1 * 8))
    call.launch('compute_result_0_warp' if lanes == 32 else 'compute_result_0_block', grid, block, (exp__row_all, result_0, x, x_s0, x_s1, x_0, x_1, ))
*/
