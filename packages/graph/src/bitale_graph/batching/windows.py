"""Batching of slices: where their bounds differ along the batch, elements are gathered and scattered."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.indexing import with_number
from bitale_graph.batching.operands import Batch, Lanes, Operand, filled, longest, over, refusal
from bitale_graph.functions.arguments import unknown_lengths
from bitale_graph.functions.creation import zeros
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.movement import expand_dims, transpose
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.slicing import slice_axis
from bitale_graph.ops.elementwise import less, where
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import SetSlice, Slice
from bitale_graph.shapes import shape_of
from bitale_graph.sized import sized
from bitale_graph.sizes import Size, Sizes, size_subtract
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Op, Variable

BATCHING: RuleTable[Batch] = RuleTable("batching")
Bound = int | Operand


@BATCHING.register(Slice)
def _slice(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable | Operand]:
    return [_Window(node, operands[1:], lanes).read(operands[0])]


@BATCHING.register(SetSlice)
def _set_slice(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable | Operand]:
    return [_Window(node, operands[2:], lanes).write(*operands[:2])]


def windowed(op: type[Op], arrays: list[Variable], window: tuple[Sizes, Sizes, Sizes]) -> Variable:
    """A Slice or SetSlice with these starts, lengths and steps."""
    return sized(op, *window)(*arrays, *unknown_lengths(sum(window, ())))


class _Window:
    """The bounds of a slice. `moving` are the axes along which it starts elsewhere for each element of the batch,
    `counts` how many elements it takes along the axis `ragged`, if that differs."""

    def __init__(self, node: Apply, operands: Sequence[Operand], lanes: Lanes) -> None:
        op, rank, given = node.op, node.inputs[0].ndim, iter(operands)
        bounds: list[Bound] = [next(given) if n is None else n for n in (*op.starts, *op.lengths, *op.steps)]
        self.lanes, self.counts, self.ragged = lanes, None, 0
        self.starts, lengths, self.steps = bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]
        for k, n in enumerate(lengths):
            if isinstance(n, Operand) and n.batched:
                if self.counts is not None:
                    raise refusal(op)
                self.counts, self.ragged = n.variable, k
                lengths[k] = Operand(longest(n.variable), False)
        self.lengths = tuple(map(_size, lengths))
        self.moving = [k for k in range(rank) if _differs(self.starts[k]) or _differs(self.steps[k])]

    def read(self, x: Operand) -> Variable | Operand:
        """What it takes of x, with the batch axis in front."""
        taken = self._taken(x.variable, x.batched)
        return taken if self.counts is None else Operand(taken, True, self.counts, self.ragged)

    def _taken(self, x: Variable, batched: bool) -> Variable:
        if not self.moving:
            return self._resting(Slice, [filled(Operand(x, batched), self.lanes.length)])
        if not batched:
            last = size_subtract(shape_of(x)[self.ragged], 1)
            part = windowed(Slice, [x], self._rest(x))
            return transpose(Gather(tuple(self.moving))(part, *self._places(last)), self._order())
        last = size_subtract(shape_of(x)[1 + self.ragged], 1)
        part = self._resting(Slice, [x])
        return transpose(Gather(self._axes)(part, *self._numbered(self._places(last))), self._order())

    def write(self, x: Operand, y: Operand) -> Variable | Operand:
        """x with y in its place, with the batch axis in front."""
        array, new = (filled(v.padded, self.lanes.length) for v in (x, y))
        if self.counts is not None:
            self.moving = sorted({self.ragged, *self.moving})
        written = self._written(array, new) if self.moving else self._resting(SetSlice, [array, new])
        return written if x.lengths is None else Operand(written, True, x.lengths, x.axis)

    def _written(self, x: Variable, y: Variable) -> Variable:
        part, axis = self._resting(Slice, [x]), 1 + self.ragged
        whole = shape_of(part)
        if self.counts is not None:  # what does not count is written to a place behind the others
            part = concatenate([part, zeros((*whole[:axis], 1, *whole[axis + 1 :]), part.dtype)], axis=axis)
        order = [axis for axis, _ in sorted(enumerate(self._order()), key=lambda pair: pair[1])]
        part = Scatter(self._axes, None)(part, transpose(y, order), *self._numbered(self._places(whole[axis])))
        part = part if self.counts is None else slice_axis(part, axis, 0, whole[axis])
        return self._resting(SetSlice, [x, part])

    @property
    def _axes(self) -> tuple[int, ...]:
        return (0, *(axis + 1 for axis in self.moving))

    def _resting(self, op: type[Op], arrays: list[Variable]) -> Variable:
        return windowed(op, arrays, self._rest(arrays[0], first=1))

    def _rest(self, x: Variable, first: int = 0) -> tuple[Sizes, Sizes, Sizes]:
        """Bounds that leave out what lies elsewhere for each element; `first` axes of x come before the slice's."""
        bounds: list[tuple[Size, Size, Size]] = [(0, n, 1) for n in shape_of(x)]
        for k, n in enumerate(self.lengths):
            if k not in self.moving:
                bounds[first + k] = _size(self.starts[k]), n, _size(self.steps[k])
        starts, lengths, steps = zip(*bounds, strict=True)
        return starts, lengths, steps

    def _places(self, other: Size) -> list[Variable]:
        """For each moving axis the indices of its elements, stacked along the batch, all of one rank; `other` along the
        ragged axis for elements that do not count."""
        count, places = len(self.moving), []
        for number, axis in enumerate(self.moving):
            beside = [0, *(1 + k for k in range(count) if k != number)]
            numbers = expand_dims(iota(self.lengths[axis]), beside)
            place = _spread(self.starts[axis], count) + numbers * _spread(self.steps[axis], count)
            if axis == self.ragged and self.counts is not None:
                place = where(less(numbers, over(self.counts, place)), place, other)
            places.append(self.lanes.index(Operand(place, True)).variable)
        return places

    def _numbered(self, places: Sequence[Variable]) -> list[Variable]:
        return with_number([Operand(place, True) for place in places], self.lanes.length)

    def _order(self) -> list[int]:
        """Where Gather puts the batch axis and the axes of the slice: the moving ones come first."""
        rank = len(self.lengths)
        gathered = [*self.moving, *(k for k in range(rank) if k not in self.moving)]
        return [0, *(1 + gathered.index(k) for k in range(rank))]


def _differs(bound: Bound) -> bool:
    return isinstance(bound, Operand) and bound.batched


def _size(bound: Bound) -> Size:
    return bound if isinstance(bound, int) else bound.variable


def _spread(bound: Bound, count: int) -> Variable | int:
    """A bound as an array of the batch axis and `count` more."""
    if isinstance(bound, int):
        return bound
    return expand_dims(bound.variable, list(range(1, 1 + count))) if bound.batched else bound.variable
