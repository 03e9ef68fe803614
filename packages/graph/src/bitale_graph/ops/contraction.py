"""Contraction: the one op behind dot, matmul, tensordot, outer and einsum."""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.errors import DtypeError, ShapeError
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op


@dataclass(frozen=True)
class Contract(Op):
    """Multiply two arrays and sum over the labels that the result lacks: `Contract("ij", "jk", "ik")` is a product
    of matrices.

    Each operand axis has one label, no label stands twice in one operand, and every label stands in at least two of
    `left`, `right` and `result`. A label in all three is a batch axis. Labels are a, b, c, ... in order of
    appearance, so equal contractions are equal ops.
    """

    left: str
    right: str
    result: str

    def __str__(self) -> str:
        return f"contract{{{self.left},{self.right}->{self.result}}}"

    @property
    def summed(self) -> str:
        """The labels summed over, in order of appearance."""
        return "".join(label for label in self.left if label not in self.result)

    @property
    def batch(self) -> str:
        """The labels that both operands and the result have."""
        return "".join(label for label in self.left if label in self.right and label in self.result)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        left, right = inputs
        if left.dtype != right.dtype:
            raise DtypeError(f"{self}: operands of dtypes {left.dtype} and {right.dtype}; cast them to one")
        if left.ndim != len(self.left) or right.ndim != len(self.right):
            raise ShapeError(f"{self}: operands {left} and {right} do not have the ranks of its labels")
        lengths: dict[str, int | None] = {}
        for label, n in [*zip(self.left, left.shape, strict=True), *zip(self.right, right.shape, strict=True)]:
            known = lengths.get(label)
            if known is not None and n is not None and known != n:
                raise ShapeError(f"{self}: axis `{label}` has length {known} on the left, {n} on the right")
            lengths[label] = n if known is None else known
        return (tensor_type(left.dtype, tuple(lengths[label] for label in self.result)),)
