// A block's threads as fibers in random order. Declared here, defined in block.cpp.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <type_traits>
#include <utility>

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define BITALE_HIDDEN __attribute__((visibility("hidden")))
#define BITALE_ENTRY extern "C" __attribute__((visibility("default")))

BITALE_HIDDEN extern uint3 threadIdx, blockIdx;
BITALE_HIDDEN extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

// Shared variables lie together, so that a block can be started with all of them poisoned.
#define __shared__ static __attribute__((section("bitale_shared")))
#define BITALE_SHARED(name) unsigned char* const name = emulation::dynamic_shared

namespace emulation {

struct Votes { uint64_t received; unsigned votes; };

BITALE_HIDDEN extern unsigned char* dynamic_shared;

BITALE_HIDDEN unsigned own_number();    // of the running thread in its block
BITALE_HIDDEN unsigned active_lanes();  // of its warp: those that have not returned
BITALE_HIDDEN uint64_t next_random();
BITALE_HIDDEN void let_others_run();

// Returns how many threads of the block came with true.
BITALE_HIDDEN unsigned barrier(const char* operation, int line, bool vote = false);

// Wait for the lanes of a mask. Returns the value of lane `from`, and the lanes whose value is not 0.
BITALE_HIDDEN Votes meet(const char* operation, int line, unsigned mask, unsigned from, uint64_t value);

// How a kernel is launched. `stacks` has room for the threads of a block.
struct Launch {
    unsigned grid, block;
    uint64_t dynamic_bytes, seed;
    char* stacks;
    double seconds;  // after which it is given up
};

// Returns what went wrong, or null.
BITALE_HIDDEN const char* launch(void (*body)(const int64_t*), const int64_t* arguments, const Launch& how);

// All arguments are 8 bytes: addresses and integers.
template <auto kernel> struct Kernel;
template <class... Parameters, void (*kernel)(Parameters...)> struct Kernel<kernel> {
    static_assert(((sizeof(Parameters) == 8) && ...), "a kernel takes pointers and 64-bit integers only");
    static constexpr char kinds[] = {(std::is_pointer_v<Parameters> ? 'p' : 'i')..., 0};

    template <size_t... i> static void spread(const int64_t* arguments, std::index_sequence<i...>) {
        kernel((Parameters)arguments[i]...);
    }
    static void call(const int64_t* arguments) { spread(arguments, std::index_sequence_for<Parameters...>()); }
};

}  // namespace emulation

// Written below a generated text, once for each of its kernels.
#define BITALE_EMULATED(name)                                                                                         \
    BITALE_ENTRY const char* kinds_of_##name() { return emulation::Kernel<name>::kinds; }                             \
    BITALE_ENTRY const char* launch_##name(const int64_t* arguments, const emulation::Launch* how) {                  \
        return emulation::launch(emulation::Kernel<name>::call, arguments, *how);                                     \
    }
