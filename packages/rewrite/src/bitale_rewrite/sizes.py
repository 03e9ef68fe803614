"""Lengths of axes while rewriting: which are surely equal, and stretching to lengths known or not."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.ops.movement import Broadcast, Reshape, Slice
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_value
from bitale_graph.variable import Variable


def same_lengths(x: Variable, whole: Variable) -> bool:
    """Whether each axis of `x` is statically 1 or surely as long as that of `whole` (scalars always are)."""
    if x.ndim == 0 or x is whole:
        return True
    if x.ndim != whole.ndim:
        return False
    unknown = [axis for axis, n in enumerate(x.type.shape) if n is None]
    if not unknown:
        return all(n in (1, m) for n, m in zip(x.type.shape, whole.type.shape, strict=True))
    mine, theirs = shape_of(x), shape_of(whole)
    return all(n == 1 or same_size(n, m) for n, m in zip(mine, theirs, strict=True))


def broadcast_to(x: Variable, sizes: Sequence[int | Variable]) -> Variable:
    """Broadcast with lengths known or not."""
    return Broadcast(static(sizes))(x, *symbolic(sizes))


def reshape_to(x: Variable, sizes: Sequence[int | Variable]) -> Variable:
    """Reshape with lengths known or not."""
    return Reshape(static(sizes))(x, *symbolic(sizes))


def slice_of(
    x: Variable, starts: Sequence[int | Variable], lengths: Sequence[int | Variable], steps: Sequence[int | Variable]
) -> Variable:
    """Slice with bounds known or not."""
    op = Slice(static(starts), static(lengths), static(steps))
    return op(x, *symbolic((*starts, *lengths, *steps)))


def static(sizes: Sequence[int | Variable]) -> tuple[int | None, ...]:
    """The lengths as they stand in an op: None for an unknown one."""
    return tuple(n if isinstance(n, int) else None for n in sizes)


def symbolic(sizes: Sequence[int | Variable]) -> list[Variable]:
    """The unknown lengths, which are inputs of the op."""
    return [n for n in sizes if not isinstance(n, int)]


def unpacked(lengths: Sequence[int | None], unknown: Sequence[Variable]) -> list[int | Variable]:
    """The lengths in an op, each None replaced by the next of `unknown`; constants as numbers."""
    rest = iter(unknown)
    return [size_value(next(rest)) if n is None else n for n in lengths]
