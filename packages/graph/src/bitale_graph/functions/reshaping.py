"""The same elements in row-major order under another shape."""

from __future__ import annotations

from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, expand_rank
from bitale_graph.functions.arguments import apply_sized, as_integers
from bitale_graph.functions.broadcasting import specify_shape
from bitale_graph.functions.movement import expand_dims, transpose
from bitale_graph.ops.movement import Reshape
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, Sizes, size_divide, size_product
from bitale_graph.variable import Variable


def reshape(x: Any, *shape: Any, order: str = "C", ndim: int | None = None) -> Variable:
    """x under another shape: lengths one by one, a tuple of them, or a vector; one may be -1 (whatever remains).

    Elements are read and placed with the last index running fastest, or the first for `order` "F". Lengths are ints or
    integer scalars (which must not be negative); `ndim` says how many a vector of them holds.
    Raises ShapeError when the number of elements would change: now where lengths are known, else when the function
    runs.
    """
    x = as_variable(x)
    wanted = shape[0] if len(shape) == 1 else shape
    if ndim is not None and not isinstance(wanted, (list, tuple, int)):
        wanted = specify_shape(wanted, (ndim,))
    sizes = as_integers("reshape", wanted)
    if ndim is not None and len(sizes) != ndim:
        raise ShapeError(explain(f"reshape: the shape {_shown(sizes)} has not {ndim} lengths", [x]))
    if _is_first_fastest("reshape", order, x):
        return transpose(reshape(transpose(x), sizes[::-1]))
    unsure = [axis for axis, n in enumerate(sizes) if isinstance(n, int) and n == -1]
    if len(unsure) > 1 or any(isinstance(n, int) and n < -1 for n in sizes):
        raise ArgumentError(explain(f"reshape: one length may be -1, none less; the shape is {_shown(sizes)}", [x]))
    if unsure:
        known = tuple(n for axis, n in enumerate(sizes) if axis != unsure[0])
        sizes = (*sizes[: unsure[0]], _remaining(x, known), *sizes[unsure[0] + 1 :])
    return _reshaped(x, sizes)


def _remaining(x: Variable, others: Sizes) -> Size:
    """The number of elements of x divided by that of `others`; lengths that both have cancel."""
    left, taken = list(shape_of(x)), []
    for n in others:
        match = next((k for k, m in enumerate(left) if same_size(n, m) and not (isinstance(n, int) and n == 0)), None)
        if match is None:
            taken.append(n)
        else:
            left.pop(match)
    total, divisor = size_product(left), size_product(taken)
    if isinstance(divisor, int) and (divisor == 0 or (isinstance(total, int) and total % divisor)):
        wanted = _shown((*others, -1))
        count = size_product(shape_of(x))
        problem = f"{count} elements cannot have the lengths {wanted}" if divisor else f"any length fits -1 in {wanted}"
        raise ShapeError(explain(f"reshape: {problem}", [x]))
    return size_divide(total, divisor)


def _shown(sizes: Sizes) -> str:
    return f"({', '.join(map(str, sizes))})"


def _is_first_fastest(what: str, order: str, x: Variable) -> bool:
    """Whether `order` asks for Fortran's arrangement; "A" and "K" are C's, as variables have no memory."""
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(explain(f"{what}: the order must be 'C' or 'F', not {order!r}", [x]))
    return order == "F"


def ravel(x: Any, order: str = "C") -> Variable:
    """x as a vector, in which the last index runs fastest, or the first for `order` "F"."""
    x = as_variable(x)
    return flatten(transpose(x) if _is_first_fastest("ravel", order, x) else x, 1)


def flatten(x: Any, ndim: int | str = 1) -> Variable:
    """x with `ndim` axes: the first ndim - 1 are kept, the rest become one. Raises ArgumentError for ndim < 1.

    NumPy's flatten takes an order there instead: "C" or "F" gives `ravel(x, order)`.
    """
    x = as_variable(x)
    if isinstance(ndim, str):
        return ravel(x, ndim)
    if not 1 <= ndim <= max(x.ndim, 1):
        raise ArgumentError(explain(f"flatten: an array of {x.ndim} axes cannot be flattened to {ndim}", [x]))
    sizes = shape_of(x)
    return _reshaped(x, (*sizes[: ndim - 1], size_product(sizes[ndim - 1 :])))


def join_dims(x: Any, start: int, stop: int) -> Variable:
    """x with the axes from `start` up to, not including, `stop` made one."""
    x = as_variable(x)
    sizes = shape_of(x)
    return _reshaped(x, (*sizes[:start], size_product(sizes[start:stop]), *sizes[stop:]))


def _reshaped(x: Variable, sizes: Sizes) -> Variable:
    if len(sizes) == x.ndim and all(map(same_size, shape_of(x), sizes)):
        return x
    return apply_sized(Reshape, x, sizes)


def atleast_1d(*arrays: Any) -> Variable | tuple[Variable, ...]:
    """Scalars as vectors of one element; one array, or a tuple when several are given."""
    return _one_or_all([expand_rank(as_variable(x), 1) for x in arrays])


def atleast_2d(*arrays: Any) -> Variable | tuple[Variable, ...]:
    """Arrays with at least two axes, new ones in front; one array, or a tuple when several are given."""
    return _one_or_all([expand_rank(as_variable(x), 2) for x in arrays])


def atleast_3d(*arrays: Any) -> Variable | tuple[Variable, ...]:
    """Arrays with at least three axes (vectors become 1 × n × 1, matrices m × n × 1); one array, or a tuple."""
    return _one_or_all([_atleast_3d(as_variable(x)) for x in arrays])


def _atleast_3d(x: Variable) -> Variable:
    new: dict[int, tuple[int, ...]] = {0: (0, 1, 2), 1: (0, 2), 2: (2,)}
    return expand_dims(x, new.get(x.ndim, ()))


def _one_or_all(arrays: list[Variable]) -> Variable | tuple[Variable, ...]:
    return arrays[0] if len(arrays) == 1 else tuple(arrays)
