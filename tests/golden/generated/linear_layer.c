/* einsum("abc,bd->acd", x, w) + b */
BITALE_INLINE void compute_result_0(float *restrict result_0, const float *restrict contract, const float *restrict b, int64_t b_s0, int64_t x_0, int64_t x_2, int64_t b_0) {
#pragma omp for nowait
    for (int64_t i = 0; i < x_0; i++) {
        for (int64_t j = 0; j < x_2; j++) {
#pragma omp simd
            for (int64_t k = 0; k < b_0; k++) {
                result_0[i*x_2*b_0 + j*b_0 + k] = contract[i*x_2*b_0 + j*b_0 + k] + b[k*b_s0];
            }
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const float *x = call->inputs[0].data;  /* float32[x_0, w_0, x_2] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_2 = call->inputs[0].shape[2];
    const float *w = call->inputs[1].data;  /* float32[w_0, b_0] w */
    const int64_t w_0 = call->inputs[1].shape[0];
    const int64_t w_1 = call->inputs[1].shape[1];
    const float *b = call->inputs[2].data;  /* float32[b_0] b */
    const int64_t b_0 = call->inputs[2].shape[0];
    const int64_t b_s0 = call->inputs[2].strides[0] / 4;
    char *workspace = call->workspace(call, bitale_lines((((x_0 * x_2) * b_0) * 4)));
    if (!workspace) return -1;
    char *slot_0 = (char *)workspace; workspace += bitale_lines((((x_0 * x_2) * b_0) * 4));
    if (!((x_1 == w_0))) { call->failure[0] = (int64_t)(x_1); call->failure[1] = (int64_t)(w_0); return 1; }
    if (!((w_1 == b_0))) { call->failure[0] = (int64_t)(w_1); call->failure[1] = (int64_t)(b_0); return 2; }
    float *contract = (float *)slot_0;  /* float32[x_0, x_2, b_0] einsum("abc,bd->acd", x, w) */
    bitale_sgemm(call, x_0, 1, 0, x_2, b_0, w_0, 1.0f, x, (x_2 * w_0), w, 0, 0.0f, contract);
    const int64_t result_0_shape[] = {x_0, x_2, b_0};
    float *result_0 = call->allocate(call, 0, result_0_shape);  /* float32[x_0, x_2, b_0] einsum("abc,bd->acd", x, w) + b */
    if (!result_0) return -1;
    if (b_s0 == 1) {
        BITALE_SHARE(21*x_0*x_2*b_0, compute_result_0(result_0, contract, b, 1, x_0, x_2, b_0));
    } else {
        BITALE_SHARE(21*x_0*x_2*b_0, compute_result_0(result_0, contract, b, b_s0, x_0, x_2, b_0));
    }
    return 0;
}
