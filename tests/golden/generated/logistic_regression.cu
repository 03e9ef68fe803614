/* x @ weights */
template <int G> __device__ __forceinline__ void compute_contract(double *__restrict__ contract, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t x_0, int64_t weights_0) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double contract_sum = 0.0;
        const bool j_packs = x_s1 == 1 && ((uint64_t)(x + (i)*x_s0 + 0) | (uint64_t)(weights + 0)) % 16 == 0;
        for (int64_t j = 2 * lane; j_packs && j + 1 < weights_0; j += 2 * G) {
            const bitale_pack<double, 2> x_pack = bitale_take<2>(x + (i)*x_s0 + j);
            const bitale_pack<double, 2> weights_pack = bitale_take<2>(weights + j);
            #pragma unroll
            for (int part = 0; part < 2; part++) {
                contract_sum += x_pack.at[part] * weights_pack.at[part];
            }
        }
        for (int64_t j = (j_packs ? weights_0 / 2 * 2 : 0) + lane; j < weights_0; j += G) {
            contract_sum += x[i*x_s0 + j*x_s1] * weights[j];
        }
        contract_sum = bitale_gather<G>(contract_sum, bitale_op_add_f64());
        if (lane == 0) contract[i] = contract_sum;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_contract_few(double *__restrict__ contract, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t x_0, int64_t weights_0) { compute_contract<4>(contract, x, x_s0, x_s1, weights, x_0, weights_0); }
extern "C" __global__ void __launch_bounds__(256, 4) compute_contract_warp(double *__restrict__ contract, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t x_0, int64_t weights_0) { compute_contract<32>(contract, x, x_s0, x_s1, weights, x_0, weights_0); }
extern "C" __global__ void __launch_bounds__(256, 4) compute_contract_block(double *__restrict__ contract, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t x_0, int64_t weights_0) { compute_contract<256>(contract, x, x_s0, x_s1, weights, x_0, weights_0); }

template <int G> __device__ __forceinline__ void compute_contract_chunks1(double *__restrict__ contract_sum_parts, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t chunks, int64_t x_0, int64_t j_count, int64_t weights_0, int64_t i_by) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < (chunks * x_0); row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i_up = bitale_quotient(row, x_0, i_by, i_by);
        const int64_t i = row - i_up * x_0;
        const int64_t chunk = i_up;
        double contract_sum = 0.0;
        const int64_t j_first = chunk * j_count;
        const int64_t j_left = bitale_minimum_i64(j_count, (weights_0 - j_first));
        for (int64_t j_in = lane; j_in < j_left; j_in += G) {
            const int64_t j = j_first + j_in;
            contract_sum += x[i*x_s0 + j*x_s1] * weights[j];
        }
        contract_sum = bitale_gather<G>(contract_sum, bitale_op_add_f64());
        if (lane == 0) contract_sum_parts[chunk*x_0 + i] = contract_sum;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_contract_chunks1_block(double *__restrict__ contract_sum_parts, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *weights, int64_t chunks, int64_t x_0, int64_t j_count, int64_t weights_0, int64_t i_by) { compute_contract_chunks1<256>(contract_sum_parts, x, x_s0, x_s1, weights, chunks, x_0, j_count, weights_0, i_by); }

/* x @ weights */
template <int G> __device__ __forceinline__ void compute_contract_chunks2(double *__restrict__ contract, const double *__restrict__ contract_sum_parts, int64_t x_0, int64_t chunks) {
    const int lane = threadIdx.x % G;
    for (int64_t row = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / G; row < x_0; row += (int64_t)gridDim.x * blockDim.x / G) {
        const int64_t i = row;
        double contract_sum = 0.0;
        for (int64_t each_chunk = lane; each_chunk < chunks; each_chunk += G) {
            contract_sum += contract_sum_parts[each_chunk*x_0 + i];
        }
        contract_sum = bitale_gather<G>(contract_sum, bitale_op_add_f64());
        if (lane == 0) contract[i] = contract_sum;
        bitale_wait<G>();
    }
}
extern "C" __global__ void __launch_bounds__(256, 4) compute_contract_chunks2_warp(double *__restrict__ contract, const double *__restrict__ contract_sum_parts, int64_t x_0, int64_t chunks) { compute_contract_chunks2<32>(contract, contract_sum_parts, x_0, chunks); }

