// Stacks that take turns on one processor: a switch is a dozen instructions on x86-64, and ucontext's elsewhere.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#else
#define UNCHECKED __attribute__((no_sanitize("undefined")))
#endif

namespace emulation {

constexpr size_t STACK_BYTES = 64 * 1024;

#if defined(__x86_64__) && !defined(BITALE_UCONTEXT)

using Context = void*;  // the stack pointer; what a call preserves lies there

extern "C" void emulation_switch(Context* from, Context to) __attribute__((visibility("hidden")));
asm(R"(
    .text
    .type emulation_switch, @function
emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulation_switch, .-emulation_switch
)");

inline void switch_context(Context& from, Context& to) { emulation_switch(&from, to); }

inline void make_context(Context& context, char* stack, void (*entry)()) {
    // At different places of their pages, as a cache keeps few lines of equal places.
    size_t colour = (size_t)stack / STACK_BYTES % 32 * 128;
    void** top = (void**)(stack + STACK_BYTES - colour);
    top[-1] = nullptr;  // where a caller's return address would be
    top[-2] = (void*)entry;
    context = top - 8;  // six registers below
}

#else
#include <ucontext.h>

using Context = ucontext_t;

inline void switch_context(Context& from, Context& to) { swapcontext(&from, &to); }

inline void make_context(Context& context, char* stack, void (*entry)()) {
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = STACK_BYTES;
    context.uc_link = nullptr;
    makecontext(&context, entry, 0);
}

#endif

// What AddressSanitizer has to know of a stack.
struct Stack {
    const void* bottom;
    size_t bytes;
    void* shadow;
};

// Leave `from` for `to`; a stack that never comes back is `finished`.
UNCHECKED inline void change_stack(Context& from, Stack& own, Context& to, Stack& next, bool finished) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(finished ? nullptr : &own.shadow, next.bottom, next.bytes);
    switch_context(from, to);
    __sanitizer_finish_switch_fiber(own.shadow, nullptr, nullptr);
#else
    (void)own, (void)next, (void)finished;
    switch_context(from, to);
#endif
}

// The first thing on a new stack: note whose it was before.
UNCHECKED inline void arrive(Stack& previous) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &previous.bottom, &previous.bytes);
#else
    (void)previous;
#endif
}

}  // namespace emulation
