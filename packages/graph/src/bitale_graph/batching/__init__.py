"""Batching: an expression of one array becomes one of many, stacked along a new leading axis, with no loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitale_graph.batching import (
    contraction,
    control,
    elementwise,
    fft,
    indexing,
    movement,
    random,
    reduction,
    routines,
    windows,
)
from bitale_graph.batching.operands import Batch, Lanes, Operand, filled
from bitale_graph.batching.ragged import RAGGED
from bitale_graph.composite import Renaming, Step, inline
from bitale_graph.graph import toposort
from bitale_graph.laziness import lazily
from bitale_graph.ops.control import Composite
from bitale_graph.ops.movement import Dimension
from bitale_graph.origin import made_at
from bitale_graph.shapes import shape_of
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

BATCHING: RuleTable[Batch] = RuleTable[Batch]("batching").merged(
    elementwise.BATCHING,
    movement.BATCHING,
    windows.BATCHING,
    reduction.BATCHING,
    contraction.BATCHING,
    indexing.BATCHING,
    control.BATCHING,
    random.BATCHING,
    fft.BATCHING,
    routines.BATCHING,
)


def batch(outputs: Sequence[Variable], stacked: Mapping[Variable, Variable]) -> list[Variable]:
    """`outputs` for every element of `stacked`: variables and what replaces them, with one leading axis more.

    The results have that axis in front too. Composites are opened. Raises MissingRule for an op that has no rule, and
    for one whose lengths would differ along the batch.
    """
    length = shape_of(next(iter(stacked.values())))[0]
    results = batch_operands(outputs, {old: Operand(new, True) for old, new in stacked.items()}, Lanes(length))
    return [filled(result, length) for result in results]


def batch_operands(outputs: Sequence[Variable], given: Mapping[Variable, Operand], lanes: Lanes) -> list[Operand]:
    """`outputs` in which other operands stand for the variables `given`, and whether they have the batch axis."""
    found, outputs = dict(given), lazily(outputs, given)
    pending: list[Step] = list(reversed(toposort(outputs, stop=given)))
    while pending:
        step = pending.pop()
        if isinstance(step, Renaming):
            found.update((old, _look_up(found, new)) for old, new in zip(step.outputs, step.inner, strict=True))
        elif any(v in found for v in step.inputs):
            if isinstance(step.op, Composite):
                inner = inline(step)
                pending.append(Renaming(step.outputs, inner))
                pending.extend(reversed(toposort(inner, stop=step.inputs)))
            else:
                found.update(zip(step.outputs, _batched(step, found, lanes), strict=True))
    return [_look_up(found, v) for v in outputs]


def _look_up(found: Mapping[Variable, Operand], v: Variable) -> Operand:
    return found.get(v, Operand(v, False))


def _batched(node: Apply, found: Mapping[Variable, Operand], lanes: Lanes) -> list[Operand]:
    operands = [_look_up(found, v) for v in node.inputs]
    with made_at(node.origin):
        if not any(operand.batched for operand in operands):
            return [Operand(v, False) for v in Apply(node.op, [o.variable for o in operands]).outputs]
        if isinstance(node.op, Dimension):
            (x,), axis = operands, node.op.axis
            if x.lengths is not None and axis == x.axis:
                return [Operand(x.lengths, True)]
            return [Operand(Dimension(axis + 1)(x.variable), False)]
        rule = (BATCHING if all(x.lengths is None for x in operands) else RAGGED)[node.op]
        return [Operand(v, True) if isinstance(v, Variable) else v for v in rule(node, operands, lanes)]
