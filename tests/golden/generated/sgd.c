int32_t bitale_run(bitale_call *call) {
    const double *x = call->inputs[0].data;  /* float64[error_0, x_1] x */
    const int64_t x_0 = call->inputs[0].shape[0];
    const int64_t x_1 = call->inputs[0].shape[1];
    const double *error = call->inputs[1].data;  /* float64[error_0, error_1] error */
    const int64_t error_0 = call->inputs[1].shape[0];
    const int64_t error_1 = call->inputs[1].shape[1];
    double *weights = call->inputs[2].data;  /* float64[x_1, error_1] weights */
    const int64_t weights_0 = call->inputs[2].shape[0];
    const int64_t weights_1 = call->inputs[2].shape[1];
    if (!((x_0 == error_0))) { call->failure[0] = (int64_t)(x_0); call->failure[1] = (int64_t)(error_0); return 1; }
    if (!((weights_0 == x_1))) { call->failure[0] = (int64_t)(weights_0); call->failure[1] = (int64_t)(x_1); return 2; }
    if (!((weights_1 == error_1))) { call->failure[0] = (int64_t)(weights_1); call->failure[1] = (int64_t)(error_1); return 3; }
    double *result_0 = weights;  /* written in place */
    bitale_dgemm(call, 1, 1, 0, x_1, error_1, error_0, (-0.1), x, 0, error, 0, 1.0, result_0);
    return 0;
}
