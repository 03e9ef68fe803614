"""samples(op): for every op, inputs that show what it means, at sizes 0 and 1, of every dtype it takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from bitale_graph.dtypes import COMPLEX, DTYPES, FLOATS, INTEGERS
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Composite, Procedure, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise, Function
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    Dimension,
    ExpandDims,
    Iota,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.ops.random import Permutation
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.types import tensor_type
from bitale_graph.variable import Op, Variable
from tests.support import loops, matrices
from tests.support.values import crossed, few, generic, values

FLOAT = "float64"
KEEPS_ONES = (Elementwise, Broadcast, Gather, Scatter)  # an axis stretches only where its type says 1


@dataclass(frozen=True, eq=False)
class Sample:
    """An op and arrays for its inputs."""

    op: Op
    arrays: tuple[np.ndarray, ...]

    def __str__(self) -> str:
        shown = ",".join(f"{a.dtype}{list(a.shape)}".replace(" ", "") for a in self.arrays)
        return f"{self.op}({shown})"

    def inputs(self, known: bool) -> list[Variable]:
        """Fresh variables for the arrays; `known`: with their lengths as types."""
        return [Variable(tensor_type(a.dtype, self._shape(a, known)), name=f"x{k}") for k, a in enumerate(self.arrays)]

    def _shape(self, array: np.ndarray, known: bool) -> tuple[int | None, ...]:
        if isinstance(self.op, Composite):
            return array.shape  # made for these types
        ones = isinstance(self.op, KEEPS_ONES)
        return tuple(n if known or (n == 1 and ones) else None for n in array.shape)


def samples(op: Op | type[Op] | Function) -> list[Sample]:
    """The samples of an op's class, of one op, or of one elementwise function."""
    if isinstance(op, Function):
        return elementwise(op)
    return [s for s in structural() if s.op == op or type(s.op) is op]


# ---- elementwise functions ----------------------------------------------------------------------------------------


def signatures(function: Function) -> list[tuple[str, ...]]:
    """The dtypes that a function computes in."""
    found = []
    for dtypes in itertools.product(DTYPES, repeat=function.arity):
        try:
            if function.resolve(dtypes)[0] == dtypes:
                found.append(dtypes)
        except TypeError:
            continue
    return found


def elementwise(function: Function) -> list[Sample]:
    """Every combination of special values for each signature, and two hundred ordinary values."""
    return [Sample(Elementwise(function), tuple(operands(function, dtypes))) for dtypes in signatures(function)]


@cache
def operands(function: Function, dtypes: tuple[str, ...]) -> list[np.ndarray]:
    """Vectors of one length, one per operand."""
    choose = {1: values, 2: values}.get(function.arity, few)
    if function.arity == 2 and any(d in COMPLEX for d in dtypes):
        choose = few
    columns = crossed([choose(d) for d in dtypes])
    ordinary = [generic((203,), d, seed=k) for k, d in enumerate(dtypes)]
    found = [np.concatenate(pair) for pair in zip(columns, ordinary, strict=True)]
    if function.name == "power" and dtypes[1] in INTEGERS:
        found[1] = np.where(found[1] < 0, found[1] & np.array(7, dtypes[1]), found[1])
    if function.name == "binomial_variate":
        found[3] >>= 30  # larger counts are not exact in float64, which they are worked out in
    if function.name == "log_gamma_slope":  # a quantile of a gamma distribution, and its shape
        shapes = np.geomspace(0.01, 2e5, 99)
        found = [np.log(shapes) + np.tile([-1, 0, 1], 33) / np.sqrt(shapes + 1), shapes]
    return found


# ---- structural ops ------------------------------------------------------------------------------------------------


def array(*shape: int, dtype: str = FLOAT, seed: int = 0) -> np.ndarray:
    return generic(shape, dtype, seed)


def whole(*numbers: Any) -> list[np.ndarray]:
    """Scalars or lists as int64 arrays: lengths, bounds, indices."""
    return [np.asarray(n, "int64") for n in numbers]


def row(op: Op, *arrays: Any) -> Sample:
    return Sample(op, tuple(arrays))


SHAPES = [(), (1,), (0,), (5,), (3, 4), (4, 1), (0, 3), (2, 3, 4)]


