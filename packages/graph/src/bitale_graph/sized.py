"""Variables made to have given lengths, known or not."""

from __future__ import annotations

from bitale_graph.functions.arguments import static_lengths, unknown_lengths
from bitale_graph.functions.broadcasting import specify_shape
from bitale_graph.ops.movement import Broadcast, ExpandDims
from bitale_graph.sizes import Sizes
from bitale_graph.types import TensorType
from bitale_graph.variable import Op, Variable


def sized(op: type[Op], *sizes: Sizes) -> Op:
    """The op whose parameters are `sizes`, None for those that are not known (its extra inputs)."""
    return op(*map(static_lengths, sizes))


def broadcast(x: Variable, sizes: Sizes) -> Variable:
    """x stretched to the lengths `sizes`, new axes in front."""
    if x.ndim < len(sizes):
        x = ExpandDims(tuple(range(len(sizes) - x.ndim)))(x)
    return sized(Broadcast, sizes)(x, *unknown_lengths(sizes)) if sizes else x


def fitted(v: Variable, wanted: TensorType) -> Variable:
    """v, whose lengths are those of the type, also where that is not seen."""
    return v if wanted.accepts(v.type) else specify_shape(v, wanted.shape)
