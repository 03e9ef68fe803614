"""Pullbacks of Fourier transforms: their matrices are symmetric, so that their adjoints are transforms again."""

from __future__ import annotations

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_graph.functions.apply import expand_rank
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.elementwise import equal, logical_or, where
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


@PULLBACKS.register(Fft)
def _fft(node: Apply, g: Variable) -> Contributions:
    """The adjoint has the conjugates of the roots of unity: it is the transform in the other direction."""
    return [node.op.reverse(g)]


@PULLBACKS.register(Rfft)
def _rfft(node: Apply, g: Variable) -> Contributions:
    """Irfft counts elements inside twice, for their conjugates; here these were not given."""
    n = shape_of(node.inputs[0])[-1]
    return [Irfft(n if isinstance(n, int) else None)(_inside(g, n, 0.5), *unknown_lengths((n,)))]


@PULLBACKS.register(Irfft)
def _irfft(node: Apply, g: Variable) -> Contributions:
    n = shape_of(node.outputs[0])[-1]
    return [_inside(Rfft()(g), n, 2.0), *[None] * (len(node.inputs) - 1)]


def _inside(z: Variable, n: Size, factor: float) -> Variable:
    """z times a factor but where an element is its own partner: at 0, and at n / 2."""
    k = iota(shape_of(z)[-1])
    own = expand_rank(logical_or(equal(k, 0), equal(2 * k, n)), z.ndim)
    return where(own, z, z * factor)
