/* Which calls may run side by side: those that only read a shared variable, never one that changes it.

   A variable's lock is one of a fixed number, chosen by the address of its cell; that two variables share one costs
   time only. Calls take their locks in ascending order, and nobody waits for a lock while holding the GIL. */
#ifndef BITALE_LOCKS_H
#define BITALE_LOCKS_H
#include <pthread.h>

#define LOCKS 512

typedef struct {
    short lock, writes;
} Guard;

static pthread_rwlock_t locks[LOCKS];

RARE static void locks_start(void)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
#if defined(__GLIBC__) /* its default lets readers keep a writer waiting for ever */
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    for (int k = 0; k < LOCKS; k++)
        pthread_rwlock_init(&locks[k], &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

RARE static Guard guard_of(PyObject *cell, int writes)
{
    uintptr_t address = (uintptr_t)cell;
    return (Guard){.lock = (short)((address >> 4 ^ address >> 13) % LOCKS), .writes = (short)writes};
}

/* Put a guard into an ascending list without repetitions; returns the new length. */
RARE static int add_guard(Guard *guards, int count, Guard guard)
{
    int place = count;
    while (place > 0 && guards[place - 1].lock >= guard.lock)
        place--;
    if (place < count && guards[place].lock == guard.lock) {
        guards[place].writes |= guard.writes;
        return count;
    }
    for (int k = count; k > place; k--)
        guards[k] = guards[k - 1];
    guards[place] = guard;
    return count + 1;
}

static void take_locks(const Guard *guards, int count)
{
    for (int k = 0; k < count; k++) {
        pthread_rwlock_t *lock = &locks[guards[k].lock];
        if ((guards[k].writes ? pthread_rwlock_trywrlock(lock) : pthread_rwlock_tryrdlock(lock)) == 0)
            continue;
        Py_BEGIN_ALLOW_THREADS
        guards[k].writes ? pthread_rwlock_wrlock(lock) : pthread_rwlock_rdlock(lock);
        Py_END_ALLOW_THREADS
    }
}

static void give_locks(const Guard *guards, int count)
{
    while (count--)
        pthread_rwlock_unlock(&locks[guards[count].lock]);
}

#endif
