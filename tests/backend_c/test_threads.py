"""Threads: every kernel they share computes what one thread does, small ones start none, and forks survive them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from bitale_backend_c import compile
from bitale_backend_c.toolchain import NoCompiler, toolchain
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph import functions as F


def has_openmp() -> bool:
    try:
        return toolchain().openmp
    except NoCompiler:
        return False


pytestmark = pytest.mark.skipif(not has_openmp(), reason="the compiler has no OpenMP")

ROWS, COLUMNS = 1003, 1501
x = Variable(tensor_type("float32", (None, None)), name="x")
d = Variable(tensor_type("float64", (None, None)), name="d")
v = Variable(tensor_type("float64", (None,)), name="v")
places = Variable(tensor_type("int64", (None,)), name="places")

# What each graph computes, from which inputs, and how many of its kernels threads share.
GRAPHS: dict[str, tuple[Callable[[], list[Variable]], list[Variable], int]] = {
    "elementwise": (lambda: [F.exp(x) * 2 + x], [x], 1),
    "transposed": (lambda: [F.tanh(x).T + x.T], [x], 1),
    "rows with scratch": (lambda: [F.softmax(x, axis=1)], [x], 1),
    "two results of rows": (lambda: [F.logsumexp(d, axis=1), F.var(d, axis=1)], [d], 1),
    "sum": (lambda: [F.sum(d)], [d], 1),
    "sums": (lambda: [F.sum(v), F.sum(F.square(v)), F.mean(F.exp(v))], [v], 1),
    "sum and what follows from it": (lambda: [F.exp(F.sum(F.sin(d)) / 1e6), F.sum(d * 2) + 1], [d], 1),
    "largest": (lambda: [F.max(d), F.argmax(d), F.max(d, axis=1)], [d], 0),
    "largest of rows": (lambda: [F.max(d, axis=1)], [d], 1),
    "columns": (lambda: [F.sum(d, axis=0), F.max(d, axis=0)], [d], 0),
    "gather": (lambda: [F.exp(d[places])], [d, places], 1),
    "scatter": (lambda: [d[places].add(1.0)], [d, places], 0),
    "running sums": (lambda: [F.cumsum(d, axis=1)], [d], 1),
    "two kernels": (lambda: [F.concatenate([F.exp(d), F.cos(d)], axis=0)], [d], 2),
}


def arrays(inputs: list[Variable]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = {
        x: rng.normal(size=(ROWS, COLUMNS)).astype("float32"),
        d: rng.normal(size=(ROWS, COLUMNS)),
        v: rng.normal(size=ROWS * COLUMNS),
        places: rng.integers(0, ROWS, 2000),
    }
    return [made[each] for each in inputs]


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("name", GRAPHS)
def test_results_are_the_reference_s(name, threads):
    make, inputs, _ = GRAPHS[name]
    graph, values = Graph(inputs, make()), arrays(GRAPHS[name][1])
    function = compile(graph, threads=threads)
    first = function(*values)
    for found, wanted in zip(first, evaluate(graph, values), strict=True):
        tolerance = 1e-5 if wanted.dtype == "float32" else 1e-9
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    for _ in range(3):
        for found, again in zip(first, function(*values), strict=True):
            np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("name", GRAPHS)
def test_kernels_are_shared(name):
    make, inputs, shared = GRAPHS[name]
    source = compile(Graph(inputs, make()), threads=2).source
    assert len(set(re.findall(r"BITALE_SHARE\([^;]*?, (\w+)\(", source.partition("bitale_run(")[2]))) >= shared


@pytest.mark.parametrize("name", GRAPHS)
def test_inputs_of_any_size(name):
    """From nothing to what is just worth a second thread: a team may have less work than threads."""
    make, inputs, _ = GRAPHS[name]
    graph = Graph(inputs, make())
    function = compile(graph, threads=4)
    for rows, columns in ((1, 1), (3, 70_000), (70_000, 3), (2, 400_000)):
        rng = np.random.default_rng(rows)
        sizes = {x: (rows, columns), d: (rows, columns), v: (rows * columns,), places: (rows,)}
        values = [
            rng.integers(0, rows, sizes[i]) if i is places else rng.normal(size=sizes[i]).astype(i.dtype)
            for i in inputs
        ]
        for found, wanted in zip(function(*values), evaluate(graph, values), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_many_python_threads_call_one_function():
    graph = Graph([x], [F.softmax(x, axis=1), F.sum(x)])
    function = compile(graph, threads=2)
    values = [np.random.default_rng(k).normal(size=(200 + k, 1000)).astype("float32") for k in range(6)]
    wanted = [function(value) for value in values]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(10):
            found = function(values[k])
            if not all(np.array_equal(a, b) for a, b in zip(found, wanted[k], strict=True)):
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(len(values))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


PROGRAM = """
import os, sys
import numpy as np
from bitale_backend_c import compile
from bitale_graph import Graph, functions as F

x = F.vector("x")
function = compile(Graph([x], [F.exp(x), F.sum(x)]), threads=2)
ones = np.ones(10**6)
function(ones)
"""
FORK = """
child = os.fork()
if child == 0:
    os._exit(0 if function(ones)[1] == 10**6 else 3)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status or (0 if function(ones)[1] == 10**6 else 4))
"""
CLOSE = """
import _ctypes, time
from bitale_backend_c import loaded
_ctypes.dlclose(loaded.library(function.path)._handle)
time.sleep(0.1)
"""


@pytest.mark.parametrize("rest", [FORK, CLOSE], ids=["a fork after threads", "a library that is closed"])
def test_the_process_survives(rest):
    run = subprocess.run([sys.executable, "-c", PROGRAM + rest], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
