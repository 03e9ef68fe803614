"""Pushforward of linear ops: the op itself, applied to the tangents."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.rules.tables import Pushforward, Tangents
from bitale_autodiff.shaping import zeros_like
from bitale_graph.dtypes import is_differentiable
from bitale_graph.ops.elementwise import add
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    ExpandDims,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Op, Variable

PUSHFORWARDS: RuleTable[Pushforward] = RuleTable("pushforward")


def is_linear(op: Op) -> bool:
    """Whether an op of a class in this table is linear in all its floating inputs together."""
    return getattr(op, "function", None) in (None, add)


@PUSHFORWARDS.register(
    Broadcast, Concatenate, Diagonal, ExpandDims, Pad, Reshape, SetSlice, Slice, Squeeze, Transpose,
    Gather, Scatter, Reduce, Cumulate, Fft, Rfft, Irfft,
)  # fmt: skip
def _linear(node: Apply, tangents: Sequence[Variable | None]) -> Tangents | None:
    """Inputs without a tangent have the tangent 0; integers (sizes, indices) stay what they are."""
    if not is_linear(node.op):
        return None
    inputs = [
        x if not is_differentiable(x.dtype) else zeros_like(x) if t is None else t
        for x, t in zip(node.inputs, tangents, strict=True)
    ]
    return [node.op(*inputs)]
