"""base + alpha * (left @ right) as one op: a GEMM can add to what its result already holds.

A gradient step `w - rate * (x.T @ g)` then writes into w directly: no gradient array, one pass over w.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.expression import FORMS, form_of
from bitale_graph.functions.apply import as_variable
from bitale_graph.graph import Graph
from bitale_graph.infix import Form
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import Elementwise, add, multiply, negative, subtract
from bitale_graph.origin import made_at
from bitale_graph.shapes import SHAPES, shape_of
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_rewrite.loops.contraction import Product


@dataclass(frozen=True)
class Accumulated(Op):
    """base + alpha * contraction(left, right). Inputs: base, alpha (a scalar), left, right."""

    contraction: Contract

    @property
    def name(self) -> str:
        return "add"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


def _form(node: Apply) -> Form:
    base, alpha, *operands = node.inputs
    product = node.op.contraction(*operands)
    return form_of(add(base, product if _is_one(alpha) else multiply(alpha, product)))


FORMS.add(Accumulated, _form)
SHAPES.add(Accumulated, lambda node: [shape_of(node.inputs[0])])


def accumulate_outputs(graph: Graph) -> Graph:
    """`graph` with each output of that form made an Accumulated."""
    return Graph(graph.inputs, [_accumulated(v, graph) for v in graph.outputs], graph.name)


def _accumulated(v: Variable, graph: Graph) -> Variable:
    if v in graph.uses or v.owner is None or not isinstance(v.owner.op, Elementwise):
        return v
    with made_at(v.origin):
        return _rebuilt(v, graph)


def _rebuilt(v: Variable, graph: Graph) -> Variable:
    assert v.owner is not None and isinstance(v.owner.op, Elementwise)
    function, operands = v.owner.op.function, v.owner.inputs
    if function is add:
        choices = [(operands[0], operands[1], False), (operands[1], operands[0], False)]
    elif function is subtract:
        choices = [(operands[0], operands[1], True), (negative(operands[1]), operands[0], False)]
    else:
        return v
    for base, term, minus in choices:
        found = _scaled(term, graph)
        if found is not None and _same_shape(base, v) and _same_shape(found[1], v):
            alpha, product = found[0], found[1].owner
            assert product is not None and isinstance(product.op, Product)
            alpha = negative(alpha) if minus else alpha
            made = Accumulated(product.op.contraction)(base, alpha, *product.inputs)
            made.name = v.name
            return made
    return v


def _scaled(v: Variable, graph: Graph) -> tuple[Variable, Variable] | None:
    """The factor and the matrix product that v is, if it is that, made here, and nothing else reads it."""
    if v.owner is None or v in graph.inputs or v in graph.outputs or len(graph.uses.get(v, ())) > 1:
        return None
    if isinstance(v.owner.op, Product):
        return as_variable(1, v.dtype), v
    if isinstance(v.owner.op, Elementwise) and v.owner.op.function is negative:
        found = _scaled(v.owner.inputs[0], graph)
        return found and (negative(found[0]), found[1])
    if isinstance(v.owner.op, Elementwise) and v.owner.op.function is multiply:
        for factor, rest in (v.owner.inputs, v.owner.inputs[::-1]):
            found = _scaled(rest, graph) if factor.ndim == 0 else None
            if found is not None:
                return factor if _is_one(found[0]) else multiply(factor, found[0]), found[1]
    return None


def _is_one(v: Variable) -> bool:
    return isinstance(v, Constant) and bool(v.data == 1)


def _same_shape(base: Variable, v: Variable) -> bool:
    """Whether an operand stretches nowhere."""
    return base.ndim == v.ndim and all(n == m or (n is None and m != 1) for n, m in zip(base.type.shape, v.type.shape))
