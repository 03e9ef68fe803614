"""Loops that draw are cut into runs: the same words as one by one, wherever a run starts and where none can be."""

from __future__ import annotations

import numpy as np
import pytest

import bitale_graph.functions as F
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.functions import random
from bitale_graph.functions.random.draws import Draw
from bitale_rewrite import expand, optimise
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower

KEY = np.array([7, 1 << 40], "uint64")


def bits(key, shape, width=32):
    return Draw("bits", key, shape, "float64").bits(width)


def rolled(key):
    return bits(key, (150,))[5:] ^ bits(key, (145,))


CASES = {
    "one run": lambda key: bits(key, (64,)),
    "shorter": lambda key: bits(key, (63,), 64),
    "several": lambda key: bits(key, (130,), 64),
    "too short for runs": lambda key: bits(key, (15,)),
    "scalar": lambda key: bits(key, ()),
    "none": lambda key: bits(key, (0, 70)),
    "rows": lambda key: bits(key, (5, 67)),
    "three axes": lambda key: bits(key, (2, 3, 40), 64),
    "both widths": lambda key: bits(key, (3, 50)).astype("uint64") ^ bits(key, (3, 50), 64),
    "transposed": lambda key: bits(key, (20, 30)).T ^ np.uint32(1),
    "slice": lambda key: bits(key, (150,))[70:],
    "two starts": rolled,
    "backwards": lambda key: bits(key, (100,))[::-1],
    "sum": lambda key: F.sum(bits(key, (100,), 64)),
    "sums of columns": lambda key: F.sum(bits(key, (3, 70)), axis=0),
    "sums of rows": lambda key: F.sum(bits(key, (3, 70)), axis=1),
    "two keys": lambda key: bits(key, (90,)) ^ bits(random.fold_in(key, 1), (90,)),
    "a key per row": lambda key: F.stack([bits(k, (70,)) for k in (random.split(key, 3)[i] for i in range(3))]),
    "used twice": lambda key: F.cumsum(bits(key, (80,))) + bits(key, (80,)),
}


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("case", CASES)
def test_the_interpreter_is_the_reference(case, backwards):
    key = Variable(tensor_type("uint64", (2,)), name="key")
    graph = Graph([key], [CASES[case](key)])
    for given in (graph, optimise(graph)):
        (found,) = interpret(lower(expand(given)), [KEY], backwards)
        np.testing.assert_array_equal(found, evaluate(graph, [KEY])[0])


def test_lengths_known_only_when_it_runs():
    key, n = Variable(tensor_type("uint64", (2,)), name="key"), Variable(tensor_type("int64", ()), name="n")
    graph = Graph([key, n], [bits(key, (3, n))])
    program = lower(expand(graph))
    for length in (0, 1, 33, 64, 100):
        (found,) = interpret(program, [KEY, np.array(length)])
        np.testing.assert_array_equal(found, evaluate(graph, [KEY, length])[0])


def test_runs_take_a_row_of_scratch_and_no_array():
    key = Variable(tensor_type("uint64", (2,)), name="key")
    program = lower(expand(optimise(Graph([key], [F.exp(random.normal(key, (1000,), "float32"))]))))
    (step,) = program.steps
    assert not program.temporaries
    assert [(row.dtype, [n.number for n in row.shape]) for row in step.kernel.scratch] == [("uint32", [64])]
