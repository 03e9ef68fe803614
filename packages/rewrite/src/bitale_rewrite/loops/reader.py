"""Reading an element: the scalar expression of any variable at any index.

Stored variables are loads. Everything else is computed on the spot: an elementwise op from its operands, a movement
op by reading its operand elsewhere. So movement never runs, and a tree of elementwise ops is one expression.
"""

from __future__ import annotations

from collections.abc import Callable

from bitale_graph.dtypes import SIZE
from bitale_graph.ops.control import Check, StopGradient
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.ops.indexing import Gather
from bitale_graph.ops.movement import (
    Broadcast,
    Diagonal,
    Dimension,
    ExpandDims,
    Iota,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.shapes import unknown_inputs
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.bodies import Row
from bitale_rewrite.loops.integers import ZERO, integer
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Name, Value
from bitale_rewrite.loops.sizes import Sizes

Index = tuple[Value, ...]
Read = tuple[Variable, Index]
LESS, WHERE, IDENTITY = FUNCTIONS["less"], FUNCTIONS["where"], FUNCTIONS["identity"]


class Reader:
    """Turns (variable, index) into values. `buffers` holds the stored variables."""

    def __init__(self, sizes: Sizes, buffers: dict[Variable, Buffer]) -> None:
        self.sizes = sizes
        self.buffers = buffers
        self.lengths: dict[Variable, Name] = {}  # scalars that lengths depend on, by name once they are computed
        self.values: dict[Variable, Value] = {}  # the number of a loop's step, and how many ran
        self.names: dict[Value, str] = {}  # what the user called a value
        self._values: dict[Read, Value] = {}

    def __call__(self, variable: Variable, index: Index) -> Value:
        """The value of `variable` at `index`. Iterative: expressions may be any depth."""
        values, stack = self._values, [(variable, index)]
        while stack:
            read = stack[-1]
            if read in values:
                stack.pop()
                continue
            leaf = self._leaf(*read)
            if leaf is not None:
                values[read] = leaf
                continue
            node = read[0].owner
            assert node is not None
            reads = READS[node.op](self, node, read[1])
            missing = [r for r in reads if r not in values]
            if missing:
                stack.extend(missing)
            else:
                values[read] = self._combine(read[0], read[1], [values[r] for r in reads])
                stack.pop()
        return values[variable, index]

    def _leaf(self, variable: Variable, index: Index) -> Value | None:
        if variable in self.lengths:
            return self.lengths[variable]
        if variable in self.values:
            return self.values[variable]
        buffer = self.buffers.get(variable)
        if buffer is not None:
            return Load(buffer, index)
        if isinstance(variable, Constant) and variable.type.is_static and variable.data.size == 1:
            return Literal(variable.data.reshape(()).item(), variable.dtype)
        if variable.owner is None:
            raise KeyError(f"{variable!r} has no buffer")
        op = variable.owner.op
        if isinstance(op, Iota):
            return index[0]
        if isinstance(op, Dimension):
            return self.sizes(variable.owner.inputs[0])[op.axis]
        return None

    def _combine(self, variable: Variable, index: Index, values: list[Value]) -> Value:
        op = variable.owner.op  # type: ignore[union-attr]
        if isinstance(op, Elementwise) and op.function is not IDENTITY:
            value: Value = integers.size_call(op.function, tuple(values), variable.dtype)
            value = self.sizes.names.short(value, variable.name)
            if variable.name and value not in self.names:
                self.names[value] = variable.name
            return value
        return values[-1] if isinstance(op, Gather) else values[0]

    def forget(self, variable: Variable, index: Index) -> None:
        """Drop a remembered value: the variable is a load from now on."""
        self._values.pop((variable, index), None)

    def scalar(self, variable: Variable) -> Value:
        """A rank-0 variable."""
        return self(variable, ())

    def bounds(self, lengths: tuple[int | None, ...], inputs: tuple[Variable, ...]) -> Index:
        """Lengths of a movement op as values: the known ones as literals, the others from `inputs`."""
        mixed = unknown_inputs(lengths, inputs)
        return tuple(integer(n) if isinstance(n, int) else self.scalar(n) for n in mixed)


READS: RuleTable[Callable[[Reader, Apply, Index], list[Read]]] = RuleTable("index map")


@READS.register(Elementwise)
def _elementwise(reader: Reader, node: Apply, index: Index) -> list[Read]:
    return [(v, stretched(v, index)) for v in node.inputs]


def stretched(v: Variable, index: Index) -> Index:
    """The index at which operand `v` of an elementwise op is read: 0 where it stretches, nothing for a scalar."""
    return tuple(ZERO if n == 1 else i for n, i in zip(v.type.shape, index, strict=True)) if v.ndim else ()


@READS.register(StopGradient, Check)
def _same(reader: Reader, node: Apply, index: Index) -> list[Read]:
    return [(node.inputs[0], index)]


@READS.register(Row)
def _row(reader: Reader, node: Apply, index: Index) -> list[Read]:
    return [(node.inputs[0], (reader.scalar(node.inputs[1]), *index))]


@READS.register(ExpandDims)
def _expand_dims(reader: Reader, node: Apply, index: Index) -> list[Read]:
    return [(node.inputs[0], tuple(i for axis, i in enumerate(index) if axis not in node.op.axes))]


@READS.register(Squeeze)
def _squeeze(reader: Reader, node: Apply, index: Index) -> list[Read]:
    x, rest = node.inputs[0], iter(index)
    return [(x, tuple(ZERO if axis in node.op.axes else next(rest) for axis in range(x.ndim)))]


@READS.register(Broadcast)
def _broadcast(reader: Reader, node: Apply, index: Index) -> list[Read]:
    return [(node.inputs[0], stretched(node.inputs[0], index))]


@READS.register(Transpose)
def _transpose(reader: Reader, node: Apply, index: Index) -> list[Read]:
    axes = node.op.axes
    return [(node.inputs[0], tuple(index[axes.index(axis)] for axis in range(len(axes))))]


@READS.register(Slice)
def _slice(reader: Reader, node: Apply, index: Index) -> list[Read]:
    op, rank = node.op, len(node.op.starts)
    bounds = reader.bounds((*op.starts, *op.lengths, *op.steps), node.inputs[1:])
    starts, steps = bounds[:rank], bounds[2 * rank :]
    moved = zip(starts, steps, index, strict=True)
    return [(node.inputs[0], tuple(integers.add(start, integers.multiply(step, i)) for start, step, i in moved))]


@READS.register(Diagonal)
def _diagonal(reader: Reader, node: Apply, index: Index) -> list[Read]:
    op, rest, i = node.op, iter(index[:-1]), index[-1]
    row = integers.add(i, integer(max(0, -op.offset)))
    column = integers.add(i, integer(max(0, op.offset)))
    at = {op.axis1: row, op.axis2: column}
    return [(node.inputs[0], tuple(at[axis] if axis in at else next(rest) for axis in range(node.inputs[0].ndim)))]


@READS.register(Gather)
def _gather(reader: Reader, node: Apply, index: Index) -> list[Read]:
    """The index arrays first, then x at the place they name (their values are read on the way)."""
    x, *indices = node.inputs
    return [(x, place(reader, node.op.axes, x, indices, index))]


def place(reader: Reader, axes: tuple[int, ...], x: Variable, indices: list[Variable], index: Index) -> Index:
    """Where in `x` the index arrays point at `index` (batch axes first, then the axes of x not in `axes`)."""
    batch, rest = index[: indices[0].ndim], iter(index[indices[0].ndim :])
    lengths = reader.sizes(x)
    at = {axis: wrapped(reader(i, stretched(i, batch)), lengths[axis]) for axis, i in zip(axes, indices, strict=True)}
    return tuple(at[axis] if axis in at else next(rest) for axis in range(x.ndim))


def wrapped(i: Value, length: Value) -> Value:
    """An index that may count from the end, as one that counts from the start."""
    if i.dtype != SIZE:
        i = Call(FUNCTIONS[f"cast_{SIZE}"], (i,), SIZE)
    if isinstance(i, Literal):
        return i if i.number >= 0 else integers.add(length, i)
    if not isinstance(i, (Load, Call)):
        return i
    return Call(WHERE, (Call(LESS, (i, ZERO), "bool"), integers.add(i, length), i), SIZE)
