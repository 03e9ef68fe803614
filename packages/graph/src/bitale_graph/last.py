"""The last element that a loop collects, where it is the last carry: then nothing has to be collected for it."""

from __future__ import annotations

from bitale_graph.ops.control import Check, Scan
from bitale_graph.ops.movement import Concatenate, Reshape, Slice, Squeeze
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sizes import Size, size_subtract
from bitale_graph.variable import Apply, Variable


def last_carry(node: Apply) -> Variable | None:
    """The last carry of a loop, if `node` is collected[-1] of a new carry; a check that there is a step stays."""
    if not isinstance(node.op, Squeeze) or node.op.axes != (0,):
        return None
    last = _last_carry(node.inputs[0].owner)
    return last if last is not None and last.type == node.outputs[0].type else None


def _last_carry(node: Apply | None) -> Variable | None:
    if node is None or not isinstance(node.op, Slice):
        return None
    whole = node.inputs[0]
    last = _state(whole)
    if last is None:
        return None
    op: Scan = last.owner.op  # type: ignore[union-attr, assignment]
    bounds, rank = unknown_inputs((*node.op.starts, *node.op.lengths, *node.op.steps), node.inputs[1:]), whole.ndim
    starts, lengths, steps = bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]
    full = zip(starts[1:], lengths[1:], steps[1:], shape_of(whole)[1:], strict=True)
    if lengths[0] != 1 or not all(s == 0 and step == 1 and same_size(n, m) for s, n, step, m in full):
        return None
    check = starts[0].owner if isinstance(starts[0], Variable) else None
    at: Size = check.inputs[0] if check is not None and isinstance(check.op, Check) else starts[0]
    end: Size = 0 if op.reverse else size_subtract(shape_of(whole)[0], 1)
    if (op.reverse and op.conditional) or not same_size(at, end):
        return None
    return check.op(last, *check.inputs[1:]) if check is not None and isinstance(check.op, Check) else last


def _state(whole: Variable) -> Variable | None:
    """The last carry of a loop that collects its states in `whole`."""
    node = whole.owner
    if node is None:
        return None
    if isinstance(node.op, Concatenate) and node.op.axis == 0 and len(node.inputs) == 2:
        return _state_of_segments(*node.inputs)
    if not isinstance(node.op, Scan) or whole.index < node.op.carries + node.op.conditional:
        return None
    carried, value = node.op.body.outputs[: node.op.carries], node.op.body.outputs[whole.index]
    return node.outputs[carried.index(value)] if value in carried else None


def _state_of_segments(segments: Variable, rest: Variable) -> Variable | None:
    """The last carry where a loop of loops collects the first steps, and a loop that goes on from there the rest.

    If that takes no step, its last carry is the first one, which is the last of the segments.
    """
    last = _state(rest)
    if last is None or last.owner is None or last.owner.op.reverse or last.owner.op.conditional:
        return None
    first, joined = last.owner.inputs[1 + last.index], segments.owner
    if joined is None or not isinstance(joined.op, Reshape) or first.owner is not joined.inputs[0].owner:
        return None
    outer = first.owner
    if outer is None or not isinstance(outer.op, Scan) or outer.op.reverse or outer.op.conditional:
        return None
    results = outer.op.body.outputs
    return last if _state(results[joined.inputs[0].index]) is results[first.index] else None