/* sum(softplus(x @ weights) - target * (x @ weights)) */
/* -(1 / x.shape[0]) * target + 1 / x.shape[0] * sigmoid(x @ weights) */
extern "C" __global__ void __launch_bounds__(256, 4) compute_add(double *__restrict__ add, double *__restrict__ reduce_add, const double *__restrict__ contract, const double *__restrict__ target, int64_t target_s0, int64_t x_0) {
    const int G = 256, lane = threadIdx.x;
    const double t = 1.0 / ((double)x_0);
    double reduce_add_sum = 0.0;
    for (int64_t element = lane; element < x_0; element += G) {
        const int64_t i = element;
        reduce_add_sum += bitale_softplus_f64(contract[i]) - (target[i*target_s0] * contract[i]);
        add[i] = ((-t) * target[i*target_s0]) + (t * bitale_sigmoid_f64(contract[i]));
    }
    reduce_add_sum = bitale_gather<G>(reduce_add_sum, bitale_op_add_f64());
    bitale_wait<G>();
    if (lane == 0) reduce_add[0] = reduce_add_sum;
    bitale_wait<G>();
}

extern "C" __global__ void __launch_bounds__(256) compute_add_total1(double *__restrict__ add, const double *__restrict__ contract, const double *__restrict__ target, int64_t target_s0, double *__restrict__ reduce_add_sum_parts, int64_t x_0) {
    double reduce_add_sum = 0.0;
    const double t = 1.0 / ((double)x_0);
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        reduce_add_sum += bitale_softplus_f64(contract[i]) - (target[i*target_s0] * contract[i]);
        add[i] = ((-t) * target[i*target_s0]) + (t * bitale_sigmoid_f64(contract[i]));
    }
    reduce_add_sum = bitale_gather<256>(reduce_add_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) reduce_add_sum_parts[blockIdx.x] = reduce_add_sum;
}