def broadcasting() -> list[Sample]:
    """Elementwise ops over operands of several shapes: axes that stretch, scalars, empty arrays."""
    add, where, exp = (Elementwise(FUNCTIONS[name]) for name in ("add", "where", "exp"))
    rows = [row(exp, array(*shape)) for shape in SHAPES]
    pairs = [((3, 4), ()), ((3, 1), (1, 4)), ((1, 4), (3, 4)), ((0, 1), (1, 3)), ((1, 1), (1, 1)), ((), ()),
             ((2, 1, 4), (1, 3, 1)), ((2, 3, 1), (2, 3, 4)), ((1000,), (1000,))]  # fmt: skip
    rows += [row(add, array(*a), array(*b, seed=1)) for a, b in pairs]
    return [*rows, row(where, array(3, 1, dtype="bool"), array(1, 4), array(3, 4, seed=2))]


def movement() -> list[Sample]:
    return [
        row(ExpandDims((0, 2)), array(3, 2)),
        row(ExpandDims((0,)), array()),
        row(ExpandDims((1,)), array(0)),
        row(Squeeze((1,)), array(3, 1, 2)),
        row(Squeeze((0, 1)), array(1, 1)),
        row(Broadcast((4, 3)), array(1, 3)),
        row(Broadcast((None, 3)), array(1, 1), *whole(4)),
        row(Broadcast((2, None)), array(2, 1), *whole(0)),
        row(Broadcast((2, 3)), array(2, 3)),
        row(Reshape((3, 2)), array(2, 3)),
        row(Reshape((None,)), array(2, 3), *whole(6)),
        row(Reshape((None, 2, None)), array(2, 6), *whole(3, 2)),
        row(Reshape((0, 5)), array(3, 0)),
        row(Reshape(()), array(1, 1)),
        row(Reshape((1,)), array()),
        row(Transpose((2, 0, 1)), array(2, 3, 4)),
        row(Transpose((1, 0)), array(65, 33)),
        row(Transpose(()), array()),
        row(Slice((1, 0), (2, 3), (1, 1)), array(4, 3)),
        row(Slice((4,), (3,), (-2,)), array(5)),
        row(Slice((None,), (None,), (None,)), array(5), *whole(1, 2, 2)),
        row(Slice((None, None), (None, None), (None, None)), array(5, 4), *whole(4, 0, 5, 2, -1, 2)),
        row(Slice((0,), (0,), (1,)), array(5)),
        row(SetSlice((1, 0), (2, 3), (1, 1)), array(4, 3), array(2, 3, seed=1)),
        row(SetSlice((4,), (3,), (-2,)), array(5), array(3, seed=1)),
        row(SetSlice((None,), (None,), (2,)), array(5), array(2, seed=1), *whole(1, 2)),
        row(SetSlice((0,), (0,), (1,)), array(5), array(0)),
        row(Pad((1, 0), (2, 1)), array(2, 3), array(seed=1)),
        row(Pad((None,), (0,)), array(3), array(seed=1), *whole(2)),
        row(Pad((2,), (None,)), array(0), array(seed=1), *whole(1)),
        row(Concatenate(1), array(2, 3), array(2, 1, seed=1), array(2, 2, seed=2)),
        row(Concatenate(0), array(0), array(3)),
        row(Concatenate(0), array(4)),
        row(Concatenate(0), array(2, 0), array(1, 0)),
        row(Diagonal(0, 0, 1), array(3, 4)),
        row(Diagonal(1, 0, 1), array(3, 4)),
        row(Diagonal(-1, 2, 0), array(4, 2, 3)),
        row(Diagonal(7, 0, 1), array(3, 4)),
        row(Iota(5)),
        row(Iota(0)),
        row(Iota(None), *whole(7)),
        row(Dimension(1), array(2, 5)),
        *(row(Transpose((1, 0)), array(3, 2, dtype=dtype)) for dtype in DTYPES if dtype != FLOAT),
        *(row(Concatenate(0), array(3, dtype=dtype), array(2, dtype=dtype, seed=1)) for dtype in DTYPES),
    ]


