"""Lengths that must agree when a graph runs: an axis stretches only where its type says 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bitale_graph.errors import MatrixShapeError, ShapeError
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast
from bitale_graph.routine import Routine
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply

# A group is a set of (input, axis) whose lengths must be the same.
Group = Sequence[tuple[int, int]]
AGREEMENTS: RuleTable[Callable[[Apply], Iterable[Group]]] = RuleTable("agreement")


def check_lengths(node: Apply, arrays: Sequence[np.ndarray]) -> None:
    """Raise ShapeError when axes that a node combines differ in length, where NumPy might stretch one."""
    groups = AGREEMENTS.find(node.op)
    for group in groups(node) if groups is not None else ():
        if len({arrays[i].shape[axis] for i, axis in group}) > 1:
            shown = " and ".join(
                f"{arrays[i].shape[axis]} (axis {axis} of {node.inputs[i]!r})" for i, axis in group
            )
            if isinstance(node.op, Routine):
                raise MatrixShapeError(f"{node.op}: lengths {shown} differ")
            raise ShapeError(
                f"{node.op}: lengths {shown} differ; "
                "an axis of length 1 stretches only where its type says 1 (see broadcast_to)"
            )
    if isinstance(node.op, Broadcast):
        _check_broadcast(node, arrays)


@AGREEMENTS.register(Elementwise)
def _elementwise(node: Apply) -> list[Group]:
    return _aligned(node, range(len(node.inputs)))


@AGREEMENTS.register(Gather)
def _gather(node: Apply) -> list[Group]:
    return _aligned(node, range(1, len(node.inputs)))


@AGREEMENTS.register(Scatter)
def _scatter(node: Apply) -> list[Group]:
    indices = range(2, len(node.inputs))
    batch = node.inputs[2].ndim
    rest = [axis for axis in range(node.inputs[0].ndim) if axis not in node.op.axes]
    groups = [[(1, axis), *group] for axis, group in enumerate(_aligned(node, indices))]
    return [*groups, *([(0, axis), (1, batch + k)] for k, axis in enumerate(rest))]


@AGREEMENTS.register(Contract)
def _contract(node: Apply) -> list[Group]:
    left, right = node.op.left, node.op.right
    return [[(0, left.index(label)), (1, right.index(label))] for label in left if label in right]


@AGREEMENTS.register(Routine)
def _routine(node: Apply) -> list[Group]:
    return [places for _, _, places in node.op.agreements([v.ndim for v in node.inputs])]


def _aligned(node: Apply, operands: Sequence[int]) -> list[Group]:
    """Per axis, the operands whose type does not let them stretch there."""
    full = [i for i in operands if node.inputs[i].ndim]
    rank = node.inputs[full[0]].ndim if full else 0
    return [[(i, axis) for i in full if node.inputs[i].type.shape[axis] != 1] for axis in range(rank)]


def _check_broadcast(node: Apply, arrays: Sequence[np.ndarray]) -> None:
    unknown = iter(arrays[1:])
    for axis, (n, length) in enumerate(zip(node.op.shape, node.inputs[0].type.shape, strict=True)):
        wanted = int(next(unknown)) if n is None else n
        if length != 1 and arrays[0].shape[axis] != wanted:
            raise ShapeError(
                f"{node.op}: axis {axis} has length {arrays[0].shape[axis]}; it cannot become {wanted}, "
                "because only an axis whose type says 1 stretches"
            )
