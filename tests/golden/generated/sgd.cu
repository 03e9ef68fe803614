/*
def run(call):
    x = call.address(0)
    x_0 = call.length(0, 0)
    x_1 = call.length(0, 1)
    error = call.address(1)
    error_0 = call.length(1, 0)
    error_1 = call.length(1, 1)
    weights = call.address(2)
    weights_0 = call.length(2, 0)
    weights_1 = call.length(2, 1)
    if not x_0 == error_0: call.fail(1, x_0, error_0)
    if not weights_0 == x_1: call.fail(2, weights_0, x_1)
    if not weights_1 == error_1: call.fail(3, weights_1, error_1)
    result_0 = call.donated(0, 2)
    call.gemm(Product('float64', x_1, error_1, error_0, transposed=(True, False), note='weights + -0.1 * (x.T @ error)'), apply('negative', 'float64', 'float64', 0.1), x, error, 1, result_0)
*/
