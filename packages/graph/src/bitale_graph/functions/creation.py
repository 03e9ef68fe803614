"""Arrays filled with one value, whose shapes may hold variables."""

from __future__ import annotations

from typing import Any

from bitale_graph.functions.apply import as_variable, within_bounds
from bitale_graph.functions.arguments import as_sizes
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.inputs import or_default
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Variable


def full(shape: Any, fill_value: Any, dtype: object = None) -> Variable:
    """`fill_value` (a scalar, or an array that stretches to it) in every place of `shape`; its dtype unless given."""
    value = as_variable(fill_value) if dtype is None else within_bounds("full", fill_value, dtype)
    return broadcast_to(value, as_sizes("full", shape))


def zeros(shape: Any, dtype: object = None) -> Variable:
    """Zeros of the default float in a shape, which is one length or a sequence of lengths (ints, integer scalars)."""
    return full(shape, 0, or_default(dtype))


def ones(shape: Any, dtype: object = None) -> Variable:
    """Ones of the default float in a shape, which is one length or a sequence of lengths (ints, integer scalars)."""
    return full(shape, 1, or_default(dtype))


def empty(shape: Any, dtype: object = None) -> Variable:
    """An array whose values do not matter; they are zeros, so that every run gives the same."""
    return zeros(shape, dtype)


def full_like(a: Any, fill_value: Any, dtype: object = None, shape: Any = None) -> Variable:
    """`fill_value` in the shape and dtype of `a` unless others are given. Only the shape of `a` is computed."""
    a = as_variable(a)
    return full(shape_of(a) if shape is None else shape, fill_value, a.dtype if dtype is None else dtype)


def zeros_like(a: Any, dtype: object = None, shape: Any = None) -> Variable:
    """Zeros in the shape and dtype of `a` unless others are given."""
    return full_like(a, 0, dtype, shape)


def ones_like(a: Any, dtype: object = None, shape: Any = None) -> Variable:
    """Ones in the shape and dtype of `a` unless others are given."""
    return full_like(a, 1, dtype, shape)


def empty_like(a: Any, dtype: object = None, shape: Any = None) -> Variable:
    """An array in the shape and dtype of `a` whose values do not matter; they are zeros."""
    return full_like(a, 0, dtype, shape)


def alloc(value: Any, *shape: Any) -> Variable:
    """`value` stretched to the lengths `shape`, given one by one."""
    return broadcast_to(value, shape)


def fill(a: Any, b: Any) -> Variable:
    """b in every place of an array with the shape of `a`; the dtype is that of b."""
    return full_like(a, b, as_variable(b).dtype)
