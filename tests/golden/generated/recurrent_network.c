/* tanh(row(einsum("abc,cd->abd", x, w), step) + h @ u + b) */
BITALE_INLINE void compute_result_0_row(float *restrict result_0_row, const float *restrict contract, const float *restrict contract_2, const float *restrict b, int64_t x_1, int64_t b_0, int64_t step) {
#pragma omp for nowait
    for (int64_t i = 0; i < x_1; i++) {
#pragma omp simd
        for (int64_t j = 0; j < b_0; j++) {
            result_0_row[i*b_0 + j] = bitale_tanh_f32(((contract[step*x_1*b_0 + i*b_0 + j] + contract_2[i*b_0 + j]) + b[j]));
        }
    }
}

int32_t bitale_run(bitale_call *call) {
    const float *x = call->inputs[0].data;  /* float32[x_0, x_1, w_0] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const int64_t x_2 = call->inputs[0].shape[2];
    const float *h = call->inputs[1].data;  /* float32[x_1, b_0] h */
    const int64_t h_0 = call->inputs[1].shape[0];
    const int64_t h_1 = call->inputs[1].shape[1];
    const float *w = call->inputs[2].data;  /* float32[w_0, b_0] w */
    const int64_t w_0 = call->inputs[2].shape[0];
    const int64_t w_1 = call->inputs[2].shape[1];
    const float *u = call->inputs[3].data;  /* float32[b_0, b_0] u */
    const int64_t u_0 = call->inputs[3].shape[0];
    const int64_t u_1 = call->inputs[3].shape[1];
    const float *b = call->inputs[4].data;  /* float32[b_0] b */
    const int64_t b_0 = call->inputs[4].shape[0];
    const int64_t size = (x_0 * x_1);
    char *workspace = call->workspace(call, bitale_lines((((x_0 * x_1) * b_0) * 4)) + bitale_lines(((x_1 * b_0) * 4)));
    if (!workspace) return -1;
    char *slot_0 = (char *)workspace; workspace += bitale_lines((((x_0 * x_1) * b_0) * 4));
    char *slot_1 = (char *)workspace; workspace += bitale_lines(((x_1 * b_0) * 4));
    if (!((x_2 == w_0))) { call->failure[0] = (int64_t)(x_2); call->failure[1] = (int64_t)(w_0); return 1; }
    if (!((h_0 == x_1))) { call->failure[0] = (int64_t)(h_0); call->failure[1] = (int64_t)(x_1); return 2; }
    if (!((h_1 == w_1))) { call->failure[0] = (int64_t)(h_1); call->failure[1] = (int64_t)(w_1); return 3; }
    if (!((w_1 == u_0))) { call->failure[0] = (int64_t)(w_1); call->failure[1] = (int64_t)(u_0); return 4; }
    if (!((u_0 == u_1))) { call->failure[0] = (int64_t)(u_0); call->failure[1] = (int64_t)(u_1); return 5; }
    if (!((u_1 == b_0))) { call->failure[0] = (int64_t)(u_1); call->failure[1] = (int64_t)(b_0); return 6; }
    float *contract = (float *)slot_0;  /* float32[x_0, x_1, b_0] einsum("abc,cd->abd", x, w) */
    bitale_sgemm(call, 1, 0, 0, size, b_0, w_0, 1.0f, x, 0, w, 0, 0.0f, contract);
    const int64_t result_0_shape[] = {x_0, x_1, b_0};
    float *result_0 = call->allocate(call, 0, result_0_shape);  /* float32[x_0, x_1, b_0] scan(...) */
    if (!result_0) return -1;
    float *contract_2 = (float *)slot_1;  /* float32[x_1, b_0] h @ u */
    const float *h_2 = h;
    for (int64_t step = 0; step < x_0; step++) {  /* scan(...) */
        float *result_0_row = result_0 + (step * (x_1 * b_0));
        bitale_sgemm(call, 1, 0, 0, x_1, b_0, b_0, 1.0f, h_2, 0, u, 0, 0.0f, contract_2);
        BITALE_SHARE(42*x_1*b_0, compute_result_0_row(result_0_row, contract, contract_2, b, x_1, b_0, step));
        h_2 = result_0_row;
        if ((step & 15) == 15 && bitale_stop(call)) return -4;
    }
    return 0;
}
