"""Putting arrays together and taking them apart again, under NumPy's names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, expand_rank
from bitale_graph.functions.arguments import as_integer, as_integers, axis_of, to_one_dtype
from bitale_graph.functions.movement import expand_dims, transpose
from bitale_graph.functions.reshaping import atleast_3d, ravel
from bitale_graph.functions.slicing import basic_slice, slice_axis, unstack
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import equal, remainder
from bitale_graph.ops.movement import Concatenate
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_divide, size_minimum, size_multiply, size_remainder, size_where
from bitale_graph.variable import Variable


def concatenate(arrays: Iterable[Any], axis: int | None = 0, dtype: object = None) -> Variable:
    """The arrays one after another along `axis`; None joins them as vectors. They agree in every other length.

    Raises ShapeError where ranks or lengths differ: now where they are known, else when the function runs.
    """
    variables = [as_variable(x) for x in _sequence("concatenate", arrays)]
    if axis is None:
        variables, axis = [ravel(x) for x in variables], 0
    if any(x.ndim == 0 for x in variables):
        raise ShapeError(explain("concatenate: scalars have no axis to be joined along", variables, "Use stack."))
    axis = axis_of("concatenate", axis, variables[0])
    variables = to_one_dtype(variables, dtype)
    return apply(Concatenate(axis), *variables) if len(variables) > 1 else variables[0]


def join(axis: int, *arrays: Any) -> Variable:
    """The same as `concatenate(arrays, axis)`."""
    return concatenate(arrays, axis)


def append(arr: Any, values: Any, axis: int | None = None) -> Variable:
    """The two arrays one after the other along `axis`; raveled when None."""
    return concatenate([as_variable(arr), as_variable(values)], axis)


def stack(arrays: Iterable[Any], axis: int = 0, dtype: object = None) -> Variable:
    """Arrays of one shape side by side along a new axis, which has the position `axis` in the result."""
    variables = [as_variable(x) for x in _sequence("stack", arrays)]
    if len({x.ndim for x in variables}) > 1:
        raise ShapeError(explain("stack: all arrays must have the same shape", variables))
    axis = axis_of("stack", axis, variables[0], extra=1)
    return concatenate([expand_dims(x, axis) for x in variables], axis, dtype)


def vstack(arrays: Iterable[Any]) -> Variable:
    """Rows one below another: joined along axis 0, vectors as rows."""
    return concatenate([expand_rank(as_variable(x), 2) for x in _sequence("vstack", arrays)], 0)


def hstack(arrays: Iterable[Any]) -> Variable:
    """Columns side by side: joined along axis 1, vectors along axis 0."""
    variables = [expand_rank(as_variable(x), 1) for x in _sequence("hstack", arrays)]
    return concatenate(variables, 0 if variables[0].ndim == 1 else 1)


def dstack(arrays: Iterable[Any]) -> Variable:
    """Joined along axis 2; vectors count as 1 × n × 1, matrices as m × n × 1."""
    return concatenate([atleast_3d(x) for x in _sequence("dstack", arrays)], 2)


def column_stack(arrays: Iterable[Any]) -> Variable:
    """Vectors as the columns of a matrix; matrices are joined as they are."""
    variables = [as_variable(x) for x in _sequence("column_stack", arrays)]
    return concatenate([transpose(expand_rank(x, 2)) if x.ndim < 2 else x for x in variables], 1)


def block(arrays: Any) -> Variable:
    """An array of nested lists of blocks: the innermost lists are joined along the last axis, the next along the one
    before, and so on. Raises ArgumentError for lists nested unevenly."""
    depth = _depth(arrays)
    rank = max(depth, max(x.ndim for x in _flat(arrays)))
    return _block(arrays, depth, rank)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(each) for each in arrays}
    if len(depths) != 1:
        raise ArgumentError("block: the lists are empty, or nested to different depths")
    return depths.pop() + 1


def _flat(arrays: Any) -> list[Variable]:
    return [x for each in arrays for x in _flat(each)] if isinstance(arrays, list) else [as_variable(arrays)]


def _block(arrays: Any, depth: int, rank: int) -> Variable:
    if depth == 0:
        return expand_rank(as_variable(arrays), rank)
    return concatenate([_block(each, depth - 1, rank) for each in arrays], -depth)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Variable]:
    """x in equally many parts along `axis` (an int), or cut before each of several indices.

    Raises ShapeError when the length is no multiple of the number of parts: now where it is known, else when the
    function runs.
    """
    return _split("split", x, indices_or_sections, axis, equally=True)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Variable]:
    """As `split`, but the parts may differ by one in length, the longer ones first."""
    return _split("array_split", x, indices_or_sections, axis, equally=False)


def vsplit(x: Any, indices_or_sections: Any) -> list[Variable]:
    """x in parts along axis 0."""
    return split(x, indices_or_sections, 0)


def hsplit(x: Any, indices_or_sections: Any) -> list[Variable]:
    """x in parts along axis 1; a vector along axis 0."""
    x = as_variable(x)
    return split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


def dsplit(x: Any, indices_or_sections: Any) -> list[Variable]:
    """x in parts along axis 2."""
    return split(x, indices_or_sections, 2)


def _split(what: str, x: Any, where_to_cut: Any, axis: int, equally: bool) -> list[Variable]:
    x = as_variable(x)
    axis = axis_of(what, axis, x)
    if isinstance(where_to_cut, Sequence) or getattr(where_to_cut, "ndim", False):
        cuts = [None, *as_integers(what, where_to_cut), None]
        return [slice_axis(x, axis, start, stop) for start, stop in pairwise(cuts)]
    parts = as_integer(what, where_to_cut)
    if not isinstance(parts, int) or parts < 1:
        raise ArgumentError(explain(f"{what}: the number of parts must be an int from 1 on, not {where_to_cut}", [x]))
    return _parts(x, parts, axis, *_portion(what, x, shape_of(x)[axis], parts, equally))


def _portion(what: str, x: Variable, length: Size, parts: int, equally: bool) -> tuple[Size, Size]:
    """The length of a part and the number of parts that are longer by one."""
    portion, rest = size_divide(length, parts), size_remainder(length, parts)
    if not equally or parts == 1:
        return portion, rest
    message = f"{what}: the length must be a multiple of the {parts} parts"
    if isinstance(rest, int) and rest:
        raise ShapeError(explain(f"{message}; it is {length}", [x], "array_split allows unequal parts."))
    if isinstance(portion, Variable):
        portion = Check(explain(message, [x]))(portion, equal(remainder(length, parts), 0))
    return portion, 0


def _parts(x: Variable, parts: int, axis: int, portion: Size, longer: Size) -> list[Variable]:
    bounds: list[Any] = [(0, n, 1) for n in shape_of(x)]
    result = []
    for part in range(parts):
        start = size_add(size_multiply(portion, part), size_minimum(part, longer))
        is_longer = part < longer
        bounds[axis] = (start, size_add(portion, size_where(is_longer, 1, 0)), 1)
        result.append(basic_slice(x, bounds))
    return result


def _sequence(what: str, arrays: Any) -> list[Any]:
    if isinstance(arrays, Variable) and arrays.ndim:
        return list(unstack(arrays))
    result = list(arrays)
    if not result:
        raise ArgumentError(f"{what}: at least one array is wanted")
    return result
