"""Calling generated functions: memory that is reused, threads, forks, reference cycles."""

from __future__ import annotations

import gc
import os
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

from bitale_backend_c import fallback, shim
from bitale_backend_c.shim import Kind
from tests.backend_c.handwritten import (
    FLOAT64,
    NUMBER,
    VECTOR,
    convert,
    function,
    returned,
)


@pytest.fixture(params=["shim", "cffi"])
def module(request):
    return shim.load() if request.param == "shim" else fallback


def refuse(number, value):
    raise AssertionError(f"input {number} was converted")


# ---- memory ----


def test_large_results_reuse_memory():
    module = shim.load()
    call = function(module, "add_one_vector", [VECTOR], [returned(1)])
    x = np.zeros(10**6)
    module.clear_pool()
    first = call(x)
    address, view = first.ctypes.data, first[10:]
    del first
    assert call(x).ctypes.data != address, "a view keeps the memory"
    del view
    module.clear_pool()
    addresses = {call(x).ctypes.data for _ in range(10)}
    assert len(addresses) == 1
    assert addresses.pop() % 64 == 0
    assert module.pool_statistics()["waiting_bytes"] >= x.nbytes


def test_the_pool_has_a_limit():
    module = shim.load()
    limit = module.pool_statistics()["limit"]
    call = function(module, "add_one_vector", [VECTOR], [returned(1)])
    try:
        module.set_pool_limit(10**6)
        results = [call(np.zeros(n)) for n in (10**4, 2 * 10**4, 10**6, 10**4)]
        del results
        assert 0 < module.pool_statistics()["waiting_bytes"] <= 10**6
        module.clear_pool()
        assert module.pool_statistics()["waiting_bytes"] == 0
    finally:
        module.set_pool_limit(limit)


@pytest.mark.parametrize("n", [300, 9000])
def test_nothing_leaks(module, n):
    """Small results and large ones, from the pool and in the workspace; after successes, failures and errors."""
    cell = [np.ones(n)]
    outputs = [returned(1), (FLOAT64, 1, Kind.UPDATE, 0)]
    good = function(module, "step", [VECTOR] * 3, outputs, cells=(cell,))
    bad = function(module, "checked", [VECTOR] * 2, [returned(1)], cells=(cell,))
    x = np.zeros(n)

    def work():
        for _ in range(50):
            good(x, x)
            good(x.tolist(), x)
            with pytest.raises(ValueError, match="failure 7"):
                bad(np.zeros(5))
            with pytest.raises(TypeError):
                good(None, x)

    work()
    references = sys.getrefcount(x), sys.getrefcount(cell), module.pool_statistics()["lent"]
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        work()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert (sys.getrefcount(x), sys.getrefcount(cell), module.pool_statistics()["lent"]) == references
    assert grown < 20_000, f"{grown} bytes more after 200 calls"


def test_functions_in_a_cycle_are_collected():
    class Owner:
        def convert(self, number, value):
            return convert(number, value)

    owner = Owner()
    owner.call = function(shim.load(), "add_one_vector", [VECTOR], [returned(1)], convert=owner.convert)
    watch = weakref.ref(owner)
    del owner
    gc.collect()
    assert watch() is None


# ---- threads and processes ----


@pytest.mark.parametrize("n", [5, 100_000])
def test_many_threads_call_at_once(module, n):
    cell = [np.zeros(n)]
    call = function(module, "step", [VECTOR] * 3, [returned(1), (FLOAT64, 1, Kind.UPDATE, 0)], cells=(cell,))
    wrong = []

    def work(number):
        x = np.full(n, float(number))
        for _ in range(20):
            if not np.array_equal(call(x, x), x + x):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_thread_counts(module):
    call = function(module, "thread_count", [], [returned(0)], threads=3)
    assert call() == 3
    call.threads = 2
    assert call() == 2
    module.set_thread_limit(1)
    try:
        assert call() == 1
    finally:
        module.set_thread_limit(2**31 - 1)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_one_thread_after_a_fork():
    call = function(shim.load(), "thread_count", [], [returned(0)], threads=3)
    add = function(shim.load(), "add_one_vector", [VECTOR], [returned(1)])
    add(np.zeros(10**6))
    child = os.fork()
    if not child:
        os._exit(0 if call() == 1 and add(np.zeros(10**6))[5] == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert call() == 3


def test_repr(module):
    assert repr(function(module, "add_one", [NUMBER], [returned(0)])) == "<compiled function add_one>"
