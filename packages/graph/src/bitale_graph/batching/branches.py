"""Batching of branches: a branch of batches where one condition is for all, else a choice element by element."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.batching.operands import Lanes, Operand, filled, over
from bitale_graph.functions.control.branch import branch
from bitale_graph.functions.control.build import step_variable
from bitale_graph.functions.control.capture import captured
from bitale_graph.ops.elementwise import equal, greater_equal, less_equal, where
from bitale_graph.variable import Apply, Variable


def batch_branch(node: Apply, operands: Sequence[Operand], lanes: Lanes) -> list[Variable]:
    """The outputs of a branch for every element of the batch.

    Where the condition differs from one element to the next, all bodies are computed for all elements.
    """
    from bitale_graph.batching import batch_operands

    number, *given = operands
    since = step_variable().serial
    rows = []
    for k, body in enumerate(node.op.bodies):
        own = lanes.among(_takes(number.variable, k, len(node.op.bodies))) if number.batched else lanes
        results = batch_operands(body.outputs, dict(zip(body.inputs, given, strict=True)), own)
        rows.append([filled(result, lanes.length) for result in results])
    if number.batched:
        return [_chosen(number.variable, column) for column in zip(*rows, strict=True)]
    bodies = [
        captured([], row, body.name, lambda v: v.serial < since) for row, body in zip(rows, node.op.bodies, strict=True)
    ]
    return list(branch(number.variable, bodies).outputs)


def _takes(number: Variable, k: int, count: int) -> Variable:
    """Which elements take the body with number k of `count`."""
    if k == 0:
        return less_equal(number, 0)
    return greater_equal(number, k) if k == count - 1 else equal(number, k)


def _chosen(number: Variable, values: Sequence[Variable]) -> Variable:
    """Element by element the value with that number; below 0 the first, beyond the end the last."""
    *others, result = values
    for k, value in reversed(list(enumerate(others))):
        result = where(over(less_equal(number, k), value), value, result)
    return result
