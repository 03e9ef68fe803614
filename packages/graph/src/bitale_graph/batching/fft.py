"""Batching of the transform that takes a length; the others are routines like all (see routines.py)."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, filled, plain
from bitale_graph.ops.fft import Irfft
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Irfft)
def _irfft(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    x, *lengths = operands
    return [node.op(filled(x, lanes.length), *plain(node, lengths))]
