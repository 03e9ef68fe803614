"""Opening loops and branches: their bodies in terms of the variables around them, which then are read like any others.

A slice of a sequence becomes `Row(sequence, step)`: an index map. So what is done to sequences element by element fuses
with the body, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.movement import Broadcast, Slice
from bitale_graph.origin import made_at
from bitale_graph.same_size import same_size
from bitale_graph.shapes import SHAPES, shape_of, unknown_inputs
from bitale_graph.sizes import size_variable
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Op, Variable

Bodies = dict[Apply, list[Graph]]


@dataclass(frozen=True)
class Row(Op):
    """x[i] for an i that is in range. Inputs: x, i (an int64 scalar)."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0].with_shape(inputs[0].shape[1:]),)


SHAPES.add(Row, lambda node: [shape_of(node.inputs[0])[1:]])


def open_bodies(graph: Graph, prepare: Callable[[Graph], Graph]) -> Bodies:
    """The bodies of all loops and branches of `graph`, and of those inside them, each after the one around it.

    A body's inputs are its step and carries, if it is a loop's, and then variables from around it.
    """
    found: Bodies = {}
    pending = [graph]
    while pending:
        for node in pending.pop().nodes:
            if isinstance(node.op, (Scan, Branch)):
                opened = _opened_loop(node) if isinstance(node.op, Scan) else _opened_branch(node)
                found[node] = [prepare(body) for body in opened]
                pending.extend(found[node])
    return found


def _opened_loop(node: Apply) -> list[Graph]:
    op = node.op
    assert isinstance(op, Scan)
    _, _, sequences, fixed = op.split(node.inputs)
    step, carries, slices, rest = op.split(op.body.inputs)
    own = [Variable(v.type, name=v.name, origin=v.origin) for v in (step, *carries)]
    replaced = dict(zip((step, *carries), own, strict=True))
    with made_at(node.origin):
        replaced |= {v: _as_declared(Row()(x, own[0]), v.type) for v, x in zip(slices, sequences, strict=True)}
        replaced |= {v: _as_declared(x, v.type) for v, x in zip(rest, fixed, strict=True)}
    kept = [v for k, v in enumerate(op.body.outputs) if k - op.carries - op.conditional not in shared_rows(op)]
    return [Graph([*own, *_around(node)], substitute(kept, replaced), op.body.name)]


def shared_rows(op: Scan) -> dict[int, int]:
    """Which collected arrays are new carries, too: the carry's number. One array in memory is both."""
    carried = {v: k for k, v in enumerate(op.body.outputs[: op.carries]) if v.ndim and v.owner is not None}
    collected = enumerate(op.body.outputs[op.carries + op.conditional :])
    return {number: carried.pop(v) for number, v in collected if v in carried}


def _opened_branch(node: Apply) -> list[Graph]:
    opened = []
    for body in node.op.bodies:
        with made_at(node.origin):
            replaced = {v: _as_declared(x, v.type) for v, x in zip(body.inputs, node.inputs[1:], strict=True)}
        opened.append(Graph(_around(node), substitute(body.outputs, replaced), body.name))
    return opened


def _around(node: Apply) -> list[Variable]:
    return list(dict.fromkeys(v for v in node.inputs if not isinstance(v, Constant)))


def _as_declared(x: Variable, wanted: TensorType) -> Variable:
    """`x`, without the knowledge that an axis has length 1 where the body does not count on it: it would stretch."""
    hidden = [n == 1 and m is None for n, m in zip(x.type.shape, wanted.shape, strict=True)]
    if not any(hidden):
        return x
    shape = tuple(None if hide else n for n, hide in zip(x.type.shape, hidden, strict=True))
    lengths = [size_variable(n) for n, m in zip(shape_of(x), shape, strict=True) if m is None]
    return Broadcast(shape)(x, *lengths)


def elements(op: Scan, body: Graph) -> list[Variable]:
    """What one step of an opened loop adds to each collected array."""
    shared, own = shared_rows(op), iter(body.outputs[op.carries + op.conditional :])
    return [body.outputs[shared[number]] if number in shared else next(own) for number in range(op.collected)]


def is_prefix(node: Apply) -> bool:
    """Whether a node is x[:n], whose elements lie together where x does."""
    if not isinstance(node.op, Slice):
        return False
    x, rank = node.inputs[0], node.inputs[0].ndim
    bounds = unknown_inputs((*node.op.starts, *node.op.lengths, *node.op.steps), node.inputs[1:])
    starts, lengths, steps = bounds[:rank], bounds[rank : 2 * rank], bounds[2 * rank :]
    whole = all(same_size(n, m) for n, m in zip(lengths[1:], shape_of(x)[1:], strict=True))
    return rank > 0 and whole and all(s == 0 for s in starts) and all(s == 1 for s in steps)
