"""Samples of every structural op: a function of its floating operands, and operands to differentiate it at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bitale_graph.errors import IndexingError
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    ExpandDims,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.types import tensor_type
from bitale_graph.variable import Constant, Op, Variable

Sample = tuple[str, Callable[..., Any], list[np.ndarray]]


def array(*shape: int, seed: int = 0) -> np.ndarray:
    """Generic numbers, none close to 0 or to one another."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.permutation(np.linspace(0.4, 2.0, int(np.prod(shape)))).reshape(shape))


def const(value: Any) -> Variable:
    return Constant(np.asarray(value))


def with_inputs(op: Op, *extra: Any) -> Callable[..., Variable]:
    """The op as a function of its first inputs; the others (sizes, indices) are constants."""
    return lambda *xs: op(*xs, *map(const, extra))


def whole(*lengths: int) -> tuple[int, ...]:
    return lengths


MOVEMENT: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]] = [
    (ExpandDims((0, 2)), [array(3, 2)], ()),
    (Squeeze((1,)), [array(3, 1, 2)], ()),
    (Broadcast((4, 3)), [array(1, 3)], ()),
    (Broadcast((None, 3)), [array(1, 1)], (4,)),
    (Broadcast((2, 3)), [array(2, 3)], ()),
    (Reshape((3, 2)), [array(2, 3)], ()),
    (Reshape((None,)), [array(2, 3)], (6,)),
    (Transpose((2, 0, 1)), [array(2, 3, 4)], ()),
    (Slice((1, 0), (2, 3), (1, 1)), [array(4, 3)], ()),
    (Slice((4,), (3,), (-2,)), [array(5)], ()),
    (Slice((None,), (None,), (None,)), [array(5)], (1, 2, 2)),
    (Slice((0,), (0,), (1,)), [array(5)], ()),
    (SetSlice((1, 0), (2, 3), (1, 1)), [array(4, 3), array(2, 3, seed=1)], ()),
    (SetSlice((4,), (3,), (-2,)), [array(5), array(3, seed=1)], ()),
    (SetSlice((None,), (None,), (2,)), [array(5), array(2, seed=1)], (1, 2)),
    (Pad((1, 0), (2, 1)), [array(2, 3), array()], ()),
    (Pad((None,), (0,)), [array(3), array()], (2,)),
    (Concatenate(1), [array(2, 3), array(2, 1, seed=1), array(2, 2, seed=2)], ()),
    (Concatenate(0), [array(0), array(3)], ()),
    (Diagonal(0, 0, 1), [array(3, 4)], ()),
    (Diagonal(1, 0, 1), [array(3, 4)], ()),
    (Diagonal(-1, 2, 0), [array(4, 2, 3)], ()),
]

REDUCTION: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]] = [
    (op, [array(*shape)], ())
    for function in (row.add, row.multiply, row.maximum, row.minimum)
    for op, shape in [
        (Reduce(function, (0,)), (4,)),
        (Reduce(function, (0, 1)), (2, 3)),
        (Reduce(function, (0, 2)), (2, 3, 2)),
        (Reduce(function, (1,)), (2, 1)),
        (Cumulate(function, 0), (4,)),
        (Cumulate(function, 1), (2, 3, 2)),
    ]
] + [
    (Reduce(row.add, (1,)), [array(2, 0)], ()),
    (Reduce(row.multiply, (1,)), [array(2, 0)], ()),
    (Reduce(row.add, ()), [array(2)], ()),
    (Cumulate(row.multiply, 0), [array(0)], ()),
]

CONTRACTION: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]] = [
    (Contract("ab", "bc", "ac"), [array(2, 3), array(3, 4)], ()),
    (Contract("ab", "cb", "ca"), [array(2, 3), array(4, 3)], ()),
    (Contract("a", "a", ""), [array(3), array(3, seed=1)], ()),
    (Contract("a", "b", "ab"), [array(3), array(2)], ()),
    (Contract("ab", "b", "a"), [array(2, 3), array(3)], ()),
    (Contract("abc", "acd", "abd"), [array(2, 3, 2), array(2, 2, 3)], ()),
    (Contract("ab", "ab", "ab"), [array(2, 3), array(2, 3, seed=1)], ()),
    (Contract("abc", "bcd", "ad"), [array(2, 3, 2), array(3, 2, 2)], ()),
    (Contract("ab", "bc", "ac"), [array(2, 0), array(0, 3)], ()),
]

INDEXING: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]] = [
    (Gather((0,)), [array(4, 3)], ([2, 0, 2],)),
    (Gather((1,)), [array(4, 3)], (1,)),
    (Gather((0, 1)), [array(4, 3)], ([2, 0, 2], [1, -1, 1])),
    (Gather((0, 2)), [array(4, 3, 2)], ([[2], [0]], [[1, 0, 1]])),
    *(
        (Scatter((0,), function), [array(4), array(3, seed=1)], (places,))
        for function in (None, row.add, row.multiply, row.maximum, row.minimum)
        for places in ([3, 0, 1], [2, 0, 2])
    ),
    *(
        (Scatter((1,), function), [array(2, 3), array(2, seed=1)], (-1,))
        for function in (None, row.add, row.multiply, row.maximum, row.minimum)
    ),
    (Scatter((0, 1), None), [array(3, 2, 2), array(2, 2, seed=1)], ([2, 2], [1, 1])),
    (Scatter((0, 1), row.add), [array(3, 2, 2), array(2, 2, 2, seed=1)], ([[2], [0]], [[1, 0]])),
]

CONTROL: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]] = [
    (Check("fine"), [array(3)], (True,)),
    (Check("{0} is fine", IndexingError), [array(3)], (True, np.array(5))),
]


def samples(rows: list[tuple[Op, list[np.ndarray], tuple[Any, ...]]]) -> list[Sample]:
    return [
        (f"{op}{[a.shape for a in arrays]}{list(extra)}", with_inputs(op, *extra), arrays)
        for op, arrays, extra in rows
    ]


ROWS = MOVEMENT + REDUCTION + CONTRACTION + INDEXING + CONTROL


def vector(name: str = "x", dtype: str = "float64", length: int | None = None) -> Variable:
    return Variable(tensor_type(dtype, (length,)), name=name)


def scalar(name: str = "x", dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype), name=name)


def matrix(name: str = "x", dtype: str = "float64") -> Variable:
    return Variable(tensor_type(dtype, (None, None)), name=name)
