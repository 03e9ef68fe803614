"""Coordinates of grids: meshgrid, indices, and the index expressions mgrid and ogrid."""

from __future__ import annotations

from typing import Any

from bitale_graph.dtypes import result_type
from bitale_graph.errors import ArgumentError
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.arguments import as_sizes, to_one_dtype
from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.functions.diagonals import tri
from bitale_graph.functions.indexing import nonzero
from bitale_graph.functions.joining import stack
from bitale_graph.functions.movement import expand_dims
from bitale_graph.functions.ranges import arange, iota, spaced
from bitale_graph.functions.reshaping import ravel
from bitale_graph.functions.slicing import flip
from bitale_graph.ops.elementwise import logical_not, power
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size
from bitale_graph.variable import Variable


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False) -> tuple[Variable, ...]:
    """For vectors of coordinates, an array per vector with its coordinate of every point of the grid.

    With "ij" axis k belongs to vector k; with "xy" the first two are exchanged. `sparse` leaves axes of length 1.
    Raises ArgumentError for another `indexing`.
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f'meshgrid: indexing must be "xy" or "ij", not {indexing!r}')
    vectors = [ravel(x) for x in xi]
    axes = list(range(len(vectors)))
    if indexing == "xy" and len(axes) > 1:
        axes[:2] = 1, 0
    return _grid(vectors, axes, sparse)


def indices(dimensions: Any, dtype: object = "int64", sparse: bool = False) -> Variable | tuple[Variable, ...]:
    """The index along each axis of every place of an array with these lengths, stacked in front.

    `sparse` gives a tuple of arrays with axes of length 1 instead.
    """
    vectors = [cast(iota(n), dtype) for n in as_sizes("indices", dimensions)]
    grid = _grid(vectors, list(range(len(vectors))), sparse)
    if sparse:
        return grid
    return stack(grid) if grid else cast(as_variable([]), dtype)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Variable:
    """Powers of a vector as columns, from the highest (N - 1) to 0, or the other way round if `increasing`."""
    x = as_variable(x)
    count = shape_of(x)[0] if N is None else as_sizes("vander", N)[0]
    exponents = iota(count) if increasing else flip(iota(count))
    wide = cast(x, result_type(x.dtype, "int64"))
    return power(expand_dims(wide, 1), expand_dims(exponents, 0))


def _grid(vectors: list[Variable], axes: list[int], sparse: bool) -> tuple[Variable, ...]:
    """Each vector along its axis of the grid; the other axes stretch unless `sparse`."""
    rank = len(vectors)
    lengths: list[Size] = [0] * rank
    for vector, axis in zip(vectors, axes, strict=True):
        lengths[axis] = shape_of(vector)[0]
    spread = [expand_dims(v, tuple(k for k in range(rank) if k != axis)) for v, axis in zip(vectors, axes, strict=True)]
    return tuple(spread if sparse else (broadcast_to(v, tuple(lengths)) for v in spread))


def tril_indices(n: Any, k: Any = 0, m: Any = None) -> tuple[Variable, ...]:
    """The row and column numbers of what tril keeps of n rows and m columns (n when None)."""
    return nonzero(tri(n, m, k, "bool"))


def triu_indices(n: Any, k: Any = 0, m: Any = None) -> tuple[Variable, ...]:
    """The row and column numbers of what triu keeps of n rows and m columns (n when None)."""
    return nonzero(logical_not(tri(n, m, k - 1, "bool")))


def diag_indices(n: Any, ndim: int = 2) -> tuple[Variable, ...]:
    """The indices of the main diagonal of an array with `ndim` axes of length n."""
    return (arange(n),) * ndim


class GridIndex:
    """What `mgrid[...]` and `ogrid[...]` index: slices start:stop:step, or start:stop:numberj for linspace.

    Bounds may be scalar variables. Each slice gives an array that varies along its own axis: mgrid stacks them in
    front, ogrid gives a tuple of arrays that have length 1 along the other axes.
    """

    def __init__(self, sparse: bool) -> None:
        self.sparse = sparse

    def __getitem__(self, slices: slice | tuple[slice, ...]) -> Variable | tuple[Variable, ...]:
        if isinstance(slices, slice):
            return _points(slices)
        vectors = to_one_dtype([_points(each) for each in slices])
        grid = _grid(vectors, list(range(len(vectors))), self.sparse)
        return grid if self.sparse else stack(grid)


def _points(each: slice) -> Variable:
    if not isinstance(each, slice) or each.stop is None:
        raise ArgumentError(f"mgrid and ogrid take slices with an end, such as 0:3 or 0:1:5j, not {each!r}")
    start = 0 if each.start is None else each.start
    if isinstance(each.step, complex):
        return spaced(start, each.stop, int(abs(each.step)))[0]
    return arange(start, each.stop, each.step)


mgrid = GridIndex(sparse=False)
ogrid = GridIndex(sparse=True)
