"""Arithmetic with indices: flat and many-dimensional numbers of elements, one-hot vectors, permutations, counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions import reduction
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size, as_sizes
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.creation import zeros
from bitale_graph.functions.indexing import as_indices, within
from bitale_graph.functions.inputs import or_default
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims
from bitale_graph.functions.ranges import iota
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Check
from bitale_graph.ops.indexing import Scatter
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_multiply, size_product, size_variable
from bitale_graph.variable import Variable


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Variable, ...]:
    """The index along each axis of the elements that stand at `indices` in a raveled array of `shape`.

    `order` "C" counts the last axis fastest, "F" the first. Raises ArgumentError, when the function runs, for an
    index out of range.
    """
    sizes = as_sizes("unravel_index", shape)
    rest = _checked("unravel_index", as_indices("unravel_index", indices), size_product(sizes))
    found = []
    for n in _fastest_first("unravel_index", sizes, order):
        found.append(row.remainder(rest, n))
        rest = row.floor_divide(rest, n)
    return tuple(reversed(found)) if order == "C" else tuple(found)


def ravel_multi_index(multi_index: Sequence[Any], dims: Any, mode: Any = "raise", order: str = "C") -> Variable:
    """Where the elements with these indices along each axis stand in a raveled array of shape `dims`.

    `mode` (one, or one per axis) says what an index out of range is: an error when the function runs ("raise"),
    counted modulo the length ("wrap"), or replaced by the nearest valid one ("clip").
    """
    what, sizes = "ravel_multi_index", as_sizes("ravel_multi_index", dims)
    modes = [mode] * len(sizes) if isinstance(mode, str) else list(mode)
    if not len(multi_index) == len(sizes) == len(modes):
        raise ArgumentError(f"{what}: {len(multi_index)} indices and {len(modes)} modes given for {len(sizes)} axes")
    axes = []
    for index, n, each in zip(multi_index, sizes, modes, strict=True):
        valid = within(what, as_indices(what, index), n, each)
        axes.append((_checked(what, valid, n) if each == "raise" else valid, n))
    position: Any = 0
    stride: Size = 1
    for index, n in _fastest_first(what, axes, order):
        position = index * stride + position
        stride = size_multiply(stride, n)
    return as_variable(position)


def _fastest_first(what: str, axes: Sequence[Any], order: str) -> list[Any]:
    if order not in ("C", "F"):
        raise ArgumentError(f"{what}: the order must be 'C' or 'F', not {order!r}")
    return list(reversed(axes)) if order == "C" else list(axes)


def _checked(what: str, indices: Variable, length: Size) -> Variable:
    """Indices, when all are from 0 to `length` - 1."""
    fine = reduction.all(row.logical_and(row.greater_equal(indices, 0), row.less(indices, length)))
    return Check(f"{what}: an index of {indices!r} is not from 0 to {length} - 1")(indices, fine)


def one_hot(indices: Any, length: Any, dtype: object = None) -> Variable:
    """A new last axis of `length` with 1 at the index and 0 elsewhere; all 0 for an index out of range."""
    numbers = expand_dims(as_indices("one_hot", indices), -1)
    places = iota(as_size("one_hot", length))
    return cast(row.equal(numbers, places), or_default(dtype))


def inverse_permutation(permutation: Any) -> Variable:
    """The vector p with p[permutation[i]] = i."""
    vector = as_indices("inverse_permutation", permutation)
    if vector.ndim != 1:
        raise ShapeError(explain(f"inverse_permutation: a vector is wanted, not {vector.type}", [vector]))
    numbers = iota(shape_of(vector)[0])
    return Scatter((0,), None)(numbers, numbers, vector)


def bincount(x: Any, weights: Any = None, minlength: Any = 0) -> Variable:
    """How often each number from 0 to max(x) occurs in the vector x, or the sum of its `weights` in float64.

    The result has at least `minlength` elements; its length is known when the function runs. Raises ArgumentError,
    when the function runs, for negative numbers.
    """
    x = as_indices("bincount", x)
    if x.ndim != 1:
        raise ShapeError(explain(f"bincount: a vector is wanted, not {x.type}", [x]))
    fine = reduction.all(row.greater_equal(x, 0))
    x = Check(f"bincount: a number of {x!r} is negative")(x, fine)
    last = expand_dims(size_variable(as_size("bincount", minlength)) - 1, 0)
    length = reduction.max(concatenate([x, last])) + 1
    amounts = as_variable(np.asarray(1)) if weights is None else cast(as_variable(weights), "float64")
    return Scatter((0,), row.add)(zeros((length,), amounts.dtype), broadcast_to(amounts, shape_of(x)), x)
