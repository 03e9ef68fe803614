"""The last element that a loop collects, where it is the last carry: then nothing has to be collected for it."""

from __future__ import annotations

from bitale_graph.ops.control import Check, Scan
from bitale_graph.ops.movement import Slice, Squeeze
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
    whole, loop = node.inputs[0], node.inputs[0].owner
    if loop is None or not isinstance(loop.op, Scan) or whole.index < loop.op.carries + loop.op.conditional:
        return None
    op, carried = loop.op, loop.op.body.outputs[: loop.op.carries]
    value = op.body.outputs[whole.index]
    if value not in carried:
        return None
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
    last = loop.outputs[carried.index(value)]
    return check.op(last, *check.inputs[1:]) if check is not None and isinstance(check.op, Check) else last
