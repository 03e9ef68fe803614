"""What batching rules work on: operands, which may have a leading batch axis that the graph does not know of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bitale_graph.errors import MissingRule, explain
from bitale_graph.ops.elementwise import logical_and, logical_not, logical_or, maximum, where
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.sizes import Size
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Op, Variable


class Operand(NamedTuple):
    """A variable, and whether it has the batch axis in front of its own.

    `lengths`: how many elements along its own axis `axis` count, if that differs along the batch (see ragged.py).
    """

    variable: Variable
    batched: bool
    lengths: Variable | None = None
    axis: int = 0

    @property
    def padded(self) -> Operand:
        """The whole array, what does not count included."""
        return Operand(self.variable, self.batched)


@dataclass(frozen=True)
class Lanes:
    """The batch: how many elements it has, and which of them count, if not all: a boolean vector.

    The others are computed in vain, by a loop that has ended for them or a branch that they do not take. They must not
    fail, and no loop may wait for them.
    """

    length: Size
    active: Variable | None = None

    def among(self, chosen: Variable) -> Lanes:
        """The same batch, of which only those that are `chosen`, too, count."""
        return Lanes(self.length, chosen if self.active is None else logical_and(self.active, chosen))

    def holding(self, condition: Operand) -> Variable:
        """Whether a condition holds for all that count."""
        counts, holds = self.active, condition.variable
        if counts is not None:
            counts = counts if condition.batched else Reduce(logical_or, (0,))(counts)
            holds = logical_or(holds, logical_not(counts))
        return Reduce(logical_and, (0,))(holds) if condition.batched else holds

    def index(self, index: Operand) -> Operand:
        """An index, or 0 where it does not count."""
        if self.active is None:
            return index
        counts = over(self.active, index.variable) if index.batched else Reduce(logical_or, (0,))(self.active)
        return Operand(where(counts, index.variable, 0), index.batched)


# rule(node, operands, the batch) -> the outputs, all with the batch axis; operands where lengths differ along it.
Batch = Callable[[Apply, Sequence[Operand], Lanes], Sequence[Variable | Operand]]


def filled(operand: Operand, length: Size) -> Variable:
    """The operand with the batch axis, along which it is repeated where it did not have one."""
    v = operand.variable
    if operand.lengths is not None:
        problem = "no batching: a length differs from one element of the batch to the next"
        raise MissingRule(explain(problem, [v], "Reduce it, or take equal parts: x[start + arange(length)]."))
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
        raise refusal(node.op)
    return [operand.variable for operand in operands]


def refusal(op: Op) -> MissingRule:
    """The error where arrays would have to be stacked whose lengths differ."""
    return MissingRule(f"no batching for `{op}`: a length differs from one element of the batch to the next")


def longest(lengths: Variable) -> Variable:
    """The length that is enough for all of the batch."""
    return Reduce(maximum, (0,), of_none=True)(lengths)


def same_op(node: Apply, *parameters: Any) -> Op:
    """An op of the node's class with other parameters."""
    build: Any = type(node.op)
    return build(*parameters)


def shifted(axes: Sequence[int]) -> tuple[int, ...]:
    """Axes behind the batch axis."""
    return tuple(axis + 1 for axis in axes)
