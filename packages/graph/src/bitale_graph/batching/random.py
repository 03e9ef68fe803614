"""Batching of random orders: a key each, and one length for all."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, filled, plain
from bitale_graph.ops.random import Permutation
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Permutation)
def _permutation(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    return [node.op(*(filled(word, lanes.length) for word in operands[:2]), *plain(node, operands[2:]))]
