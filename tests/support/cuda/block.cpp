// A block's threads as fibers in random order: barriers, warp operations, and what is wrong when they do not meet.
#include "block.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "fibers.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

// The linker's names for where the shared variables lie.
extern "C" BITALE_HIDDEN char __start_bitale_shared[] __attribute__((weak));
extern "C" BITALE_HIDDEN char __stop_bitale_shared[] __attribute__((weak));

namespace emulation {

unsigned char* dynamic_shared;

constexpr unsigned MOST_THREADS = 1024, WARP = 32;
constexpr uint64_t CANARY = 0x5afe57ac5afe57ac;

enum State { READY, AT_BARRIER, IN_WARP, RETURNED };

struct Thread {
    Context context;
    Stack stack;
    State state;
    const char* operation;  // what it waits in
    int line;
    unsigned mask;   // of the lanes it waits for
    unsigned from;   // the lane whose value it wants
    uint64_t value;  // what it offers
    Votes result;
};

static Thread threads[MOST_THREADS];
static Thread* self;
static unsigned ready[MOST_THREADS], ready_count;  // numbers of threads
static char* free_stacks[MOST_THREADS];
static unsigned free_count;
static Context scheduler;
static Stack scheduler_stack;
static unsigned barrier_votes;
static uint64_t random_state;
static void (*kernel_body)(const int64_t*);
static const int64_t* kernel_arguments;
static char message[2000];

static unsigned number_of(const Thread& thread) { return (unsigned)(&thread - threads); }

unsigned own_number() { return number_of(*self); }

uint64_t next_random() {  // xorshift64*
    random_state ^= random_state >> 12, random_state ^= random_state << 25, random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1d;
}

// ---- one thread --------------------------------------------------------------------------------------------------

static void say(const char* format, ...) {
    size_t used = strlen(message);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message + used, sizeof message - used, format, arguments);
    va_end(arguments);
}

UNCHECKED static void suspend(bool finished = false) {
    Thread& thread = *self;
    if (finished && *(const uint64_t*)thread.stack.bottom != CANARY && !*message)
        say("block %u, thread %u: its stack of %zu bytes is full", blockIdx.x, own_number(), STACK_BYTES);
    change_stack(thread.context, thread.stack, scheduler, scheduler_stack, finished);
}

template <class... Details> [[noreturn]] void fail(const char* format, Details... details) {
    say("block %u, thread %u: ", blockIdx.x, number_of(*self));
    say(format, details...);
    suspend(true);
    __builtin_unreachable();
}

UNCHECKED static void thread_main() {
    arrive(scheduler_stack);
    kernel_body(kernel_arguments);
    self->state = RETURNED;
    suspend(true);
}

UNCHECKED static void run(unsigned number) {
    Thread& thread = threads[number];
    if (!thread.stack.bottom) {
        char* stack = free_stacks[--free_count];
        *(uint64_t*)stack = CANARY;
        thread.stack = {stack, STACK_BYTES, nullptr};
        make_context(thread.context, stack, thread_main);
    }
    self = &thread;
    threadIdx = {number, 0, 0};
    change_stack(scheduler, scheduler_stack, thread.context, thread.stack, false);
    if (thread.state == RETURNED) free_stacks[free_count++] = (char*)thread.stack.bottom;
}

static void make_ready(Thread& thread) {
    thread.state = READY;
    ready[ready_count++] = number_of(thread);
}

void let_others_run() {
    make_ready(*self);
    suspend();
}

// ---- meeting others ----------------------------------------------------------------------------------------------

// Whether two threads wait in the same place, or both have returned.
static bool alike(const Thread& a, const Thread& b) {
    if (a.state != b.state || a.state == RETURNED) return a.state == b.state;
    return a.operation == b.operation && a.line == b.line && (a.state != IN_WARP || a.mask == b.mask);
}

unsigned barrier(const char* operation, int line, bool vote) {
    self->state = AT_BARRIER, self->operation = operation, self->line = line, self->value = vote;
    suspend();
    return barrier_votes;
}

// The lanes of the calling thread's warp that exist, and those of them that have not returned.
static unsigned lanes(const Thread* warp, bool active) {
    unsigned found = 0;
    for (unsigned lane = 0; lane < WARP && number_of(warp[lane]) < blockDim.x; lane++)
        found |= (unsigned)(!active || warp[lane].state != RETURNED) << lane;
    return found;
}

unsigned active_lanes() { return lanes(self - own_number() % WARP, true); }

Votes meet(const char* operation, int line, unsigned mask, unsigned from, uint64_t value) {
    unsigned own = own_number() % WARP;
    Thread& thread = *self;
    Thread* warp = self - own;
    if (!(mask >> own & 1)) fail("%s in line %d: mask 0x%08x lacks the calling lane %u", operation, line, mask, own);
    thread.state = IN_WARP, thread.operation = operation, thread.line = line;
    thread.mask = mask & lanes(warp, false), thread.from = from, thread.value = value;
    unsigned votes = 0;
    for (unsigned lane = 0; lane < WARP; lane++) {
        const Thread& other = warp[lane];
        if (!(thread.mask >> lane & 1)) continue;
        if (!alike(other, thread)) {
            suspend();  // the last to come wakes the others
            return thread.result;
        }
        votes |= (unsigned)(other.value != 0) << lane;
    }
    for (unsigned lane = 0; lane < WARP; lane++) {
        Thread& other = warp[lane];
        if (!(thread.mask >> lane & 1)) continue;
        bool there = other.from < WARP && thread.mask >> other.from & 1;
        other.result = {there ? warp[other.from].value : ~0ull, votes};  // from elsewhere is undefined: poison
        if (lane != own) make_ready(other);
    }
    thread.state = READY;
    return thread.result;
}

