/* tanh(x.T + b) * y[:, y.shape[1] - 1::-1] */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *__restrict__ b, int64_t b_s0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t size, int64_t j_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (y_0 * y_1); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, y_1, j_by, j_by);
        const int64_t j = element - j_up * y_1;
        const int64_t i = j_up;
        result_0[i*y_1 + j] = tanh((x[j*x_s0 + i*x_s1] + b[j*b_s0])) * y[i*y_s0 + ((size + ((-1) * j)))*y_s1];
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_tiles(double *__restrict__ result_0, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *__restrict__ b, int64_t b_s0, const double *__restrict__ y, int64_t y_s0, int64_t y_s1, int64_t y_0, int64_t y_1, int64_t size, int64_t j_by) {
    __shared__ double x_tile[32][33];
    const bool x_tiles = x_s1 == 1 && x_s0 != 1;
    __shared__ double y_tile[32][33];
    const bool y_tiles = y_s0 == 1 && y_s1 != 1;
    const int column = threadIdx.x % 32;
    const int64_t i_tiles = (y_0 + 31) / 32;
    const int64_t j_tiles = (y_1 + 31) / 32;
    for (int64_t tile = blockIdx.x; tile < (i_tiles * j_tiles); tile += gridDim.x) {
        const int64_t j_tile_up = tile / j_tiles;
        const int64_t j_tile = tile - j_tile_up * j_tiles;
        const int64_t i_tile = j_tile_up;
        #pragma unroll
        for (int part = 0; part < 4; part++) {
            const int place = part * 8 + threadIdx.x / 32;
            const int64_t j = j_tile * 32 + place, i = i_tile * 32 + column;
            if (j < y_1 && i < y_0) {
                if (x_tiles) x_tile[place][column] = x[j*x_s0 + i*x_s1];
                if (y_tiles) y_tile[place][column] = y[i*y_s0 + ((size + ((-1) * j)))*y_s1];
            }
        }
        __syncthreads();
        #pragma unroll
        for (int part = 0; part < 4; part++) {
            const int place = part * 8 + threadIdx.x / 32;
            const int64_t i = i_tile * 32 + place, j = j_tile * 32 + column;
            if (i < y_0 && j < y_1) {
                result_0[i*y_1 + j] = tanh(((x_tiles ? x_tile[column][place] : x[j*x_s0 + i*x_s1]) + b[j*b_s0])) * (y_tiles ? y_tile[column][place] : y[i*y_s0 + ((size + ((-1) * j)))*y_s1]);
            }
        }
        __syncthreads();
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
    j_by = 4611686018427387903 // max(y_1, 1) + 1 if y_0 * y_1 < 1073741824 else 0 - 9223372036854775807 // max(y_1, 1)
    width = 4 if min(y_0, y_1) >= 16 else 1
    grid = call.threads(y_0 * y_1, width)
    call.launch('compute_result_0' if width == 1 else 'compute_result_0_tiles', grid, 256, (result_0, x, x_s0, x_s1, b, b_s0, y, y_s0, y_s1, y_0, y_1, size, j_by))
*/