ACCUMULATIONS: dict[str, tuple[str, ...]] = {
    "add": DTYPES, "multiply": DTYPES, "maximum": DTYPES, "minimum": DTYPES,
    "logical_and": ("bool",), "logical_or": ("bool",),
    "bitwise_and": ("bool", *INTEGERS), "bitwise_or": ("bool", *INTEGERS), "bitwise_xor": ("bool", *INTEGERS),
}  # fmt: skip


def reduction() -> list[Sample]:
    """Every function and dtype over a vector; every kind of axes; many terms; NaN in any place; nothing to reduce."""
    rows: list[Sample] = []
    for name, dtypes in ACCUMULATIONS.items():
        function = FUNCTIONS[name]
        rows += [row(Reduce(function, (0,)), array(37, dtype=dtype)) for dtype in dtypes]
        rows += [row(Reduce(function, (1,)), array(3, 5, dtype=dtype)) for dtype in dtypes]
        rows += [row(Reduce(function, (0,)), array(5, 3, dtype=dtype)) for dtype in dtypes]
        if name not in ("maximum", "minimum"):
            rows += [row(Reduce(function, (0,)), array(0, dtype=d)) for d in dtypes]
            rows += [row(Reduce(function, (1,)), array(2, 0, dtype=d)) for d in dtypes[:1]]
    for name in ("add", "multiply", "maximum", "minimum"):
        function = FUNCTIONS[name]
        cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
            ((0, 1), (2, 3)), ((0, 2), (2, 3, 4)), ((1,), (2, 3, 4)), ((1,), (2, 1)), ((), (2,)), ((0,), (1,)),
            ((1,), (0, 3)), ((0, 1, 2), (2, 3, 4)), ((1, 2), (2, 3, 4)),
        ]  # fmt: skip
        rows += [row(Reduce(function, axes), array(*shape)) for axes, shape in cases]
        if name in ("maximum", "minimum"):
            for dtype in (*FLOATS, *COMPLEX):
                rows += [row(Reduce(function, (0,)), with_nan(37, place, dtype)) for place in (0, 20, 36)]
                rows.append(row(Reduce(function, (0,)), with_nan(37, 20, dtype).reshape(-1, 1)))
            of_none = Reduce(function, (1,), of_none=True)
            rows += [row(of_none, array(2, n, dtype=dtype)) for n in (0, 3) for dtype in DTYPES]
    return rows


def long() -> list[Sample]:
    """Reductions long enough for every blocked and unrolled form."""
    rows: list[Sample] = []
    for dtype in ("float16", "float32", "float64", "complex64", "int32"):
        rows += [row(Reduce(FUNCTIONS["add"], (0,)), array(5001, dtype=dtype))]
        rows += [row(Reduce(FUNCTIONS["add"], (axis,)), array(70, 1030, dtype=dtype)) for axis in (0, 1)]
        rows += [row(Reduce(FUNCTIONS["maximum"], (axis,)), array(70, 1030, dtype=dtype)) for axis in (0, 1)]
        rows += [row(ArgReduce(FUNCTIONS["minimum"], axis), array(70, 1030, dtype=dtype)) for axis in (0, 1)]
        rows += [row(Cumulate(FUNCTIONS["add"], axis), array(70, 130, dtype=dtype)) for axis in (0, 1)]
    return rows


def with_nan(length: int, place: int, dtype: str) -> np.ndarray:
    result = array(length, dtype=dtype)
    result[place] = np.nan
    return result


def arguments() -> list[Sample]:
    """Positions of extrema: the first of several, the first NaN."""
    rows: list[Sample] = []
    for name in ("maximum", "minimum"):
        op = FUNCTIONS[name]
        rows += [row(ArgReduce(op, 0), array(37, dtype=dtype)) for dtype in DTYPES]
        inexact = (*FLOATS, *COMPLEX)
        rows += [row(ArgReduce(op, 0), with_nan(37, place, dtype)) for place in (0, 20, 36) for dtype in inexact]
        rows += [row(ArgReduce(op, axis), array(3, 4, 5)) for axis in (0, 1, 2)]
        rows += [row(ArgReduce(op, 1), array(2, 1)), row(ArgReduce(op, 1), array(0, 2))]
        rows.append(row(ArgReduce(op, 0), np.array([1, 3, 3, 0, 0, 1], "int32")))
    return rows


