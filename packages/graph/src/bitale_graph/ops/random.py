"""Random bits as elementwise functions of a key and a place: no state, so any element can be drawn at any time.

The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011): a
cipher that turns a counter of 128 bits, under a key of 64, into a block of four words of 32. The low half of the
counter is the block's number here, the high half is the second half of the user's key.

Neighbouring elements share blocks, laid out so that vectors of blocks come out as vectors of words: of 64 elements, a
word of 32 bits at place 16 w + b is word w of block b, and a word of 64 bits at place 32 p + b is pair p of block b.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.dtypes import SIZE
from bitale_graph.errors import ShapeError
from bitale_graph.ops.elementwise import FUNCTIONS, Dtypes, Function
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op

RUN = 64  # neighbouring elements whose words are those of the same blocks
LANES = {"uint32": 16, "uint64": 32}  # how many blocks a run takes, by the dtype of its words
KEY = ("uint64", "uint64")


def _row(name: str, operands: Dtypes, result: str) -> Function:
    """A function of fixed dtypes."""
    FUNCTIONS[name] = function = Function(name, len(operands), lambda given: (operands, result))
    return function


philox = _row("philox", (*KEY, "uint64", "uint64"), "uint32")  # key, stream, number of a block, which of its words
random_bits32 = _row("random_bits32", (*KEY, "uint64"), "uint32")  # key, stream, number of an element
random_bits64 = _row("random_bits64", (*KEY, "uint64"), "uint64")
BITS = {"uint32": random_bits32, "uint64": random_bits64}

multiply_high = _row("multiply_high", ("uint64", "uint64"), "uint64")  # the upper half of a product of 128 bits

# Drawn by rejection or search, so that an element takes as many blocks as it needs. Its trials, from 1 on, are numbered
# in the upper bits of its blocks' numbers; the uppermost bit is that of derived keys.
TRIAL, MOST_TRIALS = 48, 1 << 15
SEARCHED = 10.0  # the mean below which counts are searched for one by one
LONGEST_SEARCH = 200
LONGEST_SERIES = 1e5

log_gamma_variate = _row("log_gamma_variate", (*KEY, "uint64", "float64"), "float64")  # its last operand is the shape
log_gamma_slope = _row("log_gamma_slope", ("float64", "float64"), "float64")  # d log z / d shape at one probability
poisson_variate = _row("poisson_variate", (*KEY, "uint64", "float64"), "int64")  # the mean
binomial_variate = _row("binomial_variate", (*KEY, "uint64", "int64", "float64"), "int64")  # tries, probability

ROWS = (
    philox, random_bits32, random_bits64, multiply_high, log_gamma_variate, log_gamma_slope, poisson_variate,
    binomial_variate,
)  # fmt: skip


@dataclass(frozen=True)
class Permutation(Op):
    """The numbers below `length` in random order, along a new last axis. Inputs: key, stream (which may be arrays, for
    one permutation each), the length where it is not known."""

    length: int | None

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        key, stream = inputs[:2]
        if key.dtype != "uint64" or stream != key:
            raise ShapeError(f"permutation: two words of keys are wanted, not {key} and {stream}")
        return (tensor_type(SIZE, (*key.shape, self.length)),)
