"""Batching of Fourier transforms, which leave all axes but the last alone."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Batch, Lanes, Operand, filled, plain
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")


@BATCHING.register(Fft, Rfft, Irfft)
def _along_last_axis(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    x, *lengths = operands
    return [node.op(filled(x, lanes.length), *plain(node, lengths))]
