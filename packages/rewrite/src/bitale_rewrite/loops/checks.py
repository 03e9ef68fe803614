"""Checks that run before what relies on them: indices in range, the user's own conditions, powers that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.dtypes import INTEGERS
from bitale_graph.errors import ArgumentError, IndexingError, explain
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import Broadcast, ExpandDims, Iota, Squeeze, Transpose
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.increments import Increment, parts
from bitale_rewrite.loops.integers import ONE, ZERO
from bitale_rewrite.loops.ir import Buffer, Call, Literal, Load, Require, Value
from bitale_rewrite.loops.nests import Fixed, Index, Loop, Nest, collect_loads, domain
from bitale_rewrite.loops.notes import note

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

LESS, SUBTRACT, POWER = FUNCTIONS["less"], FUNCTIONS["subtract"], FUNCTIONS["power"]

_SAME_VALUES = (ExpandDims, Squeeze, Broadcast, Transpose)


def guard(b: Builder, node: Apply) -> None:
    """Make sure before they are used that index arrays stay in range, and that user checks hold."""
    if isinstance(node.op, Increment):
        for write, inputs in parts(node):
            if isinstance(write, Scatter):
                _guard_indices(b, node, write.axes, inputs[0], inputs[2:])
    elif isinstance(node.op, (Gather, Scatter)):
        _guard_indices(b, node, node.op.axes, node.inputs[0], node.inputs[1 if isinstance(node.op, Gather) else 2 :])
    elif isinstance(node.op, Elementwise) and node.op.function is POWER and node.outputs[0].dtype in INTEGERS:
        _check_exponent(b, node)
    elif isinstance(node.op, Check):
        condition, *values = map(b.reader.scalar, node.inputs[1:])
        code = b.sizes.fail(node.op.error, node.op.message, node)
        _require(b, [Require(condition, code, tuple(values))])


def _guard_indices(
    b: Builder, node: Apply, axes: tuple[int, ...], x: Variable, indices: tuple[Variable, ...]
) -> None:
    lengths = b.sizes(x)
    for axis, i in zip(axes, indices, strict=True):
        if (i, lengths[axis]) not in b.checked and not _in_range(b, i, lengths[axis]):
            b.checked.add((i, lengths[axis]))
            _check_range(b, node, i, axis, lengths[axis])


def _check_exponent(b: Builder, node: Apply) -> None:
    exponent = node.inputs[1]
    if (isinstance(exponent, Constant) and (exponent.data >= 0).all()) or exponent.dtype.startswith("u"):
        return
    problem = "power: an integer to the negative integer power {0} is no integer; cast one operand to float"
    code = b.sizes.fail(ArgumentError, explain(problem, [exponent]), node)
    lowest = _extreme(b, exponent, "minimum")
    _require(b, [Require(Call(FUNCTIONS["less_equal"], (ZERO, lowest), "bool"), code, (lowest,))])


def _in_range(b: Builder, i: Variable, length: Value) -> bool:
    """Whether `i` proves it: an iota or a mask of the same length, or a constant below a known length."""
    i = _seen_through(i)
    if i.owner is not None and isinstance(i.owner.op, Iota):
        return b.sizes(i)[0] == length
    if i.owner is not None and isinstance(i.owner.op, Nonzero):
        return b.sizes(i.owner.inputs[0])[i.index] == length
    if isinstance(i, Constant) and isinstance(length, Literal):
        return bool(i.data.size == 0 or (i.data.min() >= -length.number and i.data.max() < length.number))
    return False


def _check_range(b: Builder, node: Apply, i: Variable, axis: int, length: Value) -> None:
    problem = f"{node.op.name}: index {{0}} is out of range for axis {axis} of length {{1}}"
    code = b.sizes.fail(IndexingError, explain(problem, [v for v in node.inputs if v.ndim]), node)
    base = _seen_through(i)
    if base.owner is not None and isinstance(base.owner.op, Iota):
        count = b.sizes(base)[0]
        last = integers.size_call(SUBTRACT, (count, ONE), "int64")
        return _require(b, [Require(Call(LESS, (last, length), "bool"), code, (last, length))])
    lowest, highest = (_extreme(b, i, which) for which in ("minimum", "maximum"))
    negative = integers.size_call(FUNCTIONS["subtract"], (ZERO, length), "int64")
    not_below = Call(FUNCTIONS["less_equal"], (negative, lowest), "bool")
    not_beyond = Call(LESS, (highest, length), "bool")
    _require(b, [Require(not_below, code, (lowest, length)), Require(not_beyond, code, (highest, length))])
    return None


def _extreme(b: Builder, i: Variable, which: str) -> Value:
    """The smallest or largest element of an index array, as int64 (of an empty one: what is never out of range)."""
    loops, index = domain(b.sizes(i))
    value = b.reader(i, index)
    if value.dtype != "int64":
        value = Call(FUNCTIONS["cast_int64"], (value,), "int64")
    if not loops:
        return value
    key = (value, which, tuple(loop.extent for loop in loops))
    if key not in b.extremes:
        found = b.temporary(f"{which}_index", "int64", ())
        serial = [Loop(loop.extent, serial=True) for loop in loops]
        b.items.append(Nest(serial, found, (), value, FUNCTIONS[which], note=f"range of {note(i)}"))
        b.extremes[key] = Load(found, ())
    return b.extremes[key]


def _require(b: Builder, steps: list[Require]) -> None:
    reads: dict[Buffer, list[Index | None]] = {}
    for step in steps:
        collect_loads((step.condition, *step.values), reads)
    b.items.append(Fixed(list(steps), set(reads), set(), barrier=True))


def _seen_through(i: Variable) -> Variable:
    """The variable whose elements `i` shows in another arrangement."""
    while i.owner is not None and isinstance(i.owner.op, _SAME_VALUES):
        i = i.owner.inputs[0]
    return i
