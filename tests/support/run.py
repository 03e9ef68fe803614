"""Running samples in every way there is: the reference, the interpreter, and C, many samples in one compilation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import bitale_graph.functions as F
from bitale_backend_c import compile
from bitale_backend_c.compile import ready
from bitale_graph import Graph, evaluate
from bitale_graph.ops.linalg import Eig, Eigh, Svd
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower
from tests.support.samples import Sample

Arrays = list[np.ndarray]


def graph_of(sample: Sample, known: bool = True) -> Graph:
    """The op of a sample as a whole graph."""
    inputs = sample.inputs(known)
    return Graph(inputs, whole(sample.op, Apply(sample.op, inputs).outputs))


def whole(op: Op, outputs: Sequence[Variable]) -> Sequence[Variable]:
    """What does not depend on the signs (or phases) of vectors, which are free."""
    if isinstance(op, Svd) and op.vectors:
        u, s, v = outputs
        k = s.shape[-1]
        return [s, F.matmul(u[..., :k] * s[..., None, :], v[..., :k, :]), *map(_lengths, (u, F.matrix_transpose(v)))]
    if isinstance(op, (Eig, Eigh)) and op.vectors:
        return [outputs[0], F.absolute(outputs[1])]
    return outputs


def _lengths(columns: Variable) -> Variable:
    return F.matmul(F.conj(F.matrix_transpose(columns)), columns)


def together(graphs: Sequence[Graph]) -> Graph:
    """One graph that computes all of them."""
    return Graph([v for g in graphs for v in g.inputs], [v for g in graphs for v in g.outputs])


def reference(sample: Sample) -> Arrays:
    return evaluate(graph_of(sample), list(sample.arrays))


def interpreted(sample: Sample, known: bool, optimised: bool, backwards: bool = False) -> Arrays:
    return interpret(lower(ready(graph_of(sample, known), optimised)), sample.arrays, backwards)


PER_FUNCTION = 12  # samples: C compilers take more than twice as long for twice as much


def compiled(
    samples: Sequence[Sample], known: bool, optimised: bool, arrays: Sequence[Sequence[np.ndarray]] | None = None
) -> list[Arrays]:
    """The results of each sample, many of them from one compiled function."""
    results: list[Arrays] = []
    values = arrays or [s.arrays for s in samples]
    for start in range(0, len(samples), PER_FUNCTION):
        graphs = [graph_of(sample, known) for sample in samples[start : start + PER_FUNCTION]]
        function = compile(together(graphs), optimised=optimised)
        found = iter(function(*[a for each in values[start : start + PER_FUNCTION] for a in each]))
        results += [[next(found) for _ in g.outputs] for g in graphs]
    return results
