// A block's threads as fibers in random order: barriers, warp operations, and what is wrong when they do not meet.
#pragma once
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <type_traits>
#include <utility>

#include "fibers.h"

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

static uint3 threadIdx, blockIdx;
static dim3 blockDim, gridDim;
constexpr int warpSize = 32;

// Shared variables lie together, so that a block can be started with all of them poisoned.
#define __shared__ static __attribute__((section("bitale_shared")))
#define BITALE_SHARED(name) unsigned char* const name = emulation::dynamic_shared
extern "C" char __start_bitale_shared[] __attribute__((weak, visibility("hidden")));
extern "C" char __stop_bitale_shared[] __attribute__((weak, visibility("hidden")));

namespace emulation {

constexpr unsigned MOST_THREADS = 1024, WARP = 32;
constexpr uint64_t CANARY = 0x5afe57ac5afe57ac;

enum State { READY, AT_BARRIER, IN_WARP, RETURNED };

struct Thread {
    Context context;
    Stack stack;
    State state;
    const char* operation;  // what it waits in
    int line;
    unsigned mask;     // of the lanes it waits for
    unsigned from;     // the lane whose value it wants
    uint64_t value, received;
    unsigned votes;
};

static Thread threads[MOST_THREADS];
static Thread* self;
static unsigned ready[MOST_THREADS], ready_count;    // numbers of threads
static char* free_stacks[MOST_THREADS];
static unsigned free_count;
static Context scheduler;
static Stack scheduler_stack;
static unsigned barrier_votes;
static unsigned char* dynamic_shared;
static uint64_t random_state;
static void (*kernel_body)(const int64_t*);
static const int64_t* kernel_arguments;
static char message[2000];

inline unsigned number_of(const Thread& thread) { return (unsigned)(&thread - threads); }

inline uint64_t next_random() {  // xorshift64*
    random_state ^= random_state >> 12, random_state ^= random_state << 25, random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1d;
}

// ---- one thread --------------------------------------------------------------------------------------------------

inline void say(const char* format, ...) {
    size_t used = strlen(message);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message + used, sizeof message - used, format, arguments);
    va_end(arguments);
}

UNCHECKED inline void suspend(bool finished = false) {
    Thread& thread = *self;
    if (*(const uint64_t*)thread.stack.bottom != CANARY && !*message) say("the stack of %zu bytes is full", STACK_BYTES);
    change_stack(thread.context, thread.stack, scheduler, scheduler_stack, finished);
}

template <class... Details> [[noreturn]] void fail(const char* format, Details... details) {
    say("block %u, thread %u: ", blockIdx.x, number_of(*self));
    say(format, details...);
    suspend(true);
    __builtin_unreachable();
}

UNCHECKED inline void thread_main() {
    arrive(scheduler_stack);
    kernel_body(kernel_arguments);
    self->state = RETURNED;
    suspend(true);
}

UNCHECKED inline void run(unsigned number) {
    Thread& thread = threads[number];
    if (!thread.stack.bottom) {
        char* stack = free_stacks[--free_count];
        *(uint64_t*)stack = CANARY;
        thread.stack = {stack, STACK_BYTES, nullptr};
        make_context(thread.context, stack, thread_main);
    }
    self = &thread;
    threadIdx = {number % blockDim.x, number / blockDim.x % blockDim.y, number / (blockDim.x * blockDim.y)};
    change_stack(scheduler, scheduler_stack, thread.context, thread.stack, false);
    if (thread.state == RETURNED) free_stacks[free_count++] = (char*)thread.stack.bottom;
}

inline void make_ready(Thread& thread) {
    thread.state = READY;
    ready[ready_count++] = number_of(thread);
}

inline void let_others_run() {
    make_ready(*self);
    suspend();
}

// ---- meeting others ----------------------------------------------------------------------------------------------

// Returns how many threads of the block came with true.
inline unsigned barrier(const char* operation, int line, bool vote = false) {
    self->state = AT_BARRIER, self->operation = operation, self->line = line, self->value = vote;
    suspend();
    return barrier_votes;
}

