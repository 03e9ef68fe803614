"""What batching rules work on: operands, which may have a leading batch axis that the graph does not know of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bitale_graph.errors import MissingRule
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.sizes import Size
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Op, Variable


class Operand(NamedTuple):
    """A variable, and whether it has the batch axis in front of its own."""

    variable: Variable
    batched: bool


# rule(node, operands, length of the batch axis) -> the outputs, all with the batch axis.
Batch = Callable[[Apply, Sequence[Operand], Size], Sequence[Variable]]


def filled(operand: Operand, length: Size) -> Variable:
    """The operand with the batch axis, along which it is repeated where it did not have one."""
    v = operand.variable
    return v if operand.batched else broadcast(expanded(operand), (length, *shape_of(v)))


def expanded(operand: Operand) -> Variable:
    """The operand with the batch axis, of length 1 where it did not have one."""
    return operand.variable if operand.batched else ExpandDims((0,))(operand.variable)


def over(v: Variable, x: Variable) -> Variable:
    """v, of the batch axis alone, so that it stretches over the further axes of x."""
    return ExpandDims(tuple(range(1, x.ndim)))(v) if x.ndim > 1 else v


def batched_type(v: Variable, length: Size) -> TensorType:
    """The type of v with the batch axis."""
    return v.type.with_shape((length if isinstance(length, int) else None, *v.type.shape))


def plain(node: Apply, operands: Sequence[Operand]) -> list[Variable]:
    """Operands that must be the same for the whole batch, such as lengths. Raises MissingRule if they are not."""
    if any(operand.batched for operand in operands):
        raise MissingRule(f"no batching for `{node.op}`: a length differs from one element of the batch to the next")
    return [operand.variable for operand in operands]


def same_op(node: Apply, *parameters: Any) -> Op:
    """An op of the node's class with other parameters."""
    build: Any = type(node.op)
    return build(*parameters)


def shifted(axes: Sequence[int]) -> tuple[int, ...]:
    """Axes behind the batch axis."""
    return tuple(axis + 1 for axis in axes)
