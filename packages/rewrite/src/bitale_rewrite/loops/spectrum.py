"""Transforms of real numbers that were made complex: half of the work, and the rest by symmetry."""

from __future__ import annotations

from bitale_graph.dtypes import COMPLEX, real_dtype
from bitale_graph.functions.apply import cast
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.slicing import Bound, basic_slice
from bitale_graph.ops.elementwise import CASTS, Elementwise, conjugate
from bitale_graph.ops.fft import Rfft
from bitale_graph.ops.movement import Transpose
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_subtract
from bitale_graph.variable import Apply, Op, Variable

MADE_COMPLEX = [Elementwise(CASTS[dtype]) for dtype in COMPLEX]


def transform_of_real(node: Apply, inputs: tuple[Variable, ...]) -> Variable:
    """Element n - k of the transform of real numbers is the conjugate of element k."""
    x = _real_source(inputs[0])
    if x is None:
        return node.op(*inputs)
    half = Rfft()(cast(x, real_dtype(node.outputs[0].dtype)))
    *beside, h = shape_of(half)
    rest = size_subtract(shape_of(x)[-1], h)
    bounds: list[Bound] = [*((0, n, 1) for n in beside), (rest, rest, -1)]
    whole = concatenate([half, conjugate(basic_slice(half, bounds))], -1)
    return conjugate(whole) if node.op.inverse else whole


def _real_source(z: Variable) -> Variable | None:
    """The real numbers that z is, if it can be seen that it is real."""
    moves: list[Op] = []
    while z.owner is not None and isinstance(z.owner.op, Transpose):
        moves.append(z.owner.op)
        z = z.owner.inputs[0]
    if z.owner is None or z.owner.op not in MADE_COMPLEX or z.owner.inputs[0].dtype in COMPLEX:
        return None
    x = z.owner.inputs[0]
    for move in reversed(moves):
        x = move(x)
    return x
