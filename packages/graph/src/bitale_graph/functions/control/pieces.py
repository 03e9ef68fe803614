"""Loops in pieces: some of the steps of a loop, and the steps that a loop with a condition took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bitale_graph.functions.control.taps import strip
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Scan
from bitale_graph.sizes import Size, size_subtract, size_variable
from bitale_graph.variable import Apply, Variable


def piece(node: Apply, start: Size, count: Size, carries: Sequence[Variable]) -> Apply:
    """The steps start, ..., start + count - 1 of a loop, which begins with `carries`; a condition is left out."""
    _, _, sequences, _ = node.op.split(node.inputs)
    return part(node, start, count, carries, [strip(x, start, count) for x in sequences])


def part(
    node: Apply, start: Size, count: Size, carries: Sequence[Variable], sequences: Sequence[Variable]
) -> Apply:
    """The same, of which also the sequences are given."""
    op: Scan = node.op  # type: ignore[assignment]
    *_, fixed = op.split(node.inputs)
    body, further = _without_condition(op), []
    step = body.inputs[0]
    if step in body.uses and not (isinstance(start, int) and start == 0):
        number, offset = (Variable(step.type, name=name) for name in ("step", "start"))
        outputs = substitute(body.outputs, {step: number + offset})
        body, further = Graph([number, *body.inputs[1:], offset], outputs, body.name), [size_variable(start)]
    op = replace(op, body=body, conditional=False)
    return Apply(op, (size_variable(count), *carries, *sequences, *fixed, *further))


def counted(node: Apply) -> Apply:
    """A loop without a condition that does the steps which the loop `node` took: all other outputs are the same."""
    op: Scan = node.op  # type: ignore[assignment]
    if not op.conditional:
        return node
    length, carries, _, _ = op.split(node.inputs)
    taken = node.outputs[op.carries]
    return piece(node, size_subtract(length, taken) if op.reverse else 0, taken, carries)


def _without_condition(op: Scan) -> Graph:
    outputs = op.body.outputs
    return Graph(op.body.inputs, [*outputs[: op.carries], *outputs[op.carries + op.conditional :]], op.body.name)
