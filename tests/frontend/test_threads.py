"""Functions called from many threads at once, with and without shared variables."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

import bitale as bt
import bitale.tensor as T

THREADS = 4


def in_threads(work: Callable[[int], None]) -> None:
    """Run work(number) in several threads at once; what one of them raises is raised here."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_many_threads_call_one_function() -> None:
    x = T.matrix("x")
    f = bt.function([x], T.sum(T.exp(x - T.max(x, axis=1, keepdims=True)), axis=1))
    arrays = [np.random.default_rng(i).normal(size=(50 + 400 * i, 33)) for i in range(THREADS)]
    wanted = [np.exp(a - a.max(1, keepdims=True)).sum(1) for a in arrays]

    def call(number: int) -> None:
        for _ in range(200):
            np.testing.assert_allclose(f(arrays[number]), wanted[number])

    in_threads(call)


@pytest.mark.parametrize("length", [3, 100_000], ids=["holding the GIL", "without the GIL"])
@pytest.mark.parametrize("mode", ["c", "numpy"])
def test_no_update_is_lost_and_none_is_seen_half_done(mode: str, length: int) -> None:
    x, total = T.vector("x"), bt.shared(np.zeros(length), "total")
    add = bt.function([x], updates={total: total + x}, mode=mode)
    spread = bt.function([], T.max(total) - T.min(total), mode=mode)
    ones = np.ones(length)

    def work(number: int) -> None:
        for _ in range(50):
            add(ones)
            assert spread() == 0
            if mode == "c":
                assert np.ptp(total.get_value()) == 0
                assert np.ptp(pickle.loads(pickle.dumps(total)).get_value()) == 0

    in_threads(work)
    np.testing.assert_array_equal(total.get_value(), np.full(length, 50.0 * THREADS))


def test_threads_that_make_the_same_function_all_get_it() -> None:
    x = T.vector("x")
    results: list[np.ndarray] = []

    def make(number: int) -> None:
        results.append(bt.function([x], T.tanh(x) + 0.12345)(np.zeros(2)))

    in_threads(make)
    np.testing.assert_array_equal(results, np.full((THREADS, 2), 0.12345))


FINALISERS = """
import faulthandler, gc, weakref
import numpy as np, bitale as bt, bitale.tensor as T
faulthandler.dump_traceback_later(60, exit=True)

total = bt.shared(np.zeros(2), "total")
count = bt.function([], [total + 0, total * 2], updates={total: total + 1})
read = bt.function([], [total + 0, total * 2])

class Ring:
    def __init__(self): self.ring = self
    def __del__(self): count()

gc.disable()
kept = [[] for _ in range(1000)]  # the interpreter has no list to hand out again: the next one may start a collection
for call in (read, count):
    Ring()
    gc.set_threshold(1)
    gc.enable()
    kept.append(call())
    gc.disable()
gc.collect()
print(total.get_value())

grow = bt.function([], updates={total: T.concatenate([total, total])})
watched = weakref.finalize(total.get_value(borrow=True), count)
grow()
print(total.get_value(), watched.alive)
"""


def test_finalisers_may_call_functions_of_the_same_shared_variable() -> None:
    """A garbage collection or the death of an old value, in a call's midst, runs Python code."""
    run = subprocess.run([sys.executable, "-c", FINALISERS], capture_output=True, text=True, check=False, timeout=120)
    assert run.stdout.splitlines() == ["[3. 3.]", "[4. 4. 4. 4.] False"], run.stderr
