"""Batching of elementwise functions: operands without the batch axis stretch along it."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, expanded
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Elementwise)
def _elementwise(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    rank = node.outputs[0].ndim
    return [node.op(*(_aligned(operand, x.ndim, rank) for operand, x in zip(operands, node.inputs, strict=True)))]


def _aligned(operand: Operand, own_rank: int, rank: int) -> Variable:
    if own_rank:
        return expanded(operand)
    if operand.batched and rank:  # a scalar that differs along the batch
        return ExpandDims(tuple(range(1, rank + 1)))(operand.variable)
    return operand.variable
