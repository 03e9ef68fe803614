"""The meaning of each movement op: the NumPy function or view that does the same."""

from __future__ import annotations

import numpy as np

from bitale_graph.errors import IndexingError, ShapeError
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    Dimension,
    ExpandDims,
    Iota,
    Lengths,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

MOVEMENT: RuleTable[Rule] = RuleTable("NumPy reference")


@MOVEMENT.register(ExpandDims)
def _expand_dims(op: ExpandDims, x: np.ndarray) -> np.ndarray:
    return np.expand_dims(x, op.axes)


@MOVEMENT.register(Squeeze)
def _squeeze(op: Squeeze, x: np.ndarray) -> np.ndarray:
    return np.squeeze(x, op.axes)


@MOVEMENT.register(Broadcast)
def _broadcast(op: Broadcast, x: np.ndarray, *unknown: np.ndarray) -> np.ndarray:
    return np.broadcast_to(x, _filled(op.shape, unknown))


@MOVEMENT.register(Reshape)
def _reshape(op: Reshape, x: np.ndarray, *unknown: np.ndarray) -> np.ndarray:
    shape = _filled(op.shape, unknown)
    if min(shape, default=0) < 0:
        raise ShapeError(f"reshape: a length is negative in {shape}")
    return np.reshape(x, shape)


@MOVEMENT.register(Transpose)
def _transpose(op: Transpose, x: np.ndarray) -> np.ndarray:
    return np.transpose(x, op.axes)


@MOVEMENT.register(Slice)
def _slice(op: Slice, x: np.ndarray, *unknown: np.ndarray) -> np.ndarray:
    return x[_slices(op, x.shape, unknown)]


@MOVEMENT.register(SetSlice)
def _set_slice(op: SetSlice, x: np.ndarray, y: np.ndarray, *unknown: np.ndarray) -> np.ndarray:
    place = _slices(op, x.shape, unknown)
    if x[place].shape != y.shape:
        raise ShapeError(f"set_slice: {y.shape} cannot be written where {x[place].shape} is wanted")
    result = x.copy()
    result[place] = y
    return result


@MOVEMENT.register(Pad)
def _pad(op: Pad, x: np.ndarray, value: np.ndarray, *unknown: np.ndarray) -> np.ndarray:
    widths = _filled((*op.before, *op.after), unknown)
    pairs = list(zip(widths[: x.ndim], widths[x.ndim :], strict=True))
    return np.pad(x, pairs, constant_values=value) if pairs else x


@MOVEMENT.register(Concatenate)
def _concatenate(op: Concatenate, *operands: np.ndarray) -> np.ndarray:
    return np.concatenate(operands, op.axis)


@MOVEMENT.register(Diagonal)
def _diagonal(op: Diagonal, x: np.ndarray) -> np.ndarray:
    return np.diagonal(x, op.offset, op.axis1, op.axis2)


@MOVEMENT.register(Iota)
def _iota(op: Iota, *unknown: np.ndarray) -> np.ndarray:
    (length,) = _filled((op.length,), unknown)
    if length < 0:
        raise ShapeError(f"iota: a length is {length}, and none can be negative")
    return np.arange(length, dtype="int64")


@MOVEMENT.register(Dimension)
def _dimension(op: Dimension, x: np.ndarray) -> np.ndarray:
    return np.asarray(x.shape[op.axis], "int64")


def _filled(lengths: Lengths, unknown: tuple[np.ndarray, ...]) -> tuple[int, ...]:
    """`lengths` with each None replaced by the next of `unknown`."""
    values = iter(unknown)
    return tuple(int(next(values)) if n is None else n for n in lengths)


def _slices(op: Slice | SetSlice, shape: tuple[int, ...], unknown: tuple[np.ndarray, ...]) -> tuple[slice, ...]:
    bounds = _filled((*op.starts, *op.lengths, *op.steps), unknown)
    rank = len(shape)
    return tuple(
        _python_slice(op.name, n, *bound)
        for n, *bound in zip(shape, bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :], strict=True)
    )


def _python_slice(what: str, n: int, start: int, length: int, step: int) -> slice:
    if length == 0:
        return slice(0, 0)
    last = start + (length - 1) * step
    if step == 0 or length < 0 or not (0 <= start < n and 0 <= last < n):
        raise IndexingError(f"{what}: {length} elements from {start} by {step} are not within an axis of length {n}")
    stop = last + (1 if step > 0 else -1)
    return slice(start, stop if stop >= 0 else None, step)
