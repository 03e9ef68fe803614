"""Evenly spaced numbers: arange, linspace and their logarithmic kin."""

from __future__ import annotations

from math import ceil, isfinite
from typing import Any

import numpy as np

from bitale_graph.dtypes import BOOL, COMPLEX, INTEGERS, as_dtype, real_dtype, result_type
from bitale_graph.errors import ArgumentError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_size, checked_step
from bitale_graph.functions.broadcasting import broadcast_arrays
from bitale_graph.functions.movement import expand_dims, moveaxis
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.elementwise import Function
from bitale_graph.ops.movement import Iota
from bitale_graph.sizes import Size, size_add, size_divide, size_maximum, size_subtract, size_value, size_variable
from bitale_graph.variable import Constant, Variable


def iota(length: Size) -> Variable:
    """0, 1, ..., length - 1 as a vector of int64."""
    return Iota(length)() if isinstance(length, int) else Iota(None)(length)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: object = None) -> Variable:
    """start, start + step, ... up to, not including, stop; arange(stop) starts at 0.

    Bounds are Python scalars or scalar variables. The dtype is that of NumPy: the one of int64 and the bounds
    together. Raises ArgumentError for a step that is known to be 0.
    """
    if stop is None:
        start, stop = 0, start
    bounds = [_scalar("arange", bound) for bound in (start, stop, 1 if step is None else step)]
    name = result_type("int64", *[v.dtype for v in bounds]) if dtype is None else as_dtype(dtype)
    first, end, by = (cast(v, "int64") if v.dtype in (*BOOL, *INTEGERS) else v for v in bounds)
    if name == "bool" or any(v.dtype in COMPLEX for v in bounds):
        raise DtypeError(explain("arange: booleans and complex numbers have no order to count in", bounds))
    length = _arange_length(first, end, by)
    # NumPy finds the first two numbers in the wanted dtype and goes on by their difference.
    begin = cast(first, name)
    difference = _folded(row.subtract, cast(_folded(row.add, first, by), name), begin)
    numbers = cast(iota(length), name)
    numbers = numbers if _is_constant(difference, 1) else numbers * difference
    return numbers if _is_constant(begin, 0) else numbers + begin


def _scalar(what: str, value: Any) -> Variable:
    variable = as_variable(value)
    if variable.ndim:
        raise ShapeError(explain(f"{what}: a scalar is wanted, not {variable.type}", [variable]))
    return variable


def _is_constant(x: Variable, value: int) -> bool:
    return isinstance(x, Constant) and bool(x.data == value)


def _folded(function: Function, x: Variable, y: Variable) -> Variable:
    """function(x, y), computed now where both are known."""
    if isinstance(x, Constant) and isinstance(y, Constant):
        return Constant(np.asarray(getattr(np, function.name)(x.data, y.data)))
    return function(x, y)


def _arange_length(start: Variable, stop: Variable, step: Variable) -> Size:
    """max(0, ceil((stop - start) / step)): exact for integers, in float64 else, as NumPy does."""
    by = checked_step("arange", 0 if _is_constant(step, 0) else size_value(step) if step.dtype == "int64" else step)
    if all(v.dtype == "int64" for v in (start, stop, step)):
        return _integer_length(size_value(start), size_value(stop), by)
    if isinstance(start, Constant) and isinstance(stop, Constant) and isinstance(step, Constant):
        length = (stop.data.item() - start.data.item()) / step.data.item()
        if not isfinite(length):
            raise ArgumentError(f"arange: from {start.data} to {stop.data} by {step.data} are {length} numbers")
        return max(0, ceil(length))
    low, high, by = (cast(v, "float64") for v in (start, stop, by))
    return row.maximum(cast(row.ceil((high - low) / by), "int64"), 0)


def _integer_length(start: Size, stop: Size, step: Size) -> Size:
    if isinstance(step, Variable):
        steps = size_subtract(0, size_divide(size_subtract(start, stop), step))
    else:
        distance = size_subtract(stop, start) if step > 0 else size_subtract(start, stop)
        steps = size_divide(size_add(distance, abs(step) - 1), abs(step))
    return size_maximum(steps, 0)


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: object = None,
    axis: int = 0,
) -> Variable | tuple[Variable, Variable]:
    """`num` evenly spaced numbers from start to stop (included if `endpoint`), along a new axis for array bounds.

    `num` may be an integer scalar variable. With `retstep` also the distance of two of them (NaN if there are none).
    Integer results are rounded down.
    """
    points, step = spaced(start, stop, num, endpoint, dtype, axis)
    return (points, step) if retstep else points


def spaced(
    start: Any, stop: Any, num: Any, endpoint: bool = True, dtype: object = None, axis: int = 0
) -> tuple[Variable, Variable]:
    """What linspace gives, and the distance of two numbers."""
    first, last = as_variable(start), as_variable(stop)
    name = result_type(first.dtype, last.dtype, 0.0)
    first, last = broadcast_arrays(cast(first, name), cast(last, name))
    length = as_size("linspace", num)
    gaps = size_subtract(length, 1) if endpoint else length
    divisor = size_variable(size_maximum(gaps, 1))
    step = (last - first) / cast(divisor, real_dtype(name))
    numbers = expand_rank_right(iota(length), first.ndim + 1)
    result = cast(numbers, real_dtype(name)) * expand_dims(step, 0) + expand_dims(first, 0)
    if endpoint:
        result = row.where(row.equal(numbers, divisor), expand_dims(last, 0), result)
    wanted = name if dtype is None else as_dtype(dtype)
    result = cast(row.floor(result) if wanted in INTEGERS else result, wanted)
    return moveaxis(result, 0, axis), row.where(row.equal(divisor, size_variable(gaps)), step, float("nan"))


def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: object = None, axis: int = 0
) -> Variable:
    """base ** linspace(start, stop, num, endpoint)."""
    result = row.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else cast(result, dtype)


def geomspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: object = None, axis: int = 0
) -> Variable:
    """`num` numbers in float64 from start to stop, each the same multiple of the one before; both ends are exact.

    Real bounds of one sign, or complex ones; a bound of 0 gives NaN.
    """
    first, last = as_variable(start), as_variable(stop)
    name = result_type(first.dtype, last.dtype, "float64")
    first, last = broadcast_arrays(cast(first, name), cast(last, name))
    direction = row.sign(first)
    powers = logspace(row.log10(first / direction), row.log10(last / direction), num, endpoint)
    powers = powers * expand_dims(direction, 0)
    length = as_size("geomspace", num)
    numbers = expand_rank_right(iota(length), first.ndim + 1)
    if endpoint:
        powers = row.where(row.equal(numbers, size_subtract(length, 1)), expand_dims(last, 0), powers)
    powers = row.where(row.equal(numbers, 0), expand_dims(first, 0), powers)
    return moveaxis(cast(powers, name if dtype is None else dtype), 0, axis)


def expand_rank_right(x: Variable, ndim: int) -> Variable:
    """x with axes of length 1 at the end until it has `ndim` axes."""
    return expand_dims(x, tuple(range(x.ndim, ndim)))
