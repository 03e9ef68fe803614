"""Contractions as matrix products: which of them a library computes, and how their axes group into m, n and k."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from bitale_graph.expression import FORMS, form_of
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import add, maximum, multiply
from bitale_graph.ops.movement import ExpandDims, Transpose
from bitale_graph.shapes import SHAPES
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.loops.target import Target

SMALL = 512  # multiply-adds below which loops beat a library call
SHORT = 4  # terms of a sum up to which a thread of a GPU computes it in passing


@dataclass(frozen=True)
class Product(Op):
    """A contraction that a library computes from its operands as they lie in memory. Inputs: left, right, and if there
    is a `bias` the row that it adds to every row. Last comes `relu`: what is below 0 becomes 0."""

    contraction: Contract
    bias: bool = False
    relu: bool = False

    @property
    def name(self) -> str:
        return "maximum" if self.relu else "add" if self.bias else self.contraction.name

    @property
    def has_long_rows(self) -> bool:
        """Whether the last axis of the result is all of n: then n neighbours are a row."""
        form = layout(self.contraction)
        return form is not None and len(form.n) == 1

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        (found,) = self.contraction.infer(*inputs[:2])
        if self.bias and found.shape[-1] is None:
            found = found.with_shape((*found.shape[:-1], inputs[2].shape[-1]))
        return (found,)


def written(node: Apply) -> Variable:
    """What a Product computes, in other ops."""
    op, (left, right, *bias) = node.op, node.inputs
    assert isinstance(op, Product)
    (found,) = Apply(op.contraction, (left, right), node.origin).outputs
    for row in bias:
        found = add(found, ExpandDims(tuple(range(found.ndim - 1)))(row) if row.ndim == 1 else row)
    return maximum(found, 0) if op.relu else found


FORMS.add(Product, lambda node: form_of(written(node)))
SHAPES.add(Product, lambda node: SHAPES[Contract](Apply(node.op.contraction, node.inputs[:2], node.origin)))


@dataclass(frozen=True)
class Groups:
    """The labels of a contraction by role: batch, rows of the left, columns of the right, summed."""

    batch: str
    m: str
    n: str
    k: str


@dataclass(frozen=True)
class Layout(Groups):
    """How a library is to read the operands where they lie: which are transposed, and which are one matrix for the
    whole batch."""

    transposed: tuple[bool, bool]
    shared: tuple[bool, bool]


def groups(op: Contract) -> Groups:
    """Labels by role, each in the order of the result (summed ones: of the left operand)."""
    batch = "".join(label for label in op.result if label in op.left and label in op.right)
    m = "".join(label for label in op.result if label in op.left and label not in op.right)
    n = "".join(label for label in op.result if label in op.right and label not in op.left)
    return Groups(batch, m, n, op.summed)


def is_product(node: Apply, target: Target) -> bool:
    """Whether a contraction is to be a library call."""
    if not isinstance(node.op, Contract) or node.outputs[0].dtype not in target.products:
        return False
    g = groups(node.op)
    if not (g.m and g.n and g.k):
        return False
    lengths = dict(zip(node.op.left, node.inputs[0].type.shape, strict=True))
    lengths |= dict(zip(node.op.right, node.inputs[1].type.shape, strict=True))
    batch, m, n, k = (_known_product([lengths[label] for label in labels]) for labels in (g.batch, g.m, g.n, g.k))
    if target.many_threads:
        # A thread or a warp computes an element of a narrow product: it reads each operand once, and what follows
        # joins in. Libraries work in tiles of 16 and more, of which small matrices would fill a corner.
        return not (m == 1 or n == 1 or (k is not None and k <= SHORT) or _is_small(m, n, k))
    return not _is_small(batch, m, n, k)


def _known_product(lengths: list[int | None]) -> int | None:
    known = [n for n in lengths if n is not None]
    return prod(known) if len(known) == len(lengths) else None


def _is_small(*lengths: int | None) -> bool:
    known = [n for n in lengths if n is not None]
    return len(known) == len(lengths) and prod(known) <= SMALL


def layout(op: Contract) -> Layout | None:
    """How a library reads the operands, if it can as they are.

    Axes in front that only one operand has can be rows or columns of one large product or, where their order is not
    that, a batch for which the other operand is one matrix.
    """
    for count in range(len(op.result) + 1):
        batch, rest = op.result[:count], op.result[count:]
        left, right = (_in_batch(labels, batch) for labels in (op.left, op.right))
        m, n = ("".join(label for label in rest if label in labels) for labels in (op.left, op.right))
        if left is not None and right is not None and rest == m + n:
            transposed_left = {m + op.summed: False, op.summed + m: True}.get(left)
            transposed_right = {op.summed + n: False, n + op.summed: True}.get(right)
            if transposed_left is not None and transposed_right is not None:
                shared = (bool(batch) and left == op.left, bool(batch) and right == op.right)
                return Layout(batch, m, n, op.summed, (transposed_left, transposed_right), shared)
    return None


def _in_batch(labels: str, batch: str) -> str | None:
    """An operand's labels of a matrix, if it has one matrix for each element of the batch, or one for all."""
    if labels.startswith(batch):
        return labels[len(batch) :]
    return labels if not set(labels) & set(batch) else None


def normalise(node: Apply, inputs: tuple[Variable, ...], target: Target) -> Variable:
    """The contraction in a form that lowers directly: an outer product becomes an elementwise one, one for a library a
    Product, whose operands are transposed where its routines cannot take their order of axes."""
    op, (left, right) = node.op, inputs
    assert isinstance(op, Contract)
    if not op.summed:
        return _elementwise(op, left, right)
    if not is_product(node, target):
        return op(left, right)
    swapped = Contract(op.right, op.left, op.result)
    if layout(op) is not None:
        return Product(op)(left, right)
    if layout(swapped) is not None:
        return Product(swapped)(right, left)
    g = groups(op)
    if op.result == g.batch + g.n + g.m:
        op, left, right, g = swapped, right, left, Groups(g.batch, g.n, g.m, g.k)
    result = Contract(g.batch + g.m + g.k, g.batch + g.k + g.n, g.batch + g.m + g.n)
    product = Product(result)(_ordered(left, op.left, result.left), _ordered(right, op.right, result.right))
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
