"""From what users write to what ops want: values become variables, dtypes are promoted, ranks aligned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bitale_graph.arrays import as_array
from bitale_graph.dtypes import INTEGERS, as_dtype, convert, is_masked, is_weak, kind
from bitale_graph.errors import BitaleError, BoundsError, DtypeError, explain
from bitale_graph.ops.elementwise import CASTS, COMPARISONS, Elementwise, Function
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.variable import Constant, Op, Variable


def as_variable(value: Any, dtype: object = None) -> Variable:
    """`value` as a variable: itself if it is one, else a Constant of the array NumPy makes of it.

    A sequence that holds variables is stacked. `dtype` casts. Raises DtypeError for what is no array.
    """
    if isinstance(value, Variable):
        return value if dtype is None else cast(value, dtype)
    convert = getattr(value, "__bitale_variable__", None)
    if convert is not None:
        return as_variable(convert(), dtype)
    if isinstance(value, (list, tuple)) and _holds_variable(value):
        from bitale_graph.functions.joining import stack

        return as_variable(stack([as_variable(v) for v in value]), dtype)
    if is_masked(value):
        raise DtypeError("cannot use a masked array with elements missing; fill them in: value.filled(0)")
    try:
        array = as_array(value, None if dtype is None else as_dtype(dtype))
    except (TypeError, ValueError, RuntimeError) as error:
        raise DtypeError(f"cannot make an array of {value!r}: {error}") from None
    if array.dtype.hasobject or kind(array.dtype) not in "biufc":
        raise DtypeError(f"cannot use {value!r} (a {type(value).__name__}, dtype {array.dtype}) as an array")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    as_dtype(array.dtype)
    return Constant(array)


def _holds_variable(values: Sequence[Any]) -> bool:
    return any(
        isinstance(v, Variable)
        or hasattr(v, "__bitale_variable__")
        or (isinstance(v, (list, tuple)) and _holds_variable(v))
        for v in values
    )


def cast(x: Any, dtype: object) -> Variable:
    """x converted to `dtype` as NumPy's astype converts; complex to real drops the imaginary part."""
    name = as_dtype(dtype)
    if is_weak(x):
        return Constant(convert(np.asarray(x), name))
    x = as_variable(x)
    if x.dtype == name:
        return x
    if isinstance(x, Constant) and x.ndim == 0:
        return Constant(convert(x.data, name), x.name, x.origin)
    return Elementwise(CASTS[name])(x)


def apply(op: Op, *inputs: Variable, advice: str = "") -> Variable:
    """Apply an op; when it refuses, the error also names the variables and where they were made."""
    try:
        return op(*inputs)
    except BitaleError as error:
        raise type(error)(explain(str(error), inputs, advice)) from None


def expand_rank(x: Variable, ndim: int) -> Variable:
    """x with axes of length 1 put in front until it has `ndim` axes."""
    return x if x.ndim >= ndim else ExpandDims(tuple(range(ndim - x.ndim)))(x)


def align_ranks(operands: Sequence[Variable]) -> list[Variable]:
    """Operands of one rank, as NumPy broadcasting aligns them (scalars stay scalars)."""
    rank = max(v.ndim for v in operands)
    return [v if v.ndim in (0, rank) else expand_rank(v, rank) for v in operands]


def promote(function: Function, operands: Sequence[Any]) -> list[Variable]:
    """Operands cast to the dtypes `function` computes in; Python scalars adapt to the arrays they meet."""
    values = [v if is_weak(v) else as_variable(v) for v in operands]
    if function in COMPARISONS:
        values = _within_reach(values)
    try:
        wanted, _ = function.resolve(tuple(type(v) if is_weak(v) else v.dtype for v in values))
    except TypeError:
        shown = [v if isinstance(v, Variable) else as_variable(v) for v in values]
        raise DtypeError(
            explain(
                f"{function.name} is not defined for {', '.join(v.dtype for v in shown)}",
                shown,
                "Cast the operands to a dtype it takes.",
            )
        ) from None
    return [_convert(function, v, dtype) for v, dtype in zip(values, wanted, strict=True)]


def _within_reach(values: list[Any]) -> list[Any]:
    """A Python integer that is out of bounds for the integers it is compared with becomes an infinity."""
    others = [v.dtype for v in values if isinstance(v, Variable) and v.dtype in INTEGERS]
    if len(others) != 1:
        return values
    limits = np.iinfo(others[0])
    return [v if type(v) is not int or limits.min <= v <= limits.max else math.copysign(math.inf, v) for v in values]


def _convert(function: Function, value: Any, dtype: str) -> Variable:
    if isinstance(value, Variable):
        return value if value.dtype == dtype else cast(value, dtype)
    return within_bounds(function.name, value, dtype)


def within_bounds(what: str, value: Any, dtype: object) -> Variable:
    """cast(value, dtype). Raises BoundsError for a Python integer that the dtype cannot hold, as NumPy does."""
    name = as_dtype(dtype)
    if type(value) is int and name in INTEGERS:
        limits = np.iinfo(name)
        if not limits.min <= value <= limits.max:
            raise BoundsError(
                f"{what}: the Python integer {value} is out of bounds for {name}; cast the array to a larger dtype"
            )
    return cast(value, name)


def apply_function(function: Function, operands: Sequence[Any]) -> Any:
    """Build `function(*operands)`; an operand with `__bitale_apply__` (a pattern) builds its own kind."""
    for operand in operands:
        build = getattr(operand, "__bitale_apply__", None)
        if build is not None:
            return build(function, operands)
    if len(operands) != function.arity:
        raise TypeError(f"{function.name} takes {function.arity} arguments, {len(operands)} given")
    return apply(
        Elementwise(function),
        *align_ranks(promote(function, operands)),
        advice="An axis stretches only where its length is statically 1: use x[:, None] or broadcast_to.",
    )