// Wait for the lanes of a mask. Afterwards `received` is the value of lane `from`, `votes` the lanes whose value is not 0.
inline const Thread& meet(const char* operation, int line, unsigned mask, unsigned from, uint64_t value) {
    unsigned own = number_of(*self) % WARP, first = number_of(*self) - own, size = blockDim.x * blockDim.y * blockDim.z;
    unsigned wanted = size - first < WARP ? mask & ((1u << (size - first)) - 1) : mask;
    if (!(mask >> own & 1)) fail("%s in line %d: mask 0x%08x lacks the calling lane %u", operation, line, mask, own);
    *self = {self->context, self->stack, IN_WARP, operation, line, mask, from, value, 0, 0};
    Thread* warp = threads + first;
    for (unsigned lane = 0; lane < WARP; lane++) {
        const Thread& other = warp[lane];
        if (!(wanted >> lane & 1)) continue;
        if (other.state != IN_WARP || other.operation != operation || other.mask != mask) {
            suspend();  // the last to come wakes the others
            return *self;
        }
    }
    unsigned votes = 0;
    for (unsigned lane = 0; lane < WARP; lane++) votes |= (unsigned)((wanted >> lane & 1) && warp[lane].value) << lane;
    for (unsigned lane = 0; lane < WARP; lane++) {
        if (!(wanted >> lane & 1)) continue;
        Thread& other = warp[lane];
        other.received = wanted >> other.from & 1 ? warp[other.from].value : ~0ull;  // undefined: poison
        other.votes = votes;
        if (lane != own) make_ready(other);
    }
    self->state = READY;
    return *self;
}

// ---- a block -----------------------------------------------------------------------------------------------------

inline bool alike(const Thread& a, const Thread& b) {
    return a.state == b.state && (a.state == RETURNED || (a.operation == b.operation && a.line == b.line
                                                          && (a.state != IN_WARP || a.mask == b.mask)));
}

// Where all threads are, for an error.
inline void describe(unsigned size) {
    say("block %u: the threads do not meet.", blockIdx.x);
    for (unsigned first = 0, end; first < size; first = end) {
        for (end = first + 1; end < size && alike(threads[first], threads[end]);) end++;
        const Thread& thread = threads[first];
        say(end - first > 1 ? " Threads %u to %u" : " Thread %u", first, end - 1);
        if (thread.state == RETURNED) say(" returned.");
        else say(" %s in %s in line %d", end - first > 1 ? "wait" : "waits", thread.operation, thread.line);
        if (thread.state == IN_WARP) say(" for the lanes 0x%08x", thread.mask);
        if (thread.state != RETURNED) say(".");
    }
}

// Let all threads go that wait in one barrier. False where nobody does, or not everybody.
inline bool pass_barrier(unsigned size) {
    if (threads[0].state != AT_BARRIER) return false;
    barrier_votes = 0;
    for (unsigned i = 0; i < size; i++) {
        if (!alike(threads[i], threads[0])) return false;
        barrier_votes += (unsigned)threads[i].value;
    }
    for (unsigned i = 0; i < size; i++) make_ready(threads[i]);
    return true;
}

UNCHECKED inline void poison_shared(size_t dynamic_bytes) {
    for (volatile char* at = __start_bitale_shared; at != __stop_bitale_shared; at++) *at = -1;  // between redzones too
    memset(dynamic_shared, -1, dynamic_bytes);
}

inline void run_block(unsigned size, size_t dynamic_bytes) {
    poison_shared(dynamic_bytes);
    for (unsigned i = 0; i < size; i++) {
        threads[i].stack.bottom = nullptr;
        make_ready(threads[i]);
    }
    do {
        while (ready_count) {
            unsigned chosen = (unsigned)((next_random() >> 32) * ready_count >> 32), number = ready[chosen];
            ready[chosen] = ready[--ready_count];
            run(number);
            if (*message) return;
        }
    } while (pass_barrier(size));
    for (unsigned i = 0; i < size; i++)
        if (threads[i].state != RETURNED) return describe(size);
}

// ---- a launch ----------------------------------------------------------------------------------------------------

static sigjmp_buf fault;
static int fault_signal;
static void* fault_address;

inline void on_fault(int number, siginfo_t* info, void*) {
    fault_signal = number, fault_address = info->si_addr;
    siglongjmp(fault, 1);
}

