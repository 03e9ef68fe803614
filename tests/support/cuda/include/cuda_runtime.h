// The CUDA runtime for C++ in the emulation: kernels run when they are launched.
#pragma once
#include "../emulation.h"
#include "cuda_runtime_api.h"

namespace emulation {

cudaError_t launch_now(void (*body)(const int64_t*), const int64_t* arguments, unsigned grid, unsigned block,
                       size_t dynamic_bytes);

// The kernel comes as the first of the arguments.
template <class... Parameters> struct Launched {
    template <size_t... i> static void spread(const int64_t* arguments, std::index_sequence<i...>) {
        ((void (*)(Parameters...))arguments[0])((Parameters)arguments[i + 1]...);
    }
    static void call(const int64_t* arguments) { spread(arguments, std::index_sequence_for<Parameters...>()); }
};

}  // namespace emulation

template <class... Parameters>
cudaError_t cudaLaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, void** places, size_t dynamic_bytes,
                             cudaStream_t) {
    int64_t arguments[sizeof...(Parameters) + 1] = {(int64_t)kernel};
    for (size_t i = 0; i < sizeof...(Parameters); i++) arguments[i + 1] = *(const int64_t*)places[i];
    return emulation::launch_now(emulation::Launched<Parameters...>::call, arguments, grid.x, block.x, dynamic_bytes);
}

template <class T> cudaError_t cudaGetSymbolAddress(void** place, const T& symbol) {
    *place = (void*)&symbol;
    return cudaSuccess;
}
