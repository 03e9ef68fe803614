"""Reading by index under NumPy's names: x[key], nonzero, take, choose and what counts as them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, DtypeError, IndexingError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import axis_of
from bitale_graph.functions.broadcasting import broadcast_arrays, broadcast_to
from bitale_graph.functions.joining import stack
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reduction import all, any
from bitale_graph.functions.reshaping import ravel
from bitale_graph.functions.selection import selection_of
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Check
from bitale_graph.ops.indexing import Gather, Nonzero
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size
from bitale_graph.variable import Apply, Variable

MODES = ("raise", "wrap", "clip")


def getitem(x: Any, key: Any) -> Variable:
    """x[key] as NumPy reads it: integers, slices, ..., None, integer arrays and boolean masks, variables among them.

    An integer or slice bound may be an integer scalar variable. The lengths that a mask selects are known when the
    function runs. Raises IndexingError: now where indices and lengths are known, else when the function runs.
    The result remembers what it reads, for x[key].set(y).
    """
    x = as_variable(x)
    result = selection_of(x, key).read(x)
    if result is x:
        result = row.identity(x)
    result.read = (x, key)
    return result


def nonzero(x: Any) -> tuple[Variable, ...]:
    """The indices of the elements that are not 0, one int64 vector per axis, in row-major order.

    Raises ShapeError for a scalar, which has no axis.
    """
    x = as_variable(x)
    if not x.ndim:
        raise ShapeError(explain("nonzero: a scalar has no indices", [x], "Use atleast_1d(x)."))
    return Apply(Nonzero(), (cast(x, "bool"),)).outputs


def flatnonzero(x: Any) -> Variable:
    """The indices of the elements of ravel(x) that are not 0."""
    return nonzero(ravel(as_variable(x)))[0]


def argwhere(x: Any) -> Variable:
    """The indices of the elements that are not 0, one row per element."""
    return stack(nonzero(x), axis=1)


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Variable:
    """The elements (along `axis`) at integer `indices`, whose axes replace that axis; None takes from ravel(x).

    An index out of range is an error for mode "raise", counts modulo the length for "wrap", and becomes the nearest
    valid one for "clip" (a negative one becomes 0).
    """
    x = as_variable(x)
    if axis is None:
        x, axis = ravel(x), 0
    axis = axis_of("take", axis, x)
    indices = within("take", as_indices("take", indices), shape_of(x)[axis], mode)
    return selection_of(x, (*[slice(None)] * axis, indices)).read(x)


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Variable:
    """The elements x[..., indices[..., i, ...], ...]: `indices` has the rank of x, lengths statically 1 stretch.

    None takes from ravel(x) with a vector of indices.
    """
    x, indices, axis = along_axis("take_along_axis", x, indices, axis)
    return Gather(tuple(range(x.ndim)))(x, *coordinates(x, indices, axis))


def coordinates(x: Variable, indices: Variable, axis: int) -> list[Variable]:
    """Index arrays for all axes of x: `indices` for `axis`, for the others their own running numbers."""
    return [
        indices if k == axis else expand_dims(iota(n), [other for other in range(x.ndim) if other != k])
        for k, n in enumerate(shape_of(x))
    ]


def along_axis(what: str, x: Any, indices: Any, axis: int | None) -> tuple[Variable, Variable, int]:
    """x, the indices and the axis of a function that reads or writes along an axis; x is raveled for None."""
    x, indices = as_variable(x), as_indices(what, indices)
    if axis is None:
        x, axis = ravel(x), 0
    if x.ndim != indices.ndim:
        raise ShapeError(explain(f"{what}: indices of {indices.ndim} axes for an array of {x.ndim}", [x, indices]))
    return x, indices, axis_of(what, axis, x)


def choose(a: Any, choices: Sequence[Any], mode: str = "raise") -> Variable:
    """Element by element the one of `choices` that the integer `a` names; all arrays are stretched to one shape."""
    index, *options = broadcast_arrays(as_indices("choose", a), *choices)
    index = within("choose", index, len(options), mode)
    if mode == "raise":
        message = f"choose: an index is not from 0 to {len(options) - 1}"
        fine = row.logical_and(row.greater_equal(index, 0), row.less(index, len(options)))
        index = Check(explain(message, [index]), IndexingError)(index, all(fine))
    return squeeze(take_along_axis(stack(options), expand_dims(index, 0), 0), 0)


def compress(condition: Any, x: Any, axis: int | None = None) -> Variable:
    """The slices along `axis` (elements of ravel(x) when None) for which the vector `condition` is true."""
    condition = as_variable(condition)
    if condition.ndim != 1:
        raise ShapeError(explain(f"compress: the condition must be a vector, not {condition.type}", [condition]))
    return take(x, nonzero(condition)[0], axis)


def extract(condition: Any, x: Any) -> Variable:
    """The elements of ravel(x) for which ravel(condition) is true."""
    return compress(ravel(as_variable(condition)), x)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Variable:
    """Element by element the choice whose condition is the first that holds, else `default`."""
    conditions = [as_variable(each) for each in condlist]
    if len(conditions) != len(choicelist) or not conditions:
        raise ArgumentError(f"select: {len(conditions)} conditions given for {len(choicelist)} choices")
    for condition in conditions:
        if condition.dtype != "bool":
            raise DtypeError(explain(f"select: a condition must be boolean, not {condition.dtype}", [condition]))
    result = default
    for condition, choice in reversed(list(zip(conditions, choicelist, strict=True))):
        result = row.where(condition, choice, result)
    return result


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any]) -> Variable:
    """Element by element the function (or number) whose condition is the last that holds, in the dtype of x.

    One function more than conditions is for where none holds; that is 0 otherwise. Functions get all of x.
    """
    x = as_variable(x)
    conditions = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    conditions = [cast(as_variable(each), "bool") for each in conditions]
    if len(funclist) - len(conditions) not in (0, 1):
        raise ArgumentError(explain(f"piecewise: {len(funclist)} functions for {len(conditions)} conditions", [x]))
    values = [cast(f(x) if callable(f) else f, x.dtype) for f in funclist]
    result = values[-1] if len(values) > len(conditions) else cast(0, x.dtype)
    for condition, value in zip(conditions, values, strict=False):
        result = row.where(condition, value, result)
    return broadcast_to(result, shape_of(x)) if result.ndim < x.ndim else result


def isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False) -> Variable:
    """Element by element whether it is among `test_elements` (whether it is not if `invert`).

    Each is compared with all of them: the work is the product of both sizes.
    """
    x = as_variable(element)
    found = any(row.equal(expand_dims(x, x.ndim), ravel(as_variable(test_elements))), axis=-1)
    return row.logical_not(found) if invert else found


def as_indices(what: str, indices: Any) -> Variable:
    """Integers as an int64 array. Raises DtypeError for what is not."""
    variable = as_variable(indices)
    if variable.dtype not in ("bool", *INTEGERS) and 0 not in variable.type.shape:
        raise DtypeError(explain(f"{what}: indices must be integers, not {variable.dtype}", [variable]))
    return cast(variable, "int64")


def within(what: str, indices: Variable, length: Size, mode: str) -> Variable:
    """Indices made valid for an axis of `length` by `mode`; "raise" leaves them to the check of the read."""
    if mode not in MODES:
        raise ArgumentError(f"{what}: the mode must be one of {', '.join(MODES)}, not {mode!r}")
    if mode == "wrap":
        return row.remainder(indices, length)
    return indices if mode == "raise" else row.clip(indices, 0, length - 1)
