"""Checkpoints: a loop of loops, whose derivative keeps what is carried from one inner loop to the next.

The inner loop is computed again when derivatives flow through it. With segments of about the square root of the number
of steps, memory grows with that root and a gradient costs one more forward loop (Griewank and Walther, Evaluating
Derivatives, 2nd edition, chapter 12).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bitale_graph.errors import ArgumentError
from bitale_graph.functions.apply import cast
from bitale_graph.functions.control.capture import captured
from bitale_graph.functions.control.pieces import counted, part, piece
from bitale_graph.functions.control.results import Results
from bitale_graph.functions.control.taps import strip
from bitale_graph.functions.joining import concatenate
from bitale_graph.functions.reshaping import reshape
from bitale_graph.ops.control import Scan
from bitale_graph.ops.elementwise import ceil, sqrt
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import (
    Size,
    size_divide,
    size_maximum,
    size_multiply,
    size_subtract,
    size_value,
    size_variable,
)
from bitale_graph.types import SCALAR_SIZE
from bitale_graph.variable import Apply, Variable


def segmented(where: str, node: Apply, every: Any) -> Results:
    """The results of a loop, cut into inner loops of `every` steps ("sqrt": as many as there are inner loops).

    None leaves the loop as it is. One that ends by a condition runs once more to see how many steps it takes. Raises
    ArgumentError for what is no number of steps.
    """
    if every is None:
        return Results.of(node)
    if every != "sqrt" and (not isinstance(every, int) or every < 1):
        raise ArgumentError(f"{where}: checkpoint is 'sqrt' or a number of steps above 0, not {every!r}")
    whole = counted(node)
    length = size_value(whole.inputs[0])
    inner = _root(length) if every == "sqrt" else every
    count = size_divide(length, inner)
    done = size_multiply(count, inner)
    left = size_subtract(length, done)
    carries = whole.op.split(whole.inputs)[1]
    if whole.op.reverse:  # the last steps are done first
        rest = Results.of(piece(whole, done, left, carries))
        outer = _outer(whole, count, inner, rest.last)
        last, pairs = outer.last, zip(outer.collected, rest.collected, strict=True)
    else:
        outer = _outer(whole, count, inner, carries)
        rest = Results.of(piece(whole, done, left, outer.last))
        last, pairs = rest.last, zip(outer.collected, rest.collected, strict=True)
    return Results(last, Results.of(node).taken, [concatenate([a, b]) for a, b in pairs])


def _root(length: Size) -> Size:
    if isinstance(length, int):
        return max(1, math.isqrt(max(length - 1, 0)) + 1)
    return size_maximum(cast(ceil(sqrt(cast(length, "float64"))), "int64"), 1)


def _outer(node: Apply, count: Size, inner: Size, carries: Sequence[Variable]) -> Results:
    """The first count * inner steps of a loop as a loop of loops; what is collected has one axis for both."""
    op: Scan = node.op  # type: ignore[assignment]
    sequences = [
        reshape(strip(x, 0, size_multiply(count, inner)), (count, inner, *shape_of(x)[1:]))
        for x in op.split(node.inputs)[2]
    ]
    step = Variable(SCALAR_SIZE, name="segment")
    inside = [Variable(c.type, name=c.name) for c in op.body.inputs[1 : 1 + op.carries]]
    slices = [Variable(x.type.with_shape(x.type.shape[1:])) for x in sequences]
    outputs = part(node, step * inner, inner, inside, slices).outputs
    body, fixed = captured([step, *inside, *slices], outputs, op.body.name)
    loop = Scan(body, op.carries, op.sequences, False, op.reverse, recompute=True)
    found = Results.of(Apply(loop, (size_variable(count), *carries, *sequences, *fixed)))
    joined = [reshape(y, (size_multiply(count, inner), *shape_of(y)[2:])) for y in found.collected]
    return replace(found, collected=joined)