def cumulation() -> list[Sample]:
    rows: list[Sample] = []
    for name in ("add", "multiply", "maximum", "minimum"):
        function = FUNCTIONS[name]
        rows += [row(Cumulate(function, 0), array(7, dtype=dtype)) for dtype in DTYPES]
        rows += [row(Cumulate(function, axis), array(2, 3, 4)) for axis in (0, 1, 2)]
        rows.append(row(Cumulate(function, 0), np.array([-0.0, -0.0, 0.0, -0.0])))
        rows += [row(Cumulate(function, 0), array(0)), row(Cumulate(function, 0), array(1))]
        rows.append(row(Cumulate(function, 0), with_nan(7, 3, FLOAT)))
    rows.append(row(Cumulate(FUNCTIONS["multiply"], 0), np.array([np.inf + 0j, 2, 0])))
    return rows


def contraction() -> list[Sample]:
    shapes: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
        ("ab,bc->ac", (2, 3), (3, 4)), ("ab,cb->ca", (2, 3), (4, 3)), ("ba,bc->ac", (3, 2), (3, 4)),
        ("ab,bc->ca", (2, 3), (3, 4)), ("a,a->", (3,), (3,)), ("a,b->ab", (3,), (2,)), ("ab,b->a", (2, 3), (3,)),
        ("ab,a->b", (2, 3), (2,)), ("a,ab->b", (2,), (2, 3)), ("abc,acd->abd", (2, 3, 2), (2, 2, 3)),
        ("abc,adc->abd", (2, 3, 2), (2, 4, 2)), ("ab,ab->ab", (2, 3), (2, 3)), ("ab,ab->a", (2, 3), (2, 3)),
        ("ab,ab->", (2, 3), (2, 3)), ("abc,bcd->ad", (2, 3, 2), (3, 2, 2)), ("ab,bc->ac", (2, 0), (0, 3)),
        ("ab,bc->ac", (0, 2), (2, 3)), ("ab,bc->ac", (1, 1), (1, 1)), ("abc,dc->abd", (2, 3, 4), (5, 4)),
        ("ab,bc->ac", (17, 33), (33, 19)), ("abc,cd->bad", (2, 3, 4), (4, 5)), ("a,->a", (3,), ()), (",->", (), ()),
    ]  # fmt: skip
    rows = []
    for labels, left, right in shapes:
        op = Contract(*labels.replace("->", ",").split(","))
        rows.append(row(op, array(*left), array(*right, seed=1)))
    matrices, vectors = Contract("ab", "bc", "ac"), Contract("a", "a", "")
    for dtype in DTYPES:
        rows.append(row(matrices, array(3, 4, dtype=dtype), array(4, 2, dtype=dtype, seed=1)))
        rows.append(row(matrices, array(9, 11, dtype=dtype), array(11, 10, dtype=dtype, seed=1)))
        rows.append(row(vectors, array(37, dtype=dtype), array(37, dtype=dtype, seed=1)))
    return rows


COMBINE = (None, FUNCTIONS["add"], FUNCTIONS["multiply"], FUNCTIONS["maximum"], FUNCTIONS["minimum"])


