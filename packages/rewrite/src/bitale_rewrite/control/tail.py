"""The last few elements that a loop collects: they are carried along, and nothing else is kept."""

from __future__ import annotations

import numpy as np

from bitale_graph.functions.broadcasting import broadcast_to
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Scan
from bitale_graph.ops.movement import Concatenate, ExpandDims, Slice
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sizes import Size, size_maximum, size_minimum, size_subtract
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.control.form import Carry, Form, Told
from bitale_rewrite.sizes import slice_of

MOST, MOST_ARRAYS = 16, 4  # elements carried along: scalars in registers, arrays by copies in every step


def keep_tails(graph: Graph, told: Told) -> Graph:
    """`graph` in which a loop of which only collected[-k:] is read, for a small k, keeps k elements."""
    for node in graph.nodes:
        if isinstance(node.op, Scan) and not node.op.reverse:
            for out in node.outputs[node.op.carries + node.op.conditional :]:
                count = _kept(graph, out)
                if count:
                    return _carried(graph, node, out, count, told)
    return graph


def _kept(graph: Graph, out: Variable) -> int:
    """How many of the last elements are read; 0 where others are, or many."""
    readers = graph.uses.get(out, [])
    if not readers or out in graph.outputs:
        return 0
    counts = [_count(node, out) for node in readers]
    return max(counts) if min(counts) and max(counts) <= (MOST if out.ndim == 1 else MOST_ARRAYS) else 0


def _count(node: Apply, whole: Variable) -> int:
    """k, where `node` is whole[-k:]; else 0."""
    if not isinstance(node.op, Slice):
        return 0
    rank = whole.ndim
    bounds = unknown_inputs((*node.op.starts, *node.op.lengths, *node.op.steps), node.inputs[1:])
    starts, lengths, steps = bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]
    sizes = shape_of(whole)
    full = zip(starts[1:], lengths[1:], sizes[1:], strict=True)
    if any(step != 1 for step in steps) or not all(s == 0 and same_size(n, m) for s, n, m in full):
        return 0
    for k in range(1, MOST + 1):
        first = size_maximum(size_subtract(sizes[0], k), 0)
        if same_size(starts[0], first) and same_size(lengths[0], size_minimum(k, sizes[0])):
            return k
    return 0


def _carried(graph: Graph, node: Apply, out: Variable, count: int, told: Told) -> Graph:
    form = Form(node, node.inputs)
    (collected,) = [c for c in form.collected if c.output is out]
    form.collected.remove(collected)
    element, value = shape_of(out)[1:], collected.value
    zero = broadcast_to(Constant(np.zeros((), out.dtype)), element) if element else Constant(np.zeros((), out.dtype))
    last: list[Variable] = []
    for _ in range(count):
        carry = Carry(Variable(collected.value.type), zero, value, Variable(collected.value.type))
        form.carries.append(carry)
        last.append(carry.last)  # type: ignore[arg-type]
        value = carry.variable
    found = form.build()
    newest_last = Concatenate(0)(*[ExpandDims((0,))(found[v]) for v in reversed(last)])
    taken: Size = shape_of(out)[0] if form.taken is None else found[form.taken]
    for reader in graph.uses[out]:
        length = size_minimum(_count(reader, out), taken)
        start = size_subtract(count, length)
        part = slice_of(newest_last, [start, *(0 for _ in element)], [length, *element], [1] * out.ndim)
        found[reader.outputs[0]] = part
        told(f"of what is collected the last {count} are kept", reader, [part])
    return Graph(graph.inputs, substitute(graph.outputs, found), graph.name)