struct FaultGuard {  // signals of a wild access become an error; AddressSanitizer says more itself
#if defined(__SANITIZE_ADDRESS__)
    static constexpr int COUNT = 0;
#else
    static constexpr int COUNT = 4;
#endif
    static constexpr int SIGNALS[4] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction before[4];
    FaultGuard() {
        struct sigaction action = {};
        action.sa_sigaction = on_fault, action.sa_flags = SA_SIGINFO;
        for (int i = 0; i < COUNT; i++) sigaction(SIGNALS[i], &action, &before[i]);
    }
    ~FaultGuard() {
        for (int i = 0; i < COUNT; i++) sigaction(SIGNALS[i], &before[i], nullptr);
    }
};

inline unsigned greatest_common_divisor(unsigned a, unsigned b) { return b ? greatest_common_divisor(b, a % b) : a; }

// Returns what went wrong, or null. `stacks` has room for the threads of a block.
inline const char* launch(void (*body)(const int64_t*), const int64_t* arguments, unsigned grid, unsigned size,
                          size_t dynamic_bytes, uint64_t seed, char* stacks) {
    kernel_body = body, kernel_arguments = arguments, gridDim = dim3(grid), blockDim = dim3(size);
    random_state = seed * 0x9e3779b97f4a7c15 | 1, *message = 0, ready_count = 0, free_count = size;
    for (unsigned i = 0; i < size; i++) free_stacks[i] = stacks + (size - 1 - i) * STACK_BYTES;
    dynamic_shared = (unsigned char*)aligned_alloc(16, (dynamic_bytes + 15) / 16 * 16);
    unsigned step = 1 + (unsigned)(next_random() % grid), start = (unsigned)(next_random() % grid);
    while (greatest_common_divisor(step, grid) != 1) step++;  // so that each block has its turn
    FaultGuard guard;
    if (sigsetjmp(fault, 1)) {
        say("block %u, thread %u: signal %d (%s) at address %p", blockIdx.x, number_of(*self), fault_signal,
            strsignal(fault_signal), fault_address);
    } else {
        for (uint64_t i = 0; i < grid && !*message; i++) {
            blockIdx = {(unsigned)((start + i * step) % grid), 0, 0};
            run_block(size, dynamic_bytes);
        }
    }
#if defined(__SANITIZE_ADDRESS__)
    if (*message) __asan_unpoison_memory_region(stacks, size * STACK_BYTES);  // frames that nobody left
#endif
    free(dynamic_shared);
    return *message ? message : nullptr;
}

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
    extern "C" __attribute__((visibility("default"))) const char* kinds_of_##name() {                                 \
        return emulation::Kernel<name>::kinds;                                                                        \
    }                                                                                                                 \
    extern "C" __attribute__((visibility("default"))) const char* launch_##name(                                      \
        const int64_t* arguments, unsigned grid, unsigned size, size_t dynamic_bytes, uint64_t seed, char* stacks) {  \
        return emulation::launch(emulation::Kernel<name>::call, arguments, grid, size, dynamic_bytes, seed, stacks);  \
    }

// ---- what g++ -fsanitize=alignment,bounds,null calls -----------------------------------------------------------------

namespace emulation {
struct Place { const char* file; unsigned line, column; };
struct TypeName { unsigned short kind, details; char name[1]; };
struct Mismatch { Place place; const TypeName* type; unsigned char log_alignment, kind; };
struct OutOfBounds { Place place; const TypeName *array, *index; };
}  // namespace emulation

extern "C" __attribute__((visibility("hidden"))) void __ubsan_handle_type_mismatch_v1(void* data, void* address) {
    const auto& what = *(emulation::Mismatch*)data;
    if (!address) emulation::fail("line %u: %s at address null", what.place.line, what.type->name);
    emulation::fail("line %u: %s at address %p, which is not a multiple of %u", what.place.line, what.type->name,
                    address, 1u << what.log_alignment);
}

extern "C" __attribute__((visibility("hidden"))) void __ubsan_handle_out_of_bounds(void* data, void* index) {
    const auto& what = *(emulation::OutOfBounds*)data;
    emulation::fail("line %u: index %lld of an array %s", what.place.line, (long long)index, what.array->name);
}
