"""What a library can do to a product before storing it: add a vector to every row, and cut off below 0.

`x @ w + b` is otherwise a product, and a kernel that reads and writes all of it again: the epilogue saves that pass. It
saves nothing where the sum is not stored: a kernel that computes tanh(x @ w + b) reads the product once either way.
"""

from __future__ import annotations

from bitale_graph.graph import Graph
from bitale_graph.ops.elementwise import Elementwise, add, maximum
from bitale_graph.ops.movement import ExpandDims, Reshape
from bitale_graph.origin import made_at
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.contraction import Product
from bitale_rewrite.loops.target import Target

DTYPES = ("float16", "bfloat16", "float32", "float64")
Found = tuple[Product, tuple[Variable, ...]]


def with_epilogues(graph: Graph, target: Target) -> Graph:
    """`graph` in which products do what follows them, where the target's library can and that is then stored."""
    found = {v: op for node in graph.nodes for v in node.outputs if (op := _epilogue(v, graph, target))}
    new: dict[Variable, Variable] = {}

    def rebuild(node: Apply, inputs: tuple[Variable, ...]) -> tuple[Variable, ...]:
        new.update(zip(node.inputs, inputs, strict=True))
        v = node.outputs[0]
        if v not in found:
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            return node.outputs if same else _named(node, Apply(node.op, inputs, node.origin))
        op, operands = found[v]
        with made_at(v.origin):
            return _named(node, Apply(op, tuple(new.get(u, u) for u in operands)))

    return graph.map(rebuild) if found else graph


def _named(node: Apply, made: Apply) -> tuple[Variable, ...]:
    for old, v in zip(node.outputs, made.outputs, strict=True):
        v.name = old.name
    return made.outputs


def _epilogue(v: Variable, graph: Graph, target: Target) -> Found | None:
    """v as a product with an epilogue and its operands, if it is one that is stored."""
    if v.dtype not in DTYPES or not _is_stored(v, graph):
        return None
    product, relu = v, False
    if "relu" in target.epilogues and (x := _cut_off(v)) is not None and _is_alone(x, graph):
        product, relu = x, True
    bias = _biased(product, graph) if "bias" in target.epilogues else None
    if bias is not None:
        return Product(bias[0].owner.op.contraction, True, relu), (*bias[0].owner.inputs, bias[1])  # type: ignore[union-attr]
    if relu and product.owner is not None and isinstance(product.owner.op, Product):
        return Product(product.owner.op.contraction, False, True), product.owner.inputs
    return None


def _is_stored(v: Variable, graph: Graph) -> bool:
    """Whether v itself is needed in memory: as a result, or by what cannot compute it as it reads."""
    users = graph.uses.get(v, ())
    return v in graph.outputs or any(isinstance(node.op, (Product, Accumulated, Reshape)) for node in users)


def _is_alone(v: Variable, graph: Graph) -> bool:
    """Whether v is made here, and what follows is all that it is for."""
    return v not in graph.inputs and v not in graph.outputs and len(graph.uses.get(v, ())) == 1


def _cut_off(v: Variable) -> Variable | None:
    """x, if v is maximum(x, 0)."""
    if v.owner is None or not isinstance(v.owner.op, Elementwise) or v.owner.op.function is not maximum:
        return None
    for x, zero in (v.owner.inputs, v.owner.inputs[::-1]):
        if isinstance(zero, Constant) and not zero.ndim and zero.data == 0:
            return x
    return None


def _biased(v: Variable, graph: Graph) -> tuple[Variable, Variable] | None:
    """A product for v alone and a vector, if v is the product with the vector added to every row."""
    if v.owner is None or not isinstance(v.owner.op, Elementwise) or v.owner.op.function is not add:
        return None
    for product, term in (v.owner.inputs, v.owner.inputs[::-1]):
        if product.owner is not None and isinstance(product.owner.op, Product) and _is_alone(product, graph):
            row = _row(term, graph)
            if row is not None and row.type.shape[-1] != 1 and product.type.shape[-1] != 1:
                return (product, row) if product.owner.op.has_long_rows else None
    return None


def _row(term: Variable, graph: Graph) -> Variable | None:
    """`term` if it is one row, or the vector that it is made of here."""
    if not term.ndim or any(n != 1 for n in term.type.shape[:-1]):
        return None
    made_here = term.owner is not None and term not in graph.inputs and isinstance(term.owner.op, ExpandDims)
    if made_here and term.owner.inputs[0].ndim == 1:  # type: ignore[union-attr]
        return term.owner.inputs[0]  # type: ignore[union-attr]
    return term
