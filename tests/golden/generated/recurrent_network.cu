/* tanh(row(einsum("abc,cd->abd", x, w), step) + h @ u + b) */
extern "C" __global__ void __launch_bounds__(256) compute_result_0_row(float *__restrict__ result_0_row, const float *__restrict__ contract, const float *__restrict__ contract_2, const float *__restrict__ b, int64_t x_1, int64_t b_0, int64_t step, int64_t j_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < (x_1 * b_0); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, b_0, j_by, j_by);
        const int64_t j = element - j_up * b_0;
        const int64_t i = j_up;
        result_0_row[i*b_0 + j] = bitale_tanh_f32(((contract[step*x_1*b_0 + i*b_0 + j] + contract_2[i*b_0 + j]) + b[j]));
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_row_packs(float *__restrict__ result_0_row, const float *__restrict__ contract, const float *__restrict__ contract_2, const float *__restrict__ b, int64_t x_1, int64_t b_0, int64_t step, int64_t j_by) {
    for (int64_t element = 4 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element < (x_1 * b_0); element += 4 * (int64_t)gridDim.x * blockDim.x) {
        const int64_t j_up = bitale_quotient(element, b_0, j_by, j_by);
        const int64_t j = element - j_up * b_0;
        const int64_t i = j_up;
        const bitale_pack<float, 4> contract_pack = bitale_take<4>(contract + step*x_1*b_0 + i*b_0 + j);
        const bitale_pack<float, 4> contract_2_pack = bitale_take<4>(contract_2 + i*b_0 + j);
        const bitale_pack<float, 4> b_pack = bitale_take<4>(b + j);
        bitale_pack<float, 4> result_0_row_pack;
        #pragma unroll
        for (int part = 0; part < 4; part++) {
            result_0_row_pack.at[part] = bitale_tanh_f32(((contract_pack.at[part] + contract_2_pack.at[part]) + b_pack.at[part]));
        }
        bitale_put(result_0_row_pack, result_0_row + i*b_0 + j);
    }
}

__device__ __forceinline__ void multiply_contract_2_row_step(float *contract_2_out, const float *h_2_left, const float *u_right, int64_t x_1, int64_t b_0, int64_t first_row, int64_t end_row) {
    for (int64_t element = first_row * (b_0) + threadIdx.x; element < end_row * (b_0); element += blockDim.x) {
        const int64_t k_up = element / b_0;
        const int64_t k = element - k_up * b_0;
        const int64_t j = k_up;
        float product = 0.0f;
        for (int64_t l = 0; l < b_0; l++) {
            product += h_2_left[j*b_0 + l] * u_right[l*b_0 + k];
        }
        contract_2_out[j*b_0 + k] = product;
    }
}

__device__ __forceinline__ void compute_result_0_row_row_step(float *result_0_row, const float *contract, const float *contract_2, const float *b, int64_t x_1, int64_t b_0, int64_t step, int64_t first_row, int64_t end_row) {
    for (int64_t element = first_row * (b_0) + threadIdx.x; element < end_row * (b_0); element += blockDim.x) {
        const int64_t j_up = element / b_0;
        const int64_t j = element - j_up * b_0;
        const int64_t i = j_up;
        result_0_row[i*b_0 + j] = bitale_tanh_f32(((contract[step*x_1*b_0 + i*b_0 + j] + contract_2[i*b_0 + j]) + b[j]));
    }
}

extern "C" __global__ void __launch_bounds__(256) compute_result_0_row_steps(float *contract_2, float *u, float *contract, float *b, float *result_0, float *h_2_home, float *h_2_start, int64_t x_0, int64_t x_1, int64_t b_0, int64_t rows_each) {
    const int64_t first_row = (int64_t)blockIdx.x * rows_each;
    const int64_t rows = x_1;
    const int64_t end_row = first_row + rows_each < rows ? first_row + rows_each : rows;
    float *h_2 = h_2_start;
    const int64_t step_upto = x_0;
    for (int64_t step = 0; step < step_upto; step++) {
        float *result_0_row = result_0 + (step) * ((x_1 * b_0));
        multiply_contract_2_row_step(contract_2, h_2, u, x_1, b_0, first_row, end_row);
        __syncthreads();
        compute_result_0_row_row_step(result_0_row, contract, contract_2, b, x_1, b_0, step, first_row, end_row);
        __syncthreads();
        h_2 = result_0_row;
        __syncthreads();
    }
    if (h_2 != h_2_home)
        for (int64_t element = first_row * (b_0) + threadIdx.x; element < end_row * (b_0); element += 256) h_2_home[element] = h_2[element];
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_2 = call.length(0, 2)
    h = call.address(1)
    h_0 = call.length(1, 0)
    h_1 = call.length(1, 1)
    w = call.address(2)
    w_0 = call.length(2, 0)
    w_1 = call.length(2, 1)
    u = call.address(3)
    u_0 = call.length(3, 0)
    u_1 = call.length(3, 1)
    b = call.address(4)
    b_0 = call.length(4, 0)
    size = x_0 * x_1
    slot_0, slot_1, = call.workspace(x_0 * x_1 * b_0 * 4, x_1 * b_0 * 4)
    if not x_2 == w_0: call.fail(1, x_2, w_0)
    if not h_0 == x_1: call.fail(2, h_0, x_1)
    if not h_1 == w_1: call.fail(3, h_1, w_1)
    if not w_1 == u_0: call.fail(4, w_1, u_0)
    if not u_0 == u_1: call.fail(5, u_0, u_1)
    if not u_1 == b_0: call.fail(6, u_1, b_0)
    result_0 = call.allocate(0, (x_0, x_1, b_0))
    contract = slot_0
    call.gemm(Product('float32', size, b_0, w_0, note='einsum("abc,cd->abd", x, w)'), 1, x, w, 0, contract)
    contract_2 = slot_1
    if b_0 * (8 + b_0) + b_0 * 8 <= 131072 and x_1 * (b_0 * (8 + b_0) + b_0 * 8) <= 4194304:
        h_2_home = call.memory('h_2_home', x_1 * b_0 * 4)
        h_2_start = h
        compute_result_0_row_steps_each = max(4096 // max(b_0 * (8 + b_0) + b_0 * 8, 1), 1)
        call.launch('compute_result_0_row_steps', max((x_1 + (compute_result_0_row_steps_each - 1)) // compute_result_0_row_steps_each, 1), 256, (contract_2, u, contract, b, result_0, h_2_home, h_2_start, x_0, x_1, b_0, compute_result_0_row_steps_each))
        h_2 = h_2_home
    else:
        h_2 = h
        for step in range(x_0):
            result_0_row = result_0 + step * (x_1 * b_0 * 4)
            call.gemm(Product('float32', x_1, b_0, b_0, note='h @ u'), 1, h_2, u, 0, contract_2)
            j_by = 4611686018427387903 // max(b_0, 1) + 1 if x_1 * b_0 < 1073741824 else 0 - 9223372036854775807 // max(b_0, 1)
            width = 4 if b_0 % 4 == 0 and (contract | contract_2 | b | result_0_row) % 16 == 0 else 1
            grid = call.threads(x_1 * b_0, width)
            call.launch('compute_result_0_row' if width == 1 else 'compute_result_0_row_packs', grid, 256, (result_0_row, contract, contract_2, b, x_1, b_0, step, j_by))
            h_2 = result_0_row
*/
