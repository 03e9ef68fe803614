"""Loops and branches in C: errors from inside, interruption, memory."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_backend_c import compile
from bitale_graph import Graph
from bitale_graph.errors import IndexingError, ShapeError
from bitale_graph.functions import dmatrix, dscalar, dvector, lvector
from bitale_graph.functions.control.branch import ifelse
from bitale_graph.functions.control.loop import scan
from bitale_graph.functions.control.scan import scan as theano_scan
from bitale_graph.reference import evaluate
from bitale_rewrite.loops.ir import Choose, Loop
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.touched import all_steps

ENDLESS = """
import os, signal, subprocess, sys, time
import numpy as np
import bitale_graph.functions as F
from bitale_backend_c import compile
from bitale_graph import Graph
from bitale_graph.functions.control.loop import while_loop

def interrupted(function, argument):
    subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -INT {os.getpid()}"])
    try:
        function(argument)
    except KeyboardInterrupt:
        return True

x, v = F.dscalar("x"), F.dvector("v")
scalar = compile(Graph([x], [while_loop(lambda c: c > -1, lambda c: F.sqrt(c + 1), x)]))
vector = compile(Graph([v], [while_loop(lambda c: F.sum(c) > -1, lambda c: F.sqrt(c + 1), v)]))
assert interrupted(scalar, 2.0) and interrupted(vector, np.ones(100_000))
assert scalar(-2.0)[0] == -2.0
print("healthy")
"""


def test_an_endless_loop_can_be_interrupted():
    run = subprocess.run([sys.executable, "-c", ENDLESS], capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout.strip() == "healthy", run.stderr


def test_an_index_out_of_range_inside_a_loop():
    x, places = dvector("x"), lvector("places")
    last, _ = scan(lambda c, i: (c + F.tanh(x * c)[i], None), F.zeros(()), places)
    function = compile(Graph([x, places], [last]))
    assert function([1.0, 2.0], [0, 1])[0] == 0.0
    with pytest.raises(IndexingError, match="index 5 is out of range for axis 0 of length 2"):
        function([1.0, 2.0], [0, 5])


def test_what_fails_in_a_branch_fails_only_where_it_is_taken():
    x, y, c = dvector("x"), dvector("y"), dscalar("c")
    function = compile(Graph([x, y, c], [ifelse(c > 0, lambda: F.sum(x * y), lambda: F.sum(x))]))
    assert function([1.0, 2.0], [1.0], -1.0)[0] == 3.0
    with pytest.raises(ShapeError, match="length 2 in one operand and 1 in another"):
        function([1.0, 2.0], [1.0], 1.0)


def test_a_length_that_changes_from_step_to_step():
    x, start = dvector("x"), dvector("start")
    with pytest.raises(ShapeError, match="must have one shape in all steps"):
        compile(Graph([x], [scan(lambda c, x_t: (c, F.exp(x[x > x_t])), F.zeros(()), x)[1]]))
    wrong = compile(Graph([x, start], [scan(lambda c, x_t: (c[1:] * x_t, None), start, x)[0]]))
    with pytest.raises(ShapeError, match="carry 0"):
        wrong([1.0], [1.0, 2.0])


def test_the_state_of_a_loop_lies_in_two_blocks():
    x, h, w = dmatrix("x"), dvector("h"), dmatrix("w")
    last, _ = scan(lambda c, x_t: (F.tanh(w @ c + x_t), None), h, x)
    program = lower(Graph([x, h, w], [last]))
    assert all("x_0" not in str(size) for size in program.slots)
    last, rows = scan(lambda c, x_t: (F.tanh(w @ c + x_t),) * 2, h, x)
    program = lower(Graph([x, h, w], [rows]))
    (loop,) = [step for step in program.steps if isinstance(step, Loop)]
    assert [carry.next.kind for carry in loop.carries] == ["row"]  # collected where it is made
    assert not any(re.fullmatch("h.*first", b.name) for b in program.temporaries)


def test_arrays_of_one_step_share_memory():
    h, w = dmatrix("h"), dmatrix("w")
    last, _ = scan(lambda c, _: (F.tanh(F.tanh(F.tanh(c @ w) @ w) @ w), None), h, None, length=5)
    program = lower(Graph([h, w], [last]))
    assert len(program.slots) < len([b for b in program.temporaries if b.shape])


def test_branches_are_branches():
    x, c = dvector("x"), dscalar("c")
    program = lower(Graph([x, c], [ifelse(c > 0, lambda: F.cumsum(x), lambda: x)]))
    assert [step for step in all_steps(program.steps) if isinstance(step, Choose)]


def test_threads_and_loops():
    x, w = dmatrix("x"), dmatrix("w")
    graph = Graph([x, w], [scan(lambda c, _: (F.tanh(c @ w), F.sum(c)), x, None, length=3)[1]])
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(700, 600)), rng.normal(size=(600, 600)) / 30]
    np.testing.assert_allclose(compile(graph, threads=2)(*values)[0], compile(graph)(*values)[0])


def test_rows_of_a_view():
    x, w, h = dvector("x"), dmatrix("w"), dmatrix("h")
    rows = F.reshape(x, (2, 3, 3))
    last, states = scan(lambda c, row: (F.tanh(row @ w + c),) * 2, F.reshape(h, (3, 3)), rows)
    function = compile(Graph([x, w, h], [last, states]), optimised=False)
    rng = np.random.default_rng(0)
    values = rng.normal(size=18), rng.normal(size=(3, 3)), rng.normal(size=(1, 9))
    c = values[2].reshape(3, 3)
    for row in values[0].reshape(2, 3, 3):
        c = np.tanh(row @ values[1] + c)
    np.testing.assert_allclose(function(*values)[0], c)


def test_a_sequence_shorter_than_its_taps_reach():
    x = dvector("x")
    for step, first in ((lambda a, b: a * b, None), (lambda a, b, h: h + a * b, F.zeros(()))):
        f = compile(Graph([x], [theano_scan(step, {"input": x, "taps": [-3, 0]}, first)[0]]))
        assert f([1.0, 2.0, 3.0])[0].shape == (0,)
        with pytest.raises(ShapeError, match=r"number of steps is -1: a sequence is shorter than its taps reach"):
            f([1.0, 2.0])


def test_products_from_outside_are_not_computed_again():
    """What does not change is worked out before the loop; the body adds it, and does not multiply again."""
    h, x, w = (F.matrix(name) for name in "hxw")
    steps = F.tensor("steps", dtype="int64", shape=())
    last, _ = theano_scan(lambda state: F.tanh(state) + x @ w, outputs_info=[h], n_steps=steps)
    graph, random = Graph([h, x, w, steps], [last[-1]]), np.random.default_rng(0)
    values = [random.normal(size=s) for s in ((3, 4), (3, 5), (5, 4))] + [np.int64(3)]
    np.testing.assert_allclose(compile(graph)(*values)[0], evaluate(graph, values)[0], rtol=1e-13)
