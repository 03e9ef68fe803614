"""What an index such as `x[1:, None, [0, 2]]` selects, as steps that a read takes and a write undoes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index as as_int
from typing import Any

import numpy as np

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import BitaleError, IndexingError, ShapeError, explain
from bitale_graph.functions.apply import as_variable, cast, expand_rank
from bitale_graph.functions.movement import expand_dims, moveaxis, squeeze
from bitale_graph.functions.reshaping import ravel
from bitale_graph.functions.slicing import Bound, basic_slice, set_slice, slice_bounds
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import equal, greater_equal, joint_length, less, logical_and
from bitale_graph.ops.indexing import Gather, Nonzero
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_add, size_variable, size_where
from bitale_graph.variable import Apply, Constant, Variable

Item = slice | int | Variable | None  # one part of an index, after Ellipsis is spelt out


@dataclass(frozen=True)
class Selection:
    """Slice every axis within `bounds`, drop the axes that an integer selected, insert new axes of length 1: that is
    the window. Then gather along its `axes` with `indices` (arrays of one rank), whose axes take the place `front`.
    """

    bounds: tuple[Bound, ...]
    dropped: tuple[int, ...]
    inserted: tuple[int, ...]
    axes: tuple[int, ...]
    indices: tuple[Variable, ...]
    front: int

    @property
    def _moves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes of the indices as Gather leaves them, and where they belong."""
        rank = self.indices[0].ndim
        return tuple(range(rank)), tuple(range(self.front, self.front + rank))

    def window(self, x: Variable) -> Variable:
        """What the slices, integers and new axes of the index select."""
        return expand_dims(squeeze(basic_slice(x, self.bounds), self.dropped), self.inserted)

    def read(self, x: Variable) -> Variable:
        """What the whole index selects."""
        window = self.window(x)
        if not self.axes:
            return window
        gathered, wanted = self._moves
        return moveaxis(Gather(self.axes)(window, *self.indices), gathered, wanted)

    def as_gathered(self, y: Variable) -> Variable:
        """An array of the shape that `read` gives, with its axes in the order of Gather."""
        gathered, wanted = self._moves
        return moveaxis(y, wanted, gathered)

    def store(self, x: Variable, window: Variable) -> Variable:
        """x with its window replaced."""
        part = expand_dims(squeeze(window, self.inserted), self.dropped)
        return part if basic_slice(x, self.bounds) is x else set_slice(x, part, self.bounds)


def selection_of(x: Variable, key: Any) -> Selection:
    """The meaning of x[key], by NumPy's rules.

    Integer arrays and boolean masks (their indices of true elements) select together; their axes stand where the
    first of them stood, or in front when a slice, a new axis or an Ellipsis separates them. An integer among them is
    one of them. Raises IndexingError for what cannot index and, where lengths are known, for what is out of range.
    """
    items = [_item(x, each) for each in (key if isinstance(key, tuple) else (key,))]
    separated = _is_separated(items)
    items = _without_ellipsis(x, items)
    advanced = any(_is_array(item) for item in items)
    bounds: list[Bound] = []
    dropped: list[int] = []
    inserted: list[int] = []
    axes: list[int] = []
    indices: list[Variable] = []
    sizes = shape_of(x)
    for item in items:
        axis, position = len(bounds), len(bounds) - len(dropped) + len(inserted)
        if item is None:
            inserted.append(position)
        elif isinstance(item, slice):
            bounds.append(slice_bounds(item.start, item.stop, item.step, sizes[axis]))
        elif not _is_array(item) and not advanced:
            bounds.append((_in_range(x, item, axis), 1, 1))
            dropped.append(axis)
        else:
            found = _index_arrays(x, item, axis)
            if _is_flag(item):
                inserted.append(position)
            else:
                bounds += [(0, n, 1) for n in sizes[axis : axis + len(found)]]
            axes += range(position, position + len(found))
            indices += found
    front = axes[0] if axes and not separated else 0
    return Selection(tuple(bounds), tuple(dropped), tuple(inserted), tuple(axes), _aligned(x, indices), front)


def _item(x: Variable, each: Any) -> Any:
    """One part of an index: None, Ellipsis, a slice, an int, or a variable of integers or booleans."""
    if each is None or each is Ellipsis or isinstance(each, slice):
        return each
    if not isinstance(each, (bool, Variable, np.ndarray)) and hasattr(each, "__index__"):
        return as_int(each)
    try:
        variable = as_variable(each)
    except BitaleError as error:
        raise _unfit(x, str(error)) from None
    if isinstance(each, (list, tuple)) and isinstance(variable, Constant) and not variable.data.size:
        variable = cast(variable, "int64")  # NumPy's x[[]]
    if variable.dtype not in ("bool", *INTEGERS):
        raise _unfit(x, f"{variable.dtype} is neither an integer nor a boolean dtype")
    if isinstance(variable, Constant) and not variable.ndim and variable.dtype != "bool":
        return int(variable.data)
    return variable if variable.dtype == "bool" else cast(variable, "int64")


def _unfit(x: Variable, reason: str) -> IndexingError:
    return IndexingError(
        explain(
            f"this cannot index: {reason}", [x], "Use integers, slices, ..., None, or arrays of integers or booleans."
        )
    )


