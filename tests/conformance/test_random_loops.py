"""Random programs of loops and branches, either inside the other: interpreted and in C, they are the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import bitale_graph.functions as F
from bitale_autodiff import grad
from bitale_backend_c import compile
from bitale_backend_c.compile import ready
from bitale_graph import Graph, Variable, evaluate, tensor_type
from bitale_graph.functions.control.branch import ifelse
from bitale_graph.functions.control.loop import scan
from bitale_rewrite.loops.interpret import interpret
from bitale_rewrite.loops.lower import lower

N, T = 3, 4
RUNS = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
BOUNDED = [F.tanh, F.sin, F.sigmoid]


class Programs:
    """Draws expressions of scalars, vectors and matrices, whose values stay near 1 whatever is done to them."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, choices: list) -> object:
        return self.draw(st.sampled_from(choices))

    def value(self, ndim: int, known: list[Variable], depth: int) -> Variable:
        """An expression of `ndim` axes of length N (or of step T for sequences) of what is known."""
        fitting = [v for v in known if v.ndim == ndim]
        if depth == 0 or self.draw(st.integers(0, 4)) == 0:
            return self.pick(fitting) if fitting else F.sum(self.pick(known)) * 0.1
        kind = self.draw(st.integers(0, 6))
        if kind == 0:
            return F.tanh(self.value(ndim, known, depth - 1) + self.value(ndim, known, depth - 1))
        if kind == 1:
            return self.pick(BOUNDED)(self.value(ndim, known, depth - 1))
        if kind == 2:
            return self.value(ndim, known, depth - 1) * self.value(0, known, 0)
        if kind == 3 and ndim == 1:
            return F.tanh(self.value(1, known, depth - 1) @ self.value(2, known, 0))
        if kind == 3 and ndim == 2:
            return F.tanh(self.value(2, known, depth - 1) @ self.value(2, known, depth - 1))
        if kind == 4:
            condition = F.sum(self.value(ndim, known, 0)) > 0
            return ifelse(condition, self.value(ndim, known, depth - 1), self.value(ndim, known, depth - 1))
        if kind == 5 and ndim < 2:
            return self.loop(ndim, known, depth - 1)
        return F.max(self.value(ndim + 1, known, depth - 1), axis=0) if ndim < 2 else self.value(2, known, depth - 1)

    def loop(self, ndim: int, known: list[Variable], depth: int) -> Variable:
        """A loop over rows of something known, which carries one to three arrays and collects some values."""
        sequences = [self.pick([v for v in known if v.ndim == ndim + 1])]
        ranks = [ndim, *self.draw(st.lists(st.integers(0, 2), max_size=2))]
        first = tuple(self.value(rank, known, 0) for rank in ranks)

        def step(carries: tuple[Variable, ...], slices: Variable) -> object:
            inside = [*carries, slices, *known]
            new = tuple(self.updated(c, inside, depth) for c in carries)
            collected = [self.value(rank, [*inside, *new], depth) for rank in (ndim, self.draw(st.integers(0, 1)))]
            return new, (*collected, new[0])

        last, collected = scan(step, first, sequences[0], reverse=self.draw(st.booleans()))
        choices = [last[0], F.sum(collected[0], axis=0), collected[2][-1], F.sum(collected[0][-2:], axis=0)]
        return F.tanh(self.pick(choices) + F.sum(collected[1]))

    def updated(self, carry: Variable, inside: list[Variable], depth: int) -> Variable:
        kind = self.draw(st.integers(0, 4))
        if kind == 0:  # what is handed on from one step to the next
            return self.pick([v for v in inside if v.ndim == carry.ndim])
        if kind == 1:
            return carry + self.value(carry.ndim, inside, depth)
        return F.tanh(carry * 0.5 + self.value(carry.ndim, inside, depth))


@st.composite
def programs(draw: st.DrawFn) -> Graph:
    inputs = [Variable(tensor_type("float64", (None,) * k), name=n) for n, k in zip("svmx", (0, 1, 2, 3), strict=True)]
    make = Programs(draw)
    outputs = [make.loop(draw(st.integers(0, 1)), inputs, 2) for _ in range(draw(st.integers(1, 2)))]
    return Graph(inputs, outputs)


def arguments() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) / 2 for shape in ((), (N,), (N, N), (N, N, N))]


def close(got: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


@settings(RUNS, max_examples=60)
@given(programs())
def test_interpreter(graph: Graph):
    values = arguments()
    wanted = evaluate(graph, values)
    for optimised in (False, True):
        close(interpret(lower(ready(graph, optimised, checked=True)), values), wanted)


@settings(RUNS, max_examples=25)
@given(programs())
def test_gradients(graph: Graph):
    """Of reverse mode, whose loops merge with those they come from, and whose sums leave them."""
    values = arguments()
    total = sum(F.sum(v) for v in graph.outputs)
    derivatives = Graph(graph.inputs, [total, *grad(total, list(graph.inputs), disconnected_inputs="ignore")])
    close(interpret(lower(ready(derivatives, checked=True)), values), evaluate(derivatives, values))


@pytest.mark.slow
@settings(RUNS, max_examples=10)
@given(programs())
def test_c(graph: Graph):
    values = arguments()
    close(compile(graph)(*values), evaluate(graph, values))
