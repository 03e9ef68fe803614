"""Batching of contractions: one label more."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand
from bitale_graph.functions.contraction import contract
from bitale_graph.ops.contraction import Contract
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")
LABEL = "*"  # which no contraction uses


@BATCHING.register(Contract)
def _contract(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    op, (left, right) = node.op, operands
    return [
        contract(
            left.variable,
            right.variable,
            LABEL * left.batched + op.left,
            LABEL * right.batched + op.right,
            LABEL + op.result,
        )
    ]
