"""Recognising sums of squares: where such a sum is 0 it is at its minimum, so the derivative of its root is 0."""

from __future__ import annotations

from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import CASTS, Elementwise, absolute, add, multiply, power, square, true_divide
from bitale_graph.ops.movement import Broadcast, ExpandDims, Reshape, Squeeze, Transpose
from bitale_graph.ops.reduction import Reduce
from bitale_graph.variable import Apply, Constant, Variable

LIMIT = 64  # nodes looked at; what is larger counts as no sum of squares
MOVEMENTS = (Broadcast, ExpandDims, Reshape, Squeeze, Transpose)


def is_sum_of_squares(x: Variable) -> bool:
    """Whether x is, as far as its graph shows, a sum or mean of squares that each are free to be 0."""
    pending, looked_at = [x], 0
    while pending:
        node = pending.pop().owner
        looked_at += 1
        if node is None or looked_at > LIMIT:
            return False
        if not _is_square(node):
            terms = _terms(node)
            if not terms:
                return False
            pending.extend(terms)
    return True


def _is_square(node: Apply) -> bool:
    if isinstance(node.op, Contract):
        return node.inputs[0] is node.inputs[1] and node.op.left == node.op.right
    if not isinstance(node.op, Elementwise):
        return False
    x, *others = node.inputs
    match node.op.function:
        case f if f is square:
            return True
        case f if f is multiply:
            return x is others[0]
        case f if f is power:
            return isinstance(others[0], Constant) and others[0].ndim == 0 and others[0].data == 2
        case _:
            return False


def _terms(node: Apply) -> tuple[Variable, ...]:
    """What must be sums of squares for the node to be one; () for a node that never is."""
    if isinstance(node.op, MOVEMENTS) or (isinstance(node.op, Reduce) and node.op.function is add):
        return node.inputs[:1]
    if not isinstance(node.op, Elementwise):
        return ()
    function, inputs = node.op.function, node.inputs
    if function is add:
        return inputs
    if (function is true_divide and inputs[1].ndim == 0) or function is absolute or function in CASTS.values():
        return inputs[:1]
    if function is multiply and any(isinstance(v, Constant) and v.ndim == 0 for v in inputs):
        return tuple(v for v in inputs if not (isinstance(v, Constant) and v.ndim == 0))
    return ()