extern "C" __global__ void __launch_bounds__(256) compute_add_total1_packs(double *__restrict__ add, const double *__restrict__ contract, const double *__restrict__ target, int64_t target_s0, double *__restrict__ reduce_add_sum_parts, int64_t x_0) {
    double reduce_add_sum = 0.0;
    const double t = 1.0 / ((double)x_0);
    for (int64_t element = 2 * ((int64_t)blockIdx.x * blockDim.x + threadIdx.x); element + 1 < x_0; element += 2 * (int64_t)gridDim.x * blockDim.x) {
        const bitale_pack<double, 2> contract_pack = bitale_take<2>(contract + element);
        const bitale_pack<double, 2> target_pack = bitale_take<2>(target + element);
        bitale_pack<double, 2> add_pack;
        #pragma unroll
        for (int part = 0; part < 2; part++) {
            reduce_add_sum += bitale_softplus_f64(contract_pack.at[part]) - (target_pack.at[part] * contract_pack.at[part]);
            add_pack.at[part] = ((-t) * target_pack.at[part]) + (t * bitale_sigmoid_f64(contract_pack.at[part]));
        }
        bitale_put(add_pack, add + element);
    }
    if (const int64_t element = x_0 / 2 * 2 + (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < x_0) {
        reduce_add_sum += bitale_softplus_f64(contract[element]) - (target[element] * contract[element]);
        add[element] = ((-t) * target[element]) + (t * bitale_sigmoid_f64(contract[element]));
    }
    reduce_add_sum = bitale_gather<256>(reduce_add_sum, bitale_op_add_f64());
    if (threadIdx.x == 0) reduce_add_sum_parts[blockIdx.x] = reduce_add_sum;
}

extern "C" __global__ void __launch_bounds__(256, 4) compute_add_total2(double *__restrict__ reduce_add, const double *__restrict__ reduce_add_sum_parts, int64_t blocks) {
    const int G = 256, lane = threadIdx.x;
    double reduce_add_sum = 0.0;
    for (int64_t block = lane; block < blocks; block += G) {
        reduce_add_sum += reduce_add_sum_parts[block];
    }
    reduce_add_sum = bitale_gather<G>(reduce_add_sum, bitale_op_add_f64());
    if (lane == 0) reduce_add[0] = reduce_add_sum;
    bitale_wait<G>();
}

/* sum(softplus(x @ weights) - target * (x @ weights)) / x.shape[0] */
extern "C" __global__ void __launch_bounds__(256) compute_result_0(double *__restrict__ result_0, const double *__restrict__ reduce_add, int64_t x_0) {
    result_0[0] = reduce_add[0] / ((double)x_0);
}

/* d cost/d weights = x.T @ (-(1 / x.shape[0]) * target + 1 / x.shape[0] * sigmoid(x @ weights)) */
/* weights - 0.1 * d cost/d weights */
extern "C" __global__ void __launch_bounds__(256) compute_result_1(double *result_1, const double *__restrict__ x, int64_t x_s0, int64_t x_s1, const double *__restrict__ add, const double *weights, int64_t weights_0, int64_t x_0) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < weights_0; element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t i = element;
        double d_cost_d_weights_2 = 0.0;
        for (int64_t j = 0; j < x_0; j++) {
            d_cost_d_weights_2 += x[j*x_s0 + i*x_s1] * add[j];
        }
        result_1[i] = weights[i] - (0.1 * d_cost_d_weights_2);
    }
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_s0 = call.stride(0, 0)
    x_s1 = call.stride(0, 1)
    target = call.address(1)
    target_0 = call.length(1, 0)
    target_s0 = call.stride(1, 0)
    weights = call.address(2)
    weights_0 = call.length(2, 0)
    slot_0, slot_1, = call.workspace(x_0 * 8, x_0 * 8)
    if not x_1 == weights_0: call.fail(1, x_1, weights_0)
    if not target_0 == x_0: call.fail(2, target_0, x_0)
    result_0 = call.allocate(0, ())
    result_1 = call.donated(1, 2)
    contract = slot_0
    chunks = call.chunks(x_0, 256, weights_0)
    if chunks > 1:
        j_count = (weights_0 + (chunks - 1)) // chunks
        i_by = 4611686018427387903 // max(x_0, 1) + 1 if chunks * x_0 < 1073741824 else 0 - 9223372036854775807 // max(x_0, 1)
        contract_sum_parts = call.memory('contract_sum_parts', chunks * x_0 * 8)
        lanes = 256
        grid = call.groups(chunks * x_0, lanes)
        call.launch('compute_contract_chunks1_block', grid, 256, (contract_sum_parts, x, x_s0, x_s1, weights, chunks, x_0, j_count, weights_0, i_by))
        lanes = 32
        grid = call.groups(x_0, lanes)
        call.launch('compute_contract_chunks2_warp', grid, 256, (contract, contract_sum_parts, x_0, chunks))
    else:
        lanes = 4 if weights_0 <= 16 else (32 if weights_0 <= 256 or weights_0 <= 1024 and 2048 <= x_0 else 256)
        grid = call.groups(x_0, lanes)
        if lanes == 4:
            call.launch('compute_contract_few', grid, 256, (contract, x, x_s0, x_s1, weights, x_0, weights_0))
        else:
            call.launch('compute_contract_warp' if lanes == 32 else 'compute_contract_block', grid, 256, (contract, x, x_s0, x_s1, weights, x_0, weights_0))
    add = slot_1
    reduce_add = call.memory('reduce_add', 8)
    if x_0 > 2048:
        target_dense = call.is_dense(1)
        width = 2 if target_dense and (contract | target | add) % 16 == 0 else 1
        grid = call.total(x_0, width)
        blocks = grid
        reduce_add_sum_parts = call.memory('reduce_add_sum_parts', grid * 8)
        call.launch('compute_add_total1' if width == 1 else 'compute_add_total1_packs', grid, 256, (add, contract, target, target_s0, reduce_add_sum_parts, x_0))
        call.launch('compute_add_total2', 1, 256, (reduce_add, reduce_add_sum_parts, blocks))
    else:
        call.launch('compute_add', 1, 256, (add, reduce_add, contract, target, target_s0, x_0))
    call.launch('compute_result_0', 1, 1, (result_0, reduce_add, x_0))
    grid = call.threads(weights_0)
    call.launch('compute_result_1', grid, 256, (result_1, x, x_s0, x_s1, add, weights, weights_0, x_0))
*/
