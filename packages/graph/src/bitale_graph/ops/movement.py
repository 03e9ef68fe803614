"""Movement ops: they change where elements are, never what they are. In generated code they become index arithmetic.

A length or bound that is not known statically is `None` in the op and an extra int64 scalar input, in the order
in which the `None`s stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from bitale_graph.errors import ArgumentError, ShapeError
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op

Lengths = tuple["int | None", ...]


@dataclass(frozen=True)
class ExpandDims(Op):
    """Insert axes of length 1; `axes` are sorted positions in the result."""

    axes: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        lengths = iter(inputs[0].shape)
        rank = inputs[0].ndim + len(self.axes)
        return (inputs[0].with_shape(tuple(1 if axis in self.axes else next(lengths) for axis in range(rank))),)


@dataclass(frozen=True)
class Squeeze(Op):
    """Drop `axes`, whose lengths must be 1 (checked when the function runs where they are unknown)."""

    axes: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        for axis in self.axes:
            if inputs[0].shape[axis] not in (1, None):
                raise ShapeError(f"squeeze: axis {axis} of {inputs[0]} has length {inputs[0].shape[axis]}, not 1")
        return (inputs[0].with_shape(tuple(n for axis, n in enumerate(inputs[0].shape) if axis not in self.axes)),)


@dataclass(frozen=True)
class Broadcast(Op):
    """Stretch axes of length statically 1 to `shape`; other axes keep their length. Inputs: x, unknown lengths."""

    shape: Lengths

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        if x.ndim != len(self.shape):
            raise ShapeError(f"broadcast: {x} to rank {len(self.shape)}; expand it first")
        for axis, (old, new) in enumerate(zip(x.shape, self.shape, strict=True)):
            if old is not None and old != 1 and new is not None and old != new:
                raise ShapeError(f"broadcast: axis {axis} of {x} has length {old}; it cannot become {new}")
        _count_lengths(self, self.shape, inputs)
        merged = tuple(new if old in (1, None) else old for old, new in zip(x.shape, self.shape, strict=True))
        return (x.with_shape(merged),)


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements in row-major order under another `shape`. Inputs: x, unknown lengths."""

    shape: Lengths

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        _count_lengths(self, self.shape, inputs)
        if x.is_static and None not in self.shape and prod(x.shape) != prod(self.shape):  # type: ignore[arg-type]
            raise ShapeError(f"reshape: {x} has {prod(x.shape)} elements, {self.shape} {prod(self.shape)}")  # type: ignore[arg-type]
        return (x.with_shape(self.shape),)


@dataclass(frozen=True)
class Transpose(Op):
    """Axis k of the result is axis `axes[k]` of the operand."""

    axes: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        if sorted(self.axes) != list(range(x.ndim)):
            raise ArgumentError(f"transpose: {self.axes} is no permutation of the {x.ndim} axes of {x}")
        return (x.with_shape(tuple(x.shape[axis] for axis in self.axes)),)


@dataclass(frozen=True)
class Slice(Op):
    """Element i of axis k of the result is element `starts[k] + i * steps[k]`, for i below `lengths[k]`.

    Starts and lengths are in range already (clipped as Python's slices are by `functions.indexing`).
    Inputs: x, then per axis its unknown start, unknown length and unknown step.
    """

    starts: Lengths
    lengths: Lengths
    steps: Lengths

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        if x.ndim != len(self.starts):
            raise ShapeError(f"slice: {len(self.starts)} axes given for {x}")
        _count_lengths(self, (*self.starts, *self.lengths, *self.steps), inputs)
        return (x.with_shape(self.lengths),)


@dataclass(frozen=True)
class SetSlice(Op):
    """x with the elements that Slice would read replaced by y. Inputs: x, y, unknown bounds as for Slice."""

    starts: Lengths
    lengths: Lengths
    steps: Lengths

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, y = inputs[:2]
        if x.ndim != len(self.starts) or y.ndim != x.ndim or x.dtype != y.dtype:
            raise ShapeError(f"set_slice: cannot write {y} into {x}")
        _count_lengths(self, (*self.starts, *self.lengths, *self.steps), inputs[1:])
        return (x,)


@dataclass(frozen=True)
class Pad(Op):
    """Surround x with the scalar `value`: `before[k]` and `after[k]` elements on axis k.

    Inputs: x, value, unknown widths.
    """

    before: Lengths
    after: Lengths

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, value = inputs[:2]
        if value.ndim or value.dtype != x.dtype:
            raise ShapeError(f"pad: the value must be a scalar of dtype {x.dtype}, not {value}")
        _count_lengths(self, (*self.before, *self.after), inputs[1:])
        total = zip(x.shape, self.before, self.after, strict=True)
        return (x.with_shape(tuple(None if None in ns else sum(ns) for ns in total)),)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Concatenate(Op):
    """Operands one after another along `axis`; they agree in every other length."""

    axis: int

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        first = inputs[0]
        if any(t.ndim != first.ndim or t.dtype != first.dtype for t in inputs):
            raise ShapeError(f"concatenate: operands differ in rank or dtype: {', '.join(map(str, inputs))}")
        shape: list[int | None] = []
        for axis in range(first.ndim):
            lengths = [t.shape[axis] for t in inputs]
            known = {n for n in lengths if n is not None}
            if axis == self.axis:
                shape.append(None if None in lengths else sum(lengths))  # type: ignore[arg-type]
            elif len(known) > 1:
                raise ShapeError(f"concatenate: lengths {sorted(known)} on axis {axis} differ")
            else:
                shape.append(known.pop() if known else None)
        return (first.with_shape(tuple(shape)),)


@dataclass(frozen=True)
class Diagonal(Op):
    """Elements x[..., i, i + offset] of `axis1` and `axis2`, as the last axis of the result."""

    offset: int
    axis1: int
    axis2: int

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x = inputs[0]
        n, m = x.shape[self.axis1], x.shape[self.axis2]
        rest = tuple(length for axis, length in enumerate(x.shape) if axis not in (self.axis1, self.axis2))
        length = None if n is None or m is None else max(0, min(n + min(self.offset, 0), m - max(self.offset, 0)))
        return (x.with_shape((*rest, length)),)


@dataclass(frozen=True)
class Iota(Op):
    """0, 1, 2, ... `length` - 1 as a vector of int64. Input: the length, if unknown."""

    length: int | None

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (tensor_type("int64", (self.length,)),)


@dataclass(frozen=True)
class Dimension(Op):
    """The length of one axis, as an int64 scalar; the array itself is not computed for it."""

    axis: int

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (tensor_type("int64"),)


def _count_lengths(op: Op, lengths: Lengths, inputs: tuple[TensorType, ...]) -> None:
    unknown = sum(n is None for n in lengths)
    base = len(inputs) - unknown
    if base < 1 or any(t.ndim or t.dtype != "int64" for t in inputs[base:]):
        shown = [str(t) for t in inputs]
        raise ShapeError(f"{op}: every unknown length must be an int64 scalar input; inputs are {shown}")
