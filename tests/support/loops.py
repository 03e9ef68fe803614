"""Samples of loops and branches: every kind of carry and sequence, no steps, one and many, either inside the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

import bitale_graph.functions as F
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Op, Variable
from tests.support.values import generic

Case = tuple[Op, tuple[np.ndarray, ...]]
greater = FUNCTIONS["greater"]


def argument(ndim: int, name: str, dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None,) * ndim), name=name)


def array(*shape: int, seed: int = 0) -> np.ndarray:
    return generic(shape, "float64", seed)


def count(n: int) -> np.ndarray:
    return np.asarray(n, "int64")


STEP = argument(0, "step", "int64")


def scan(inputs: list[Variable], outputs: list[Variable], carries: int, sequences: int, **options: bool) -> Scan:
    return Scan(Graph([STEP, *inputs], outputs), carries, sequences, **options)


# ---- loops -----------------------------------------------------------------------------------------------------------


def loops() -> Iterator[Case]:
    for reverse in (False, True):
        for n in (0, 1, 5):
            yield scalars(reverse), (count(n), array(), array(seed=1), array(n, seed=2), array(seed=3))
            weights = array(2, 3, seed=2), array(3, 3, seed=3)
            yield recurrent(reverse), (count(n), array(3), array(n, 2, seed=1), *weights)
            yield products(reverse), (count(n), array(9, 8), array(n, 9, 9, seed=1), array(8, 8, seed=2))
    for bound in (-1.0, 2.0, 1e9):
        yield doubling(False), (count(6), array(3) / 4, np.asarray(bound))
        yield doubling(True), (count(6), array(3) / 4, np.asarray(bound))
    yield doubling(False), (count(0), array(3), array())
    yield mapped(), (count(4), array(4, 3), array(3, seed=1))
    yield nested(), (count(3), array(2), array(3, 4, seed=1), count(4))
    yield nested(), (count(3), array(2), array(3, 0, seed=1), count(0))
    yield choosing(), (count(5), array(4), array(5, seed=1))
    yield masked(), (count(4), array(4), array(6, seed=1))


def scalars(reverse: bool) -> Scan:
    """Two scalars that need each other, a sequence of scalars, the step itself."""
    a, b, x, w = argument(0, "a"), argument(0, "b"), argument(0, "x"), argument(0, "w")
    new = F.tanh(a * w + x + STEP * 0.25)
    return scan([a, b, x, w], [new, a + b, new, b * x, a], 2, 1, reverse=reverse)


def recurrent(reverse: bool) -> Scan:
    """A vector that is collected, too: one memory for both."""
    h, x, w, u = argument(1, "h"), argument(1, "x"), argument(2, "w"), argument(2, "u")
    new = F.tanh(x @ w + h @ u)
    return scan([h, x, w, u], [new, new, F.sum(new), new * 2], 1, 1, reverse=reverse)


def products(reverse: bool) -> Scan:
    """Matrix products: of an element of a sequence, of a carry, of something fixed."""
    h, x, w = argument(2, "h"), argument(2, "x"), argument(2, "w")
    return scan([h, x, w], [F.tanh(x @ h @ w.T), (x @ x.T)[0], F.tanh(x[:, 1:])], 1, 1, reverse=reverse)


def doubling(reverse: bool) -> Scan:
    x, bound = argument(1, "x"), argument(0, "bound")
    new = x * 2
    outputs = [new, greater(bound, F.sum(F.abs(new))), new, F.max(x), STEP]
    return scan([x, bound], outputs, 1, 0, conditional=True, reverse=reverse)


def mapped() -> Scan:
    """No carries: elements of a sequence one by one."""
    x, w = argument(1, "x"), argument(1, "w")
    return scan([x, w], [x * w, F.max(x + w)], 0, 1)


def nested() -> Scan:
    """A loop over columns for each row, which starts from the outer loop's carry and hands on its own."""
    h, x, n = argument(1, "h"), argument(1, "x"), argument(0, "n", "int64")
    g, y, f = argument(1, "g"), argument(0, "y"), argument(1, "f")
    inner = scan([g, y, f], [F.sin(g) * y + f, F.sum(g)], 1, 1)
    last, sums = Apply(inner, (n, h, x, h)).outputs
    return scan([h, x, n], [last, sums, last[::-1]], 1, 1)


def choosing() -> Scan:
    """A branch in every step."""
    h, x = argument(1, "h"), argument(0, "x")
    a, b = argument(1, "a"), argument(0, "b")
    op = Branch((Graph([a, b], [a + b, a.sum()]), Graph([a, b], [a[::-1] * b, F.exp(b)])))
    new, total = Apply(op, (F.cast(greater(x, 0.0), "int64"), h, x)).outputs
    return scan([h, x], [new, new, total], 1, 1)


def masked() -> Scan:
    """A part whose length differs from step to step, and an element taken by the step."""
    h, w = argument(1, "h"), argument(1, "w")
    return scan([h, w], [h * w[STEP], F.sum(w[:STEP])], 1, 0)


# ---- branches --------------------------------------------------------------------------------------------------------


def branches() -> Iterator[Case]:
    x, y = argument(1, "x"), argument(1, "y")
    same = Branch((Graph([x, y], [x, F.sum(y)]), Graph([x, y], [x * x, F.max(x)]), Graph([x, y], [F.sin(x), y[0]])))
    lengths = Branch((Graph([x, y], [x]), Graph([x, y], [y]), Graph([x, y], [x[1:]])))
    for number in (-1, 0, 1, 2, 9):
        yield same, (count(number), array(3), array(2, seed=1))
        yield lengths, (count(number), array(3), array(5, seed=1))
    yield looping(), (count(0), array(3), array(4, seed=1), count(4))
    yield looping(), (count(1), array(3), array(4, seed=1), count(4))
    yield found(), (count(0), array(5))
    yield found(), (count(1), array(5))


def looping() -> Branch:
    """A loop, run only if it is chosen."""
    h, x, n = argument(1, "h"), argument(1, "x"), argument(0, "n", "int64")
    g, y = argument(1, "g"), argument(0, "y")
    op = scan([g, y], [F.tanh(g * y), g[0]], 1, 1)
    last, firsts = Apply(op, (n, h, x)).outputs
    return Branch((Graph([h, x, n], [last, firsts]), Graph([h, x, n], [h, x])))


def found() -> Branch:
    """A length that is found inside."""
    x = argument(1, "x")
    return Branch((Graph([x], [F.sum(F.exp(x[greater(x, 0.0)]))]), Graph([x], [F.min(x)])))


CASES: tuple[Callable[[], Iterator[Case]], ...] = (loops, branches)
