"""A product of matrices as a library is asked for it: everything but where the matrices lie."""

from __future__ import annotations

from typing import NamedTuple

ITEMSIZE = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}


class Product(NamedTuple):
    """out = alpha * left @ right + beta * out, for each of a `batch` of row-major matrices.

    `left` is m x k (k x m if `transposed`), `right` k x n (n x k if `transposed`), `out` m x n. An operand that is
    `shared` is one matrix for the whole batch. With `tf32`, products of float32 may round their operands to 11
    significant bits. An epilogue adds a vector to every row (`bias`), then makes 0 of what is not above 0 (`relu`), NaN
    included. `note` says what is computed, and where the user wrote it.
    """

    dtype: str
    m: int
    n: int
    k: int
    batch: int = 1
    transposed: tuple[bool, bool] = (False, False)
    shared: tuple[bool, bool] = (False, False)
    tf32: bool = False
    bias: bool = False
    relu: bool = False
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.m and self.n and self.batch)

    @property
    def nbytes(self) -> int:
        """The bytes of the result."""
        return self.batch * self.m * self.n * ITEMSIZE[self.dtype]

    def __str__(self) -> str:
        """The lengths, and the user's expression: `float32[4, 3, 5] @ float32[5, 2]`."""
        left, right = (
            ([] if shared or self.batch == 1 else [self.batch]) + [rows, columns]
            for shared, rows, columns in zip(self.shared, (self.m, self.k), (self.k, self.n), strict=True)
        )
        shown = f"{self.dtype}{left} @ {self.dtype}{right}"
        return f"{shown}\n  while computing {self.note}" if self.note else shown
