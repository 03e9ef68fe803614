/* A pool of memory blocks: what a large result leaves behind serves the next one, whose pages are then in place. */
#ifndef BITALE_POOL_H
#define BITALE_POOL_H
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define POOL_CLASSES 192 /* four size classes per power of two, up to 2^48 bytes */
#define CACHE_LINE ((size_t)64)
#define HUGE_PAGE ((size_t)1 << 21)

typedef struct pool_block {
    struct pool_block *next;
} pool_block;

static struct {
    pthread_mutex_t lock;
    pool_block *waiting[POOL_CLASSES];
    size_t waiting_bytes, limit, fresh, reused, lent; /* lent: blocks in use */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .limit = (size_t)1 << 30};

static void pool_lock(void) { pthread_mutex_lock(&pool.lock); }
static void pool_unlock(void) { pthread_mutex_unlock(&pool.lock); }

/* The size class of a request, and the bytes its blocks have; -1 when no memory is that large. */
static int pool_class(size_t bytes, size_t *rounded)
{
    size_t last = bytes < 4096 ? 4095 : bytes - 1;
    int exponent = 63 - __builtin_clzll(last);
    if (exponent > 47)
        return -1;
    size_t quarters = last >> (exponent - 2);
    *rounded = (quarters + 1) << (exponent - 2);
    return exponent * 4 + (int)(quarters & 3);
}

/* Give every waiting block back to the system. The caller holds the lock. */
RARE static void pool_drop(void)
{
    for (int class = 0; class < POOL_CLASSES; class++)
        while (pool.waiting[class]) {
            pool_block *block = pool.waiting[class];
            pool.waiting[class] = block->next;
            free(block);
        }
    pool.waiting_bytes = 0;
}

RARE static void *pool_fresh(size_t bytes)
{
    void *memory;
    if (posix_memalign(&memory, bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : CACHE_LINE, bytes))
        return NULL;
#if defined(__linux__)
    if (bytes >= 2 * HUGE_PAGE)
        madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return memory;
}

/* At least `bytes` of memory, aligned to 64; NULL when there is none. Needs no GIL. */
static void *pool_take(size_t bytes)
{
    size_t rounded;
    int class = pool_class(bytes, &rounded);
    if (class < 0)
        return NULL;
    pool_lock();
    pool_block *block = pool.waiting[class];
    if (block) {
        pool.waiting[class] = block->next;
        pool.waiting_bytes -= rounded;
        pool.reused++;
    } else {
        pool.fresh++;
    }
    pool.lent++;
    pool_unlock();
    void *memory = block ? block : pool_fresh(rounded);
    if (!memory) {
        pool_lock();
        pool_drop();
        pool_unlock();
        memory = pool_fresh(rounded);
    }
    if (!memory) {
        pool_lock();
        pool.lent--;
        pool_unlock();
    }
    return memory;
}

/* Take back a block that pool_take gave for a request of `bytes`. */
static void pool_give(void *memory, size_t bytes)
{
    size_t rounded = 0;
    int class = pool_class(bytes, &rounded);
    pool_lock();
    pool.lent--;
    if (pool.waiting_bytes + rounded > pool.limit)
        pool_drop(); /* what waits is of sizes no longer in use */
    if (rounded <= pool.limit) {
        pool_block *block = memory;
        block->next = pool.waiting[class];
        pool.waiting[class] = block;
        pool.waiting_bytes += rounded;
        memory = NULL;
    }
    pool_unlock();
    free(memory);
}

/* A child process must not inherit the lock in a locked state. */
RARE static int pool_start(void) { return pthread_atfork(pool_lock, pool_unlock, pool_unlock); }

#endif