def indexing() -> list[Sample]:
    rows = [
        row(Gather((0,)), array(4, 3), *whole([2, 0, 2, -1])),
        row(Gather((1,)), array(4, 3), *whole(1)),
        row(Gather((1,)), array(4, 3), *whole(-3)),
        row(Gather((0, 1)), array(4, 3), *whole([2, 0, 2], [1, -1, 1])),
        row(Gather((0, 2)), array(4, 3, 2), *whole([[2], [0]], [[1, 0, 1]])),
        row(Gather((0,)), array(4), *whole([])),
        row(Gather((0,)), array(0, 3), *whole([])),
        row(Gather((0,)), array(4, dtype="uint8"), np.array([3, 1], "uint8")),
        row(Gather((0,)), array(4, dtype="int16"), np.array([-1, 1], "int8")),
        row(Nonzero(), array(7, dtype="bool")),
        row(Nonzero(), array(3, 4, dtype="bool")),
        row(Nonzero(), np.zeros((2, 3), "bool")),
        row(Nonzero(), np.zeros((0, 3), "bool")),
        row(Nonzero(), array(70, 21, 2, dtype="bool")),
        row(Scatter((0, 1), None), array(3, 2, 2), array(2, 2, seed=1), *whole([2, 2], [1, 1])),
        row(Scatter((0, 1), FUNCTIONS["add"]), array(3, 2, 2), array(2, 2, 2, seed=1), *whole([[2], [0]], [[1, 0]])),
        row(Scatter((0,), FUNCTIONS["add"]), array(3, 2), array(0, 2), *whole([])),
        row(Scatter((0,), FUNCTIONS["add"]), array(3), array(1, seed=1), *whole([1])),
        row(Scatter((0,), None), array(3), array(seed=1), *whole(1)),
        row(Scatter((0,), FUNCTIONS["add"]), array(0, 2), array(0, 2), *whole([])),
    ]
    for function, places in itertools.product(COMBINE, ([3, 0, 1], [2, 0, 2, -2])):
        updates = array(len(places), seed=1)
        rows.append(row(Scatter((0,), function), array(4), updates, *whole(places)))
    for function in COMBINE:
        rows.append(row(Scatter((1,), function), array(2, 3), array(2, seed=1), *whole(-1)))
        for dtype in DTYPES:
            x, updates = array(4, 2, dtype=dtype), array(3, 2, dtype=dtype, seed=1)
            rows.append(row(Scatter((0,), function), x, updates, *whole([2, 0, 2])))
    return rows


def fft() -> list[Sample]:
    """One row and several, none, and one point; tests of C have lengths of all kinds."""
    rows: list[Sample] = []
    for shape in ((1,), (2,), (37,), (0, 4), (3, 12), (2, 3, 8)):
        rows.append(row(Fft(len(shape) > 1), array(*shape, dtype="complex128")))
        rows.append(row(Rfft(), array(*shape)))
    rows += [row(Irfft(n), array(3, n // 2 + 1, dtype="complex128")) for n in (1, 2, 7, 12)]
    rows += [row(Irfft(None), array(5, dtype="complex128"), *whole(n)) for n in (8, 9)]
    rows += [row(Fft(), array(4, 20, dtype="complex64")), row(Rfft(), array(4, 20, dtype="float32"))]
    return [*rows, row(Irfft(6), array(4, dtype="complex64")), row(Irfft(4), array(0, 3, dtype="complex64"))]


def random() -> list[Sample]:
    """Orders of several keys, of lengths 0 and 1 too."""
    keys = np.array([3, 2**63, 5], "uint64")
    one, matrix = (keys[0], keys[1]), (keys.reshape(3, 1), keys[::-1].reshape(3, 1))
    rows = [row(Permutation(n), *map(np.asarray, one)) for n in (0, 1, 2, 20)]
    return [*rows, row(Permutation(None), *map(np.asarray, one), *whole(9)), row(Permutation(5), keys, keys[::-1]),
            row(Permutation(None), *matrix, *whole(4))]


def linalg() -> list[Sample]:
    return [row(op, *arrays) for op, arrays in matrices.cases()]


def control() -> list[Sample]:
    x = Variable(tensor_type(FLOAT, (3,)), name="x")
    body = Graph([x], [FUNCTIONS["exp"](x), x + 1.0])
    return [
        row(Check("fine"), array(3), np.array(True)),
        row(Check("{0} is fine"), array(3), np.array(True), np.array(5)),
        row(StopGradient(), array(2, 3)),
        row(Composite("pair", (), body), array(3)),
        row(Procedure("pair", (), body), array(3)),
        *(row(op, *arrays) for cases in loops.CASES for op, arrays in cases()),
    ]


FAMILIES: dict[str, Callable[[], list[Sample]]] = {
    "broadcasting": broadcasting, "movement": movement, "reduction": reduction, "long": long, "arguments": arguments,
    "cumulation": cumulation, "contraction": contraction, "indexing": indexing, "random": random, "control": control,
    "linalg": linalg, "fft": fft,
}  # fmt: skip


@cache
def structural() -> Sequence[Sample]:
    """The samples of all structural ops."""
    return [sample for family in FAMILIES.values() for sample in family()]
