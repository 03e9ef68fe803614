"""The same program gives the same C in every process, whatever seeds Python's hashes."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from functools import reduce
import bitale_graph.functions as F
from bitale_autodiff import checkpoint, grad
from bitale_backend_c import generate
from bitale_graph import Graph
from tests.golden.programs import PROGRAMS, matrix, vector

for make in PROGRAMS:
    print(generate(make().graph))

x, label, *weights = matrix("x"), vector("label", "int64"), *(matrix(f"w{k}") for k in range(6))
layers = checkpoint(lambda h, *w: reduce(lambda inner, each: F.tanh(inner @ each), w, h))
scores = layers(layers(x, *weights[:3]), *weights[3:])
loss = F.mean(F.categorical_crossentropy(F.softmax(scores), label)) + F.log(1 + F.sum(F.exp(x[x > 0])))
print(generate(Graph([x, label, *weights], [loss, *grad(loss, [x, *weights])])))
"""


def test_hashes_leave_no_trace_in_the_generated_c():
    texts = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        texts.add(run.stdout)
    assert len(texts) == 1
    assert "tanh" in texts.pop()
