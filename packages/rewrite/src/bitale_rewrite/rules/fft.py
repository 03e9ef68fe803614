"""Fourier transforms that undo each other. One that stays would spread a NaN, or an infinity, to all of its row."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.functions.apply import cast
from bitale_graph.ops.elementwise import Elementwise, multiply
from bitale_graph.ops.fft import Fft, Irfft, Rfft
from bitale_graph.ops.movement import Transpose
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_variable
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.rule import Replacement, Rule, rewrites
from bitale_rewrite.rules.movement import source
from bitale_rewrite.samples import array


def _there_and_back() -> Iterator[Variable]:
    for x in (array(2, 4, dtype="complex128"), array(None, None, dtype="complex128")):
        yield Fft(True)(Fft()(x))
        moved = Transpose((1, 0))(multiply(Fft(True)(x), array(dtype="complex128", name="c")))
        yield Fft()(Transpose((1, 0))(multiply(moved, array(dtype="complex128", name="d"))))


@rewrites(
    Fft, name="transform and back", preserves="domain", having=(Fft, Transpose, multiply), samples=_there_and_back
)
def transform_and_back(node: Apply) -> Replacement:
    """ifft(c fft(x)) -> n c x for n points and a scalar c."""
    factors, z = _stripped(node.inputs[0])
    inner = source(z, Fft)
    if inner is None or inner.op != node.op.reverse:
        return None
    return _times_points(inner.inputs[0], factors)


def _real_there_and_back() -> Iterator[Variable]:
    yield Irfft(4)(Rfft()(array(2, 4)))
    yield Irfft(5)(Rfft()(array(5)))
    x = array(None)
    yield Irfft(None)(Rfft()(x), size_variable(shape_of(x)[0]))


@rewrites(Irfft, name="real transform and back", preserves="domain", having=(Rfft,), samples=_real_there_and_back)
def real_transform_and_back(node: Apply) -> Replacement:
    """irfft(rfft(x), n) -> n x for all n points of x."""
    inner = source(node.inputs[0], Rfft)
    if inner is None or not same_size(shape_of(node.outputs[0])[-1], shape_of(inner.inputs[0])[-1]):
        return None
    return _times_points(inner.inputs[0], [])


def _stripped(z: Variable) -> tuple[list[Variable], Variable]:
    """The scalar factors of z, also among transpositions that end where they began, and the rest."""
    factors: list[Variable] = []
    rest, order = z, list(range(z.ndim))
    while rest.owner is not None:
        op, inputs = rest.owner.op, rest.owner.inputs
        scalars = [v for v in inputs if not v.ndim]
        if isinstance(op, Elementwise) and op.function is multiply and len(scalars) == 1:
            factors += scalars
            (rest,) = (v for v in inputs if v.ndim)
        elif isinstance(op, Transpose):
            order, rest = [op.axes[axis] for axis in order], inputs[0]
        else:
            break
    return factors, rest if order == sorted(order) else z


def _times_points(x: Variable, factors: list[Variable]) -> Variable:
    result = x * cast(size_variable(shape_of(x)[-1]), x.dtype)
    for factor in factors:
        result = result * factor
    return result


FFT: tuple[Rule, ...] = (transform_and_back, real_transform_and_back)
