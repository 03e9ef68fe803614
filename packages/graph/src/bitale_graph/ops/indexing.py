"""Indexing by arrays: Gather reads, Scatter writes, Nonzero finds. Slices are movement ops."""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import DtypeError, ShapeError
from bitale_graph.ops.elementwise import Function, joint_length
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op


@dataclass(frozen=True)
class Gather(Op):
    """result[b..., r...] = x[indices[k][b...] at axes[k], r... at the other axes].

    Inputs: x, one int64 array per axis in `axes` (all of one rank; lengths statically 1 stretch). A negative index
    counts from the end; one out of range is an IndexingError when the function runs.
    """

    axes: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, *indices = inputs
        batch = _batch_shape(self, indices)
        rest = tuple(n for axis, n in enumerate(x.shape) if axis not in self.axes)
        return (x.with_shape(batch + rest),)


@dataclass(frozen=True)
class Scatter(Op):
    """x with `updates` written at the places that Gather would read, combined with what is there by `function`
    (None: replaced, the last of several wins; add, multiply, maximum, minimum: duplicates accumulate).

    Inputs: x, updates (of the type Gather would give), one int64 array per axis in `axes`.
    """

    axes: tuple[int, ...]
    function: Function | None

    @property
    def name(self) -> str:
        return "scatter" if self.function is None else f"scatter_{self.function.name}"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        x, updates, *indices = inputs
        place = Gather(self.axes).infer(x, *indices)[0]
        if updates.dtype != x.dtype or updates.ndim != place.ndim:
            raise ShapeError(f"{self.name}: cannot write {updates} where {place} is wanted")
        for axis, (n, m) in enumerate(zip(updates.shape, place.shape, strict=True)):
            if n is not None and m is not None and n != m:
                raise ShapeError(f"{self.name}: axis {axis} of the updates has length {n}, the places {m}")
        return (x,)


@dataclass(frozen=True)
class Nonzero(Op):
    """The indices of the true elements of a boolean array, one int64 vector per axis, in row-major order.

    How many there are is known only when the function runs.
    """

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if inputs[0].dtype != "bool":
            raise DtypeError(f"nonzero wants a boolean array, not {inputs[0]}; compare with 0 first")
        return tuple(tensor_type("int64", (None,)) for _ in inputs[0].shape)


def _batch_shape(op: Op, indices: list[TensorType]) -> tuple[int | None, ...]:
    for index in indices:
        if index.dtype not in INTEGERS:
            raise DtypeError(f"{op.name}: indices must be integers, not {index.dtype}")
    if len({index.ndim for index in indices}) != 1:
        raise ShapeError(f"{op.name}: index arrays of ranks {[i.ndim for i in indices]}; expand them to one rank")
    lengths = zip(*[index.shape for index in indices], strict=True)
    return tuple(joint_length(op.name, axis, ns) for axis, ns in enumerate(lengths))
