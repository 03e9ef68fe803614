"""Batching of arrays of which one axis has another length for each element of the batch: what a while loop collects.

They are as long as the longest of them, and come with the number of elements that count. What lies beyond is anything:
it is overwritten with what changes nothing where elements meet each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bitale_graph.batching import contraction, control, elementwise, movement, reduction, windows
from bitale_graph.batching.operands import Batch, Lanes, Operand, over, refusal
from bitale_graph.dtypes import INEXACT
from bitale_graph.errors import ShapeError
from bitale_graph.functions.ranges import iota
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Scan, StopGradient
from bitale_graph.ops.elementwise import Elementwise, equal, less, logical_and, maximum, minimum, where
from bitale_graph.ops.movement import Broadcast, ExpandDims, SetSlice, Slice, Squeeze, Transpose
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

RAGGED: RuleTable[Batch] = RuleTable("batching of arrays whose lengths differ along the batch")
RAGGED.add(Slice, windows.BATCHING[Slice])
RAGGED.add(SetSlice, windows.BATCHING[SetSlice])
RAGGED.add(Broadcast, movement.BATCHING[Broadcast])
RAGGED.add(Scan, control.BATCHING[Scan])


def _as_long(rule: Batch, node: Apply, operands: Sequence[Operand], lanes: Lanes, axis: int) -> list[Operand]:
    """By the rule for arrays of one length; of the results as many elements count as before, along `axis`."""
    known, *others = dict.fromkeys(x.lengths for x in operands if x.lengths is not None)
    for other in others:
        same = Reduce(logical_and, (0,))(equal(known, other))
        known = Check(f"{node.op}: arrays of different lengths", ShapeError)(known, same)
    results = rule(node, [x.padded for x in operands], lanes)
    return [Operand(v, True, known, axis) if isinstance(v, Variable) else v for v in results]


def _axis(node: Apply, operands: Sequence[Operand]) -> int:
    """The one axis whose lengths differ."""
    axis, *others = {x.axis for x in operands if x.lengths is not None}
    if others:
        raise refusal(node.op)
    return axis


@RAGGED.register(Elementwise)
def _elementwise(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Operand]:
    return _as_long(elementwise.BATCHING[node.op], node, operands, lanes, _axis(node, operands))


@RAGGED.register(Check, StopGradient)
def _through(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Operand]:
    return _as_long(control.BATCHING[node.op], node, operands, lanes, operands[0].axis)


@RAGGED.register(Cumulate)
def _cumulate(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Operand]:
    return _as_long(reduction.BATCHING[node.op], node, operands, lanes, operands[0].axis)


@RAGGED.register(ExpandDims, Squeeze, Transpose)
def _moved(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Operand]:
    op, axis, rank = node.op, operands[0].axis, node.inputs[0].ndim
    if isinstance(op, Transpose):
        order = list(op.axes)
    elif isinstance(op, Squeeze):
        order = [k for k in range(rank) if k not in op.axes]
    else:
        old = iter(range(rank))
        order = [-1 if k in op.axes else next(old) for k in range(node.outputs[0].ndim)]
    return _as_long(movement.BATCHING[op], node, operands, lanes, order.index(axis))


@RAGGED.register(Reduce)
def _reduce(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> Sequence[Variable | Operand]:
    """Along the axis whose lengths differ only what counts is seen."""
    (x,), op = operands, node.op
    assert isinstance(op, Reduce) and x.lengths is not None
    if x.axis not in op.axes:
        axis = x.axis - sum(k < x.axis for k in op.axes)
        return _as_long(reduction.BATCHING[op], node, operands, lanes, axis)
    array = _overwritten(x, _neutral(op, x.variable.dtype))
    if op.function in (maximum, minimum) and not op.of_none:
        some = lanes.holding(Operand(less(0, x.lengths), True))
        array = Check(f"{op.function} of no elements", ShapeError)(array, some)
    return reduction.BATCHING[op](node, [Operand(array, True)], lanes)


@RAGGED.register(Contract)
def _contract(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> Sequence[Variable | Operand]:
    op: Contract = node.op  # type: ignore[assignment]
    labels = {side[x.axis] for side, x in zip((op.left, op.right), operands, strict=True) if x.lengths is not None}
    given = [x if x.lengths is None else x._replace(variable=_overwritten(x, 0)) for x in operands]
    kept = [op.result.index(label) for label in labels if label in op.result]
    if len(labels) > 1:
        raise refusal(op)
    if kept:
        return _as_long(contraction.BATCHING[op], node, given, lanes, kept[0])
    return contraction.BATCHING[op](node, [x.padded for x in given], lanes)


def _overwritten(x: Operand, value: Any) -> Variable:
    """x with a value in place of what does not count."""
    array = x.variable
    beside = tuple(k for k in range(array.ndim) if k != x.axis + 1)
    numbers = ExpandDims(beside)(iota(shape_of(array)[x.axis + 1]))
    assert x.lengths is not None
    return where(less(numbers, over(x.lengths, array)), array, np.asarray(value, array.dtype))


def _neutral(op: Reduce, dtype: str) -> Any:
    """What changes no result of a reduction."""
    if op.function not in (maximum, minimum):
        return {"bitwise_and": -1, "logical_and": True, "multiply": 1}.get(op.function.name, 0)
    if dtype == "bool":
        return op.function is minimum
    if dtype in INEXACT:
        return np.inf if op.function is minimum else -np.inf
    limits = np.iinfo(dtype)
    return limits.max if op.function is minimum else limits.min