// ---- a block -----------------------------------------------------------------------------------------------------

// Where all threads are, for an error.
static void describe(unsigned size) {
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
static bool pass_barrier(unsigned size) {
    if (threads[0].state != AT_BARRIER) return false;
    barrier_votes = 0;
    for (unsigned i = 0; i < size; i++) {
        if (!alike(threads[i], threads[0])) return false;
        barrier_votes += (unsigned)threads[i].value;
    }
    for (unsigned i = 0; i < size; i++) make_ready(threads[i]);
    return true;
}

UNCHECKED static void poison_shared(size_t dynamic_bytes) {
    for (volatile char* at = __start_bitale_shared; at != __stop_bitale_shared; at++) *at = -1;  // between redzones too
    memset(dynamic_shared, -1, dynamic_bytes);
}

static void run_block(unsigned size, size_t dynamic_bytes) {
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

static void on_fault(int number, siginfo_t* info, void*) {
    fault_signal = number, fault_address = info->si_addr;
    siglongjmp(fault, 1);
}

// Wild accesses and endless loops become errors. AddressSanitizer says more of the former itself.
#if defined(__SANITIZE_ADDRESS__)
constexpr int SIGNALS[] = {SIGVTALRM};
#else
constexpr int SIGNALS[] = {SIGVTALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#endif
constexpr int SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS;

static void set_timer(double seconds) {
    itimerval value = {{0, 0}, {(time_t)seconds, (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)}};
    setitimer(ITIMER_VIRTUAL, &value, nullptr);
}

static char fault_stack[64 * 1024];  // as the thread's own may be full

struct FaultGuard {
    struct sigaction before[SIGNAL_COUNT];
    stack_t stack_before;
    FaultGuard(double seconds) {
        stack_t stack = {};
        stack.ss_sp = fault_stack, stack.ss_size = sizeof fault_stack;
        sigaltstack(&stack, &stack_before);
        struct sigaction action = {};
        action.sa_sigaction = on_fault, action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (int i = 0; i < SIGNAL_COUNT; i++) sigaction(SIGNALS[i], &action, &before[i]);
        set_timer(seconds);
    }
    ~FaultGuard() {
        set_timer(0);
        sigaltstack(&stack_before, nullptr);
        for (int i = 0; i < SIGNAL_COUNT; i++) sigaction(SIGNALS[i], &before[i], nullptr);
    }
};

static unsigned greatest_common_divisor(unsigned a, unsigned b) { return b ? greatest_common_divisor(b, a % b) : a; }

const char* launch(void (*body)(const int64_t*), const int64_t* arguments, const Launch& how) {
    kernel_body = body, kernel_arguments = arguments, gridDim = dim3(how.grid), blockDim = dim3(how.block);
    random_state = how.seed * 0x9e3779b97f4a7c15 | 1, *message = 0, ready_count = 0, free_count = how.block;
    for (unsigned i = 0; i < how.block; i++) free_stacks[i] = how.stacks + (how.block - 1 - i) * STACK_BYTES;
    dynamic_shared = (unsigned char*)aligned_alloc(16, (how.dynamic_bytes + 15) / 16 * 16);
    unsigned step = 1 + (unsigned)(next_random() % how.grid), start = (unsigned)(next_random() % how.grid);
    while (greatest_common_divisor(step, how.grid) != 1) step++;  // so that each block has its turn
    FaultGuard guard(how.seconds);
    if (sigsetjmp(fault, 1)) {
        say("block %u, thread %u: ", blockIdx.x, own_number());
        if (fault_signal == SIGVTALRM) say("still running after %g seconds", how.seconds);
        else say("signal %d (%s) at address %p", fault_signal, strsignal(fault_signal), fault_address);
    } else {
        for (uint64_t i = 0; i < how.grid && !*message; i++) {
            blockIdx = {(unsigned)((start + i * step) % how.grid), 0, 0};
            run_block(how.block, how.dynamic_bytes);
        }
    }
#if defined(__SANITIZE_ADDRESS__)
    if (*message) __asan_unpoison_memory_region(how.stacks, how.block * STACK_BYTES);  // frames that nobody left
#endif
    free(dynamic_shared);
    return *message ? message : nullptr;
}

// ---- what g++ -fsanitize=alignment,bounds,null calls ---------------------------------------------------------------

struct Place { const char* file; unsigned line, column; };
struct TypeName { unsigned short kind, details; char name[1]; };
struct Mismatch { Place place; const TypeName* type; unsigned char log_alignment, kind; };
struct OutOfBounds { Place place; const TypeName *array, *index; };
}  // namespace emulation

extern "C" BITALE_HIDDEN void __ubsan_handle_type_mismatch_v1(void* data, void* address) {
    const auto& what = *(emulation::Mismatch*)data;
    if (!address) emulation::fail("line %u: %s at address null", what.place.line, what.type->name);
    emulation::fail("line %u: %s at address %p, which is not a multiple of %u", what.place.line, what.type->name,
                    address, 1u << what.log_alignment);
}

extern "C" BITALE_HIDDEN void __ubsan_handle_out_of_bounds(void* data, void* index) {
    const auto& what = *(emulation::OutOfBounds*)data;
    emulation::fail("line %u: index %lld of an array %s", what.place.line, (long long)index, what.array->name);
}
