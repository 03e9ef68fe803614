"""Chains of 100,000 nodes build, print, verify, evaluate, pickle and are freed without recursion."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest

from bitale_graph import Graph, Variable, ancestors, latex, shape_of, substitute, tensor_type, verify
from bitale_graph.reference import evaluate

DEPTH = 100_000


def chain(x: Variable, length: int) -> Variable:
    for _ in range(length):
        x = x + 1.0
    return x


def vector(name: str = "x") -> Variable:
    return Variable(tensor_type("float64", (None,)), name=name)


@pytest.fixture(scope="module")
def deep() -> Graph:
    x = vector()
    return Graph([x], [chain(x, DEPTH)])


def test_text(deep: Graph):
    assert len(str(deep).splitlines()) == DEPTH + 2
    assert len(repr(deep.outputs[0])) < 300
    assert len(latex(deep.outputs[0])) < 2000


def test_traversals(deep: Graph):
    assert len(deep.nodes) == DEPTH
    assert sum(1 for _ in ancestors(deep.outputs)) == 2 * DEPTH + 1
    assert verify(deep) is deep


def test_evaluation(deep: Graph):
    np.testing.assert_array_equal(evaluate(deep, [[0.0, 1.0]])[0], [DEPTH, DEPTH + 1.0])


def test_shapes(deep: Graph):
    (length,) = shape_of(deep.outputs[0])
    assert evaluate(length, {deep.inputs[0]: [1.0, 2.0, 3.0]}) == 3


def test_substitution(deep: Graph):
    y = vector("y")
    (replaced,) = substitute(deep.outputs, {deep.inputs[0]: y})
    np.testing.assert_array_equal(evaluate(replaced, {y: [2.0]}), [DEPTH + 2.0])


def test_pickling(deep: Graph):
    loaded = pickle.loads(pickle.dumps(deep))
    assert len(loaded.nodes) == DEPTH


def test_building_is_fast():
    gc.collect()
    start = time.process_time()
    chain(vector(), 10_000)
    assert time.process_time() - start < 0.5


def test_freeing_a_long_chain_does_not_overflow_the_stack():
    code = """
import gc, threading
from bitale_graph import Variable, tensor_type

def build_and_free():
    y = Variable(tensor_type("float64", (None,)))
    for _ in range(200_000):
        y = -y
    del y
    gc.collect()

threading.stack_size(256 * 1024)
thread = threading.Thread(target=build_and_free)
thread.start()
thread.join()
print("freed")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "freed"), run.stderr
