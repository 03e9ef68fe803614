"""Contractions as matrix products: which of them a GEMM computes, and how their axes group into m, n and k."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import multiply
from bitale_graph.ops.movement import ExpandDims, Transpose
from bitale_graph.variable import Apply, Variable

GEMM_DTYPES = ("float32", "float64", "complex64", "complex128")
SMALL = 512  # multiply-adds below which loops beat a library call


@dataclass(frozen=True)
class Groups:
    """The labels of a contraction by role: batch, rows of the left, columns of the right, summed."""

    batch: str
    m: str
    n: str
    k: str


def groups(op: Contract) -> Groups:
    """Labels by role, each in the order of the result (summed ones: of the left operand)."""
    batch = "".join(label for label in op.result if label in op.left and label in op.right)
    m = "".join(label for label in op.result if label in op.left and label not in op.right)
    n = "".join(label for label in op.result if label in op.right and label not in op.left)
    return Groups(batch, m, n, op.summed)


def is_gemm(node: Apply) -> bool:
    """Whether a contraction (with axes grouped by `normalise`) is to be a library call."""
    if not isinstance(node.op, Contract) or node.outputs[0].dtype not in GEMM_DTYPES:
        return False
    g = groups(node.op)
    if not (g.m and g.n and g.k):
        return False
    lengths = dict(zip(node.op.left, node.inputs[0].type.shape, strict=True))
    lengths |= dict(zip(node.op.right, node.inputs[1].type.shape, strict=True))
    known = [n for n in lengths.values() if n is not None]
    return len(known) < len(lengths) or prod(known) > SMALL


def orders(op: Contract) -> tuple[tuple[str, bool], tuple[str, bool]] | None:
    """The operands' label order and whether it is transposed, if a GEMM takes them as they are."""
    g = groups(op)
    left = {g.batch + g.m + g.k: False, g.batch + g.k + g.m: True}.get(op.left)
    right = {g.batch + g.k + g.n: False, g.batch + g.n + g.k: True}.get(op.right)
    if left is None or right is None or op.result != g.batch + g.m + g.n:
        return None
    return (op.left, left), (op.right, right)


def normalise(node: Apply, inputs: tuple[Variable, ...]) -> Variable:
    """The contraction in a form that lowers directly: an outer product becomes an elementwise one, and the operands
    of a GEMM are transposed where its routines cannot take their order of axes."""
    op = node.op
    assert isinstance(op, Contract)
    left, right = inputs
    if not op.summed:
        return _elementwise(op, left, right)
    if not is_gemm(node) or orders(op) is not None:
        return op(left, right)
    g = groups(op)
    if op.result == g.batch + g.n + g.m and g.n:  # the product of the swapped operands
        return normalise(Contract(op.right, op.left, op.result)(right, left).owner, (right, left))  # type: ignore[arg-type]
    result = Contract(g.batch + g.m + g.k, g.batch + g.k + g.n, g.batch + g.m + g.n)
    product = result(_ordered(left, op.left, result.left), _ordered(right, op.right, result.right))
    return _ordered(product, result.result, op.result)


def _ordered(x: Variable, labels: str, wanted: str) -> Variable:
    """x with its axes in the order `wanted`."""
    return x if labels == wanted else Transpose(tuple(labels.index(label) for label in wanted))(x)


def _elementwise(op: Contract, left: Variable, right: Variable) -> Variable:
    """A contraction that sums nothing, as a product of operands expanded to the result's axes."""
    expanded = []
    for x, labels in ((left, op.left), (right, op.right)):
        own = "".join(label for label in op.result if label in labels)
        axes = tuple(axis for axis, label in enumerate(op.result) if label not in labels)
        x = _ordered(x, labels, own)
        expanded.append(ExpandDims(axes)(x) if axes and x.ndim else x)
    return multiply(*expanded)
