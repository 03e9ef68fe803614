"""Writing by index: x with other elements at some places, as a new variable."""

from __future__ import annotations

from typing import Any

from bitale_graph.arrays import as_array
from bitale_graph.dtypes import can_cast, is_weak, result_type
from bitale_graph.errors import ArgumentError, BoundsError, DtypeError, ShapeError, explain
from bitale_graph.functions.apply import apply, as_variable, cast
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.diagonals import eye
from bitale_graph.functions.indexing import along_axis, coordinates
from bitale_graph.functions.movement import expand_dims, squeeze
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reshaping import reshape
from bitale_graph.functions.selection import selection_of
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.elementwise import Function
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Variable

HOW: dict[str, Function | None] = {
    "set": None, "add": row.add, "multiply": row.multiply, "maximum": row.maximum, "minimum": row.minimum,
}  # fmt: skip


def write(x: Any, key: Any, y: Any, how: str = "set") -> Variable:
    """x with y written to x[key]: "set", or combined with what is there by "add", "multiply", "maximum", "minimum".

    y stretches to the shape of x[key] where its lengths are statically 1, as in a NumPy assignment, and is cast to
    the dtype of x. Of several values set at one place the last wins; the others accumulate. Raises IndexingError
    for the key, ShapeError or DtypeError when y does not fit.
    """
    x = as_variable(x)
    function = _function(how)
    selection = selection_of(x, key)
    place = selection.read(x)
    y = _stretched(fitting(x, y), place)
    if not selection.axes:
        return selection.store(x, y if function is None else function(place, y))
    updates = selection.as_gathered(y)
    window = selection.window(x)
    return selection.store(x, apply(Scatter(selection.axes, function), window, updates, *selection.indices))


def set_subtensor(place: Variable, y: Any) -> Variable:
    """set_subtensor(x[key], y): x with y at these places. Raises ArgumentError unless `place` was made by indexing."""
    return write(*_what_is_read("set_subtensor", place), y, "set")


def inc_subtensor(place: Variable, y: Any) -> Variable:
    """inc_subtensor(x[key], y): x with y added at these places, several times where the key names one several times."""
    return write(*_what_is_read("inc_subtensor", place), y, "add")


def put_along_axis(x: Any, indices: Any, values: Any, axis: int | None = -1, how: str = "set") -> Variable:
    """x with `values` at the places that take_along_axis(x, indices, axis) would read; `how` as for `write`."""
    array = as_variable(x)
    x, indices, axis = along_axis("put_along_axis", array, indices, axis)
    places = coordinates(x, indices, axis)
    axes = tuple(range(x.ndim))
    values = _stretched(fitting(x, values), Gather(axes)(x, *places))
    result = apply(Scatter(axes, _function(how)), x, values, *places)
    return reshape(result, shape_of(array))


def fill_diagonal(x: Any, value: Any) -> Variable:
    """x with the scalar `value` where all indices are equal. Raises ShapeError for fewer than two axes."""
    x = as_variable(x)
    if x.ndim < 2:
        raise ShapeError(explain("fill_diagonal: at least two axes are wanted", [x]))
    numbers = [expand_dims(iota(n), [k for k in range(x.ndim) if k != axis]) for axis, n in enumerate(shape_of(x))]
    on_diagonal = row.equal(numbers[0], numbers[1])
    for each in numbers[2:]:
        on_diagonal = row.logical_and(on_diagonal, row.equal(numbers[0], each))
    return row.where(on_diagonal, _scalar(x, value), x)


def fill_diagonal_offset(x: Any, value: Any, offset: int) -> Variable:
    """A matrix x with the scalar `value` on the diagonal `offset`."""
    x = as_variable(x)
    if x.ndim != 2:
        raise ShapeError(explain("fill_diagonal_offset: a matrix is wanted", [x]))
    rows, columns = shape_of(x)
    return row.where(eye(rows, columns, offset, "bool"), _scalar(x, value), x)


def fitting(x: Variable, y: Any) -> Variable:
    """y in the dtype of x. Raises DtypeError where values could change beyond rounding."""
    found = result_type(y, x.dtype) if is_weak(y) else as_variable(y).dtype
    if not can_cast(found, x.dtype, "same_kind"):
        raise DtypeError(
            explain(f"{found} cannot be written into {x.dtype}", [x, as_variable(y)],
                    "Cast one of them with astype, where that is what you mean.")
        )  # fmt: skip
    try:
        return as_variable(as_array(y, x.dtype)) if is_weak(y) else cast(y, x.dtype)
    except OverflowError:
        raise BoundsError(explain(f"{y} is out of bounds for {x.dtype}", [x], "Cast the array.")) from None


def _function(how: str) -> Function | None:
    if how not in HOW:
        raise ArgumentError(f"write: how must be one of {', '.join(HOW)}, not {how!r}")
    return HOW[how]


def _what_is_read(what: str, place: Variable) -> tuple[Variable, Any]:
    if place.read is None:
        raise ArgumentError(explain(f"{what}: x[key] is wanted, this was not made by indexing", [place]))
    return place.read


def _stretched(y: Variable, place: Variable) -> Variable:
    """y in the shape of `place`; leading axes of length statically 1 that it has too many are dropped."""
    surplus = y.ndim - place.ndim
    if surplus > 0 and all(n == 1 for n in y.type.shape[:surplus]):
        y = squeeze(y, tuple(range(surplus)))
    try:
        return broadcast_to(y, shape_of(place))
    except ShapeError as error:
        raise ShapeError(f"write: {error}") from None


def _scalar(x: Variable, value: Any) -> Variable:
    scalar = fitting(x, value)
    if scalar.ndim:
        raise ShapeError(explain(f"a scalar is wanted, not {scalar.type}", [scalar]))
    return scalar
