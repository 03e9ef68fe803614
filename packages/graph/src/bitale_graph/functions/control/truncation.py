"""Truncated gradients: a loop in two pieces, of which derivatives go through the last one only."""

from __future__ import annotations

from bitale_graph.errors import ArgumentError
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.control.pieces import counted, piece
from bitale_graph.functions.control.results import Results
from bitale_graph.functions.joining import concatenate
from bitale_graph.ops.control import StopGradient
from bitale_graph.ops.elementwise import equal
from bitale_graph.ops.elementwise import where as choose
from bitale_graph.sizes import size_minimum, size_subtract, size_value
from bitale_graph.variable import Apply


def truncated(what: str, node: Apply, kept: int) -> Results:
    """The results of a loop, through whose last `kept` steps derivatives go (-1: through all)."""
    if not isinstance(kept, int) or kept < -1:
        raise ArgumentError(f"{what}: truncate_gradient is a number of steps, or -1 for all, not {kept!r}")
    if kept == -1:
        return Results.of(node)
    whole = counted(node)
    length = size_value(whole.inputs[0])
    last = size_minimum(kept, length)
    first = size_subtract(length, last)
    if isinstance(first, int) and first == 0:
        return Results.of(node)
    stop = StopGradient()
    carries = whole.op.split(whole.inputs)[1]
    head = Results.of(piece(whole, 0, first, [stop(v) for v in carries]))
    untouched = as_variable(equal(first, 0))  # where no step is left out, derivatives go on to the first values
    middle = [choose(untouched, v, stop(u)) for v, u in zip(carries, head.last, strict=True)]
    tail = Results.of(piece(whole, first, last, middle))
    joined = [concatenate([stop(a), b]) for a, b in zip(head.collected, tail.collected, strict=True)]
    return Results(tail.last, Results.of(node).taken, joined)
