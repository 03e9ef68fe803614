/* einsum("abc,bd->acd", x, w) + b */
extern "C" __global__ void __launch_bounds__(256) finish_result_0(float *__restrict__ result_0, const float *__restrict__ b, int64_t x_0, int64_t x_2, int64_t b_0, int64_t j_by, int64_t k_by) {
    for (int64_t element = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; element < ((x_0 * x_2) * b_0); element += (int64_t)gridDim.x * blockDim.x) {
        const int64_t k_up = bitale_quotient(element, b_0, k_by, j_by);
        const int64_t k = element - k_up * b_0;
        const int64_t j_up = bitale_quotient(k_up, x_2, j_by, j_by);
        const int64_t j = k_up - j_up * x_2;
        const int64_t i = j_up;
        result_0[i*x_2*b_0 + j*b_0 + k] = result_0[i*x_2*b_0 + j*b_0 + k] + b[k];
    }
}

/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    x_2 = call.length(0, 2)
    w = call.address(1)
    w_0 = call.length(1, 0)
    w_1 = call.length(1, 1)
    b = call.address(2)
    b_0 = call.length(2, 0)
    if not x_1 == w_0: call.fail(1, x_1, w_0)
    if not w_1 == b_0: call.fail(2, w_1, b_0)
    result_0 = call.allocate(0, (x_0, x_2, b_0))
    if not call.finished(Product('float32', x_2, b_0, w_0, batch=x_0, transposed=(True, False), shared=(False, True), bias=True, note='einsum("abc,bd->acd", x, w) + b'), x, w, result_0, b):
        call.gemm(Product('float32', x_2, b_0, w_0, batch=x_0, transposed=(True, False), shared=(False, True), note='einsum("abc,bd->acd", x, w) + b'), 1, x, w, 0, result_0)
        j_by = 4611686018427387903 // max(x_2, 1) + 1 if x_0 * x_2 * b_0 < 1073741824 else 0 - 9223372036854775807 // max(x_2, 1)
        k_by = 4611686018427387903 // max(b_0, 1) + 1 if x_0 * x_2 * b_0 < 1073741824 else 0 - 9223372036854775807 // max(b_0, 1)
        grid = call.threads(x_0 * x_2 * b_0)
        call.launch('finish_result_0', grid, 256, (result_0, b, x_0, x_2, b_0, j_by, k_by))
*/
