"""Arguments as NumPy's functions take them, in the form ops want: axes, lengths, dtypes."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS, as_dtype, result_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.axes import normalize_axis
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import not_equal
from bitale_graph.ops.movement import Lengths, Slice, Squeeze
from bitale_graph.sizes import Size, Sizes
from bitale_graph.variable import Constant, Op, Variable


def axis_of(what: str, axis: Any, x: Variable, extra: int = 0) -> int:
    """The axis of x (or of x with `extra` axes more) that `axis` names. Raises ArgumentError, which names x."""
    try:
        return normalize_axis(axis, x.ndim + extra, what)
    except ArgumentError as error:
        raise ArgumentError(explain(str(error), [x])) from None


def axes_of(what: str, axes: Any, x: Variable, extra: int = 0) -> tuple[int, ...]:
    """The axes of x that one axis or a sequence of axes names, in the given order and all different."""
    sequence = tuple(axes) if isinstance(axes, Iterable) else (axes,)
    result = tuple(axis_of(what, axis, x, extra) for axis in sequence)
    if len(set(result)) != len(result):
        raise ArgumentError(explain(f"{what}: an axis stands twice in {sequence}", [x]))
    return result


def as_integer(what: str, value: Any) -> Size:
    """An int, or an int64 scalar variable. Raises DtypeError for what is no integer scalar."""
    if isinstance(value, int):
        return int(value)
    if not isinstance(value, Variable):
        try:
            return operator.index(value)
        except TypeError:
            value = as_variable(value)
    if value.ndim or value.dtype not in INTEGERS:
        raise DtypeError(explain(f"{what}: an integer is wanted, not {value.type}", [value]))
    return int(value.data) if isinstance(value, Constant) else cast(value, "int64")


def as_size(what: str, value: Any) -> Size:
    """A length: an int, or an int64 scalar variable. Raises ShapeError for a negative one."""
    size = as_integer(what, value)
    if isinstance(size, int) and size < 0:
        raise ShapeError(f"{what}: a length cannot be negative: {size}")
    return size


def as_integers(what: str, values: Any) -> Sizes:
    """A tuple of integers from one integer, a sequence of them, or a vector (a variable's length must be known)."""
    if isinstance(values, Variable) and values.ndim == 1:
        return _elements(what, values)
    if isinstance(values, Sequence) or (isinstance(values, np.ndarray) and values.ndim):
        return tuple(as_integer(what, value) for value in values)
    return (as_integer(what, values),)


def as_sizes(what: str, shape: Any) -> Sizes:
    """A shape: lengths as `as_size` gives them, from one length, a sequence of them, or a vector."""
    return tuple(as_size(what, n) for n in as_integers(what, shape))


def checked_step(what: str, step: Size) -> Size:
    """A step that is not 0. Raises ArgumentError for one that is: now where it is known, else at run time."""
    message = f"{what}: the step cannot be 0"
    if isinstance(step, Constant):
        return step
    if isinstance(step, Variable):
        return Check(message)(step, not_equal(step, 0))
    if step == 0:
        raise ArgumentError(message)
    return step


def _elements(what: str, vector: Variable) -> Sizes:
    (length,) = vector.type.shape
    if length is None:
        raise ShapeError(explain(f"{what}: how many lengths this vector holds must be known", [vector],
                                 "Give a tuple, or use specify_shape(vector, (rank,))."))
    if isinstance(vector, Constant):
        return tuple(as_integer(what, n) for n in vector.data)
    return tuple(as_integer(what, Squeeze((0,))(Slice((i,), (1,), (1,))(vector))) for i in range(length))


def static_lengths(sizes: Sizes) -> Lengths:
    """Sizes as an op's parameter: what is not known is None."""
    return tuple(n if isinstance(n, int) else None for n in sizes)


def unknown_lengths(sizes: Sizes) -> list[Variable]:
    """Sizes that are not known: the extra inputs of the op."""
    return [n for n in sizes if isinstance(n, Variable)]


def apply_sized(op: type[Op], x: Variable, sizes: Sizes, advice: str = "") -> Variable:
    """Apply `op(shape)` to x and the unknown lengths."""
    return apply(op(static_lengths(sizes)), x, *unknown_lengths(sizes), advice=advice)  # type: ignore[call-arg]


def to_one_dtype(operands: Sequence[Variable], dtype: object = None) -> list[Variable]:
    """Operands cast to `dtype`, or else to the dtype NumPy gives them together."""
    wanted = result_type(*[v.dtype for v in operands]) if dtype is None else as_dtype(dtype)
    return [cast(v, wanted) for v in operands]