def _is_array(item: Any) -> bool:
    """Whether an item is an index array or a mask: integers, also unknown ones, are not."""
    return isinstance(item, Variable) and (item.ndim > 0 or item.dtype == "bool")


def _is_flag(item: Any) -> bool:
    """Whether an item is one boolean: it selects a new axis, or nothing."""
    return isinstance(item, Variable) and item.dtype == "bool" and not item.ndim


def _is_separated(items: Sequence[Any]) -> bool:
    """Whether something stands between the first and the last item that gathers."""
    if not any(map(_is_array, items)):
        return False
    places = [k for k, item in enumerate(items) if isinstance(item, (int, Variable))]
    return places[-1] - places[0] >= len(places)


def _axes_taken(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if isinstance(item, Variable) and item.dtype == "bool" else 1


def _without_ellipsis(x: Variable, items: list[Any]) -> list[Item]:
    """Items that name every axis of x: an Ellipsis, or the end, stands for whole axes."""
    places = [k for k, item in enumerate(items) if item is Ellipsis]
    missing = x.ndim - sum(map(_axes_taken, items))
    if len(places) > 1:
        raise IndexingError(explain("an index can have one Ellipsis (...) only", [x]))
    if missing < 0:
        raise IndexingError(explain(f"an index for {x.ndim - missing} axes given to an array of {x.ndim}", [x]))
    place = places[0] if places else len(items)
    return [*items[:place], *[slice(None)] * missing, *items[place + 1 :]]


def _out_of_range(x: Variable, i: object, axis: int, n: object) -> str:
    return explain(f"index {i} is out of range for axis {axis} of length {n}", [x])


def _in_range(x: Variable, i: Size, axis: int) -> Size:
    """An integer index counted from the front: checked now, or when the function runs."""
    n = shape_of(x)[axis]
    if isinstance(i, int) and isinstance(n, int):
        if not -n <= i < n:
            raise IndexingError(_out_of_range(x, i, axis, n))
        return i % n
    if isinstance(i, int):
        start: Size = i if i >= 0 else size_add(n, i)
        fits = less(i, n) if i >= 0 else greater_equal(start, 0)
    else:
        start = size_where(less(i, 0), size_add(i, n), i)
        fits = logical_and(greater_equal(start, 0), less(start, n))
    message = _out_of_range(x, "{0}", axis, "{1}")
    return Check(message, IndexingError)(size_variable(start), fits, size_variable(i), size_variable(n))


def _index_arrays(x: Variable, item: int | Variable, axis: int) -> list[Variable]:
    """An int64 array for each axis that the item gathers along, from `axis` on."""
    if isinstance(item, int):
        item = as_variable(np.asarray(item, "int64"))
    if item.dtype == "bool":
        return _true_places(x, item, axis)
    n = shape_of(x)[axis]
    if isinstance(item, Constant) and isinstance(n, int) and item.data.size:
        wrong = item.data[(item.data < -n) | (item.data >= n)]
        if wrong.size:
            raise IndexingError(_out_of_range(x, wrong[0], axis, n))
    return [item]


def _true_places(x: Variable, mask: Variable, axis: int) -> list[Variable]:
    """The indices of the true elements of a mask, which has the lengths of the axes it selects from.

    Those of a known mask are known, so that their number is a known length.
    """
    if not isinstance(mask, Constant):
        return list(Apply(Nonzero(), (ravel(mask) if _is_flag(mask) else _fitting(x, mask, axis, mask),)).outputs)
    first, *rest = map(as_variable, np.nonzero(np.atleast_1d(mask.data)))
    return [first if _is_flag(mask) else _fitting(x, mask, axis, first), *rest]


def _fitting(x: Variable, mask: Variable, axis: int, checked: Variable) -> Variable:
    """`checked`, if the lengths of the mask are those of the axes it selects from: seen now, or when the function
    runs.
    """
    for k, (n, m) in enumerate(zip(shape_of(x)[axis : axis + mask.ndim], shape_of(mask), strict=True)):
        if isinstance(n, int) and isinstance(m, int) and n != m:
            raise IndexingError(_unfit_mask(x, mask, axis, k, n, m))
        if not same_size(n, m):
            check = Check(_unfit_mask(x, mask, axis, k, "{0}", "{1}"), IndexingError)
            checked = check(checked, equal(n, m), size_variable(n), size_variable(m))
    return checked


def _unfit_mask(x: Variable, mask: Variable, axis: int, k: int, n: object, m: object) -> str:
    return explain(
        f"a mask must have the lengths of the axes it selects from: axis {k} of the mask has length {m}, "
        f"axis {axis + k} of the array {n}",
        [x, mask],
    )


def _aligned(x: Variable, indices: list[Variable]) -> tuple[Variable, ...]:
    """Index arrays of one rank, which fit together."""
    rank = max((v.ndim for v in indices), default=0)
    result = tuple(expand_rank(v, rank) for v in indices)
    try:
        for axis, lengths in enumerate(zip(*[v.type.shape for v in result], strict=True)):
            joint_length("indexing", axis, lengths)
    except ShapeError as error:
        raise IndexingError(explain(f"the index arrays do not fit together: {error}", [x, *indices])) from None
    return result
