"""Sums of arrays that are zero but for a part: base + set_slice(0, y) + scatter_add(0, u, i) as one op.

Gradients of slices and of indexed arrays are such arrays. Instead of filling and adding each of them, the base is
stored once and each part is added where it belongs: the gradient step of an embedding touches only the rows it read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bitale_graph.expression import FORMS
from bitale_graph.graph import Graph
from bitale_graph.infix import SUM, Operand, filled
from bitale_graph.ops.elementwise import Elementwise, add, multiply, negative, subtract
from bitale_graph.ops.indexing import Scatter
from bitale_graph.ops.movement import Broadcast, ExpandDims, SetSlice
from bitale_graph.origin import made_at
from bitale_graph.shapes import SHAPES, shape_of
from bitale_graph.types import TensorType
from bitale_graph.variable import Apply, Constant, Op, Variable

Write = SetSlice | Scatter


@dataclass(frozen=True, eq=False)
class Increment(Op):
    """base with each of `writes` added to it. Inputs: base, then those of each write (whose first is a zero array)."""

    writes: tuple[Write, ...]
    counts: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (inputs[0],)


FORMS.add(Increment, lambda node: filled("{} + ...", [Operand(node.inputs[0], SUM)], SUM))
SHAPES.add(Increment, lambda node: [shape_of(node.inputs[0])])


def parts(node: Apply) -> Iterator[tuple[Write, tuple[Variable, ...]]]:
    """Each write of an Increment with its own inputs."""
    rest = list(node.inputs[1:])
    for write, count in zip(node.op.writes, node.op.counts, strict=True):
        yield write, tuple(rest[:count])
        del rest[:count]


@dataclass
class Term:
    """One write on zeros in a sum, with what multiplies it."""

    node: Apply
    factors: list[Variable]
    minus: bool


@dataclass
class Terms:
    """A sum taken apart: plain terms with their signs, and writes on zeros."""

    base: list[tuple[Variable, bool]]
    writes: list[Term]


def gather_increments(graph: Graph) -> Graph:
    """`graph` with every sum that has such terms made an Increment."""
    absorbed: set[Apply] = set()
    sums: dict[Apply, Terms] = {}
    for node in reversed(graph.nodes):
        if node not in absorbed and _is_sum(node):
            terms = _collect(node.outputs[0], graph, absorbed)
            if terms.writes and (terms.base or len(terms.writes) > 1):
                sums[node] = terms
    return _rebuild(graph, sums) if sums else graph


def _rebuild(graph: Graph, sums: dict[Apply, Terms]) -> Graph:
    new: dict[Variable, Variable] = {}
    for node in graph.nodes:
        if node in sums:
            with made_at(node.origin):
                new[node.outputs[0]] = _build(node.outputs[0], sums[node], new)
        elif any(v in new for v in node.inputs):
            fresh = Apply(node.op, tuple(new.get(v, v) for v in node.inputs), node.origin).outputs
            for old, made in zip(node.outputs, fresh, strict=True):
                made.name = old.name
                new[old] = made
    return Graph(graph.inputs, [new.get(v, v) for v in graph.outputs], graph.name)


def _is_sum(node: Apply) -> bool:
    return isinstance(node.op, Elementwise) and node.op.function in (add, subtract) and node.outputs[0].ndim > 0


def _collect(v: Variable, graph: Graph, absorbed: set[Apply]) -> Terms:
    """The terms of a sum."""
    terms, stack = Terms([], []), [(v, False)]
    while stack:
        term, minus = stack.pop()
        node = term.owner
        alone = term is v or _read_once(term, graph)
        if node is not None and alone and _is_sum(node) and all(_full(u, term) for u in node.inputs):
            absorbed.add(node)
            first, second = node.inputs
            stack += [(second, minus != (node.op.function is subtract)), (first, minus)]
            continue
        found = _write(term, minus, graph) if alone else None
        if found is None:
            terms.base.append((term, minus))
        else:
            terms.writes.append(found)
    return terms


def _read_once(v: Variable, graph: Graph) -> bool:
    return len(graph.uses.get(v, ())) == 1 and v not in graph.outputs


def _full(u: Variable, v: Variable) -> bool:
    """Whether an operand stretches nowhere."""
    return u.ndim == v.ndim and all(n != 1 or m == 1 for n, m in zip(u.type.shape, v.type.shape))


def _write(v: Variable, minus: bool, graph: Graph) -> Term | None:
    """`v` as a write on zeros, times scalars."""
    factors: list[Variable] = []
    while v.owner is not None and isinstance(v.owner.op, Elementwise):
        function, inputs = v.owner.op.function, v.owner.inputs
        if function is negative:
            v, minus = inputs[0], not minus
        elif function is multiply and inputs[0].ndim == 0:
            factors.append(inputs[0])
            v = inputs[1]
        elif function is multiply and inputs[1].ndim == 0:
            factors.append(inputs[1])
            v = inputs[0]
        else:
            return None
        if not _read_once(v, graph):
            return None
    node = v.owner
    if node is None or not _is_zero(node.inputs[0] if node.inputs else v):
        return None
    adds = isinstance(node.op, SetSlice) or (isinstance(node.op, Scatter) and node.op.function is add)
    return Term(node, factors, minus) if adds else None


def _is_zero(v: Variable) -> bool:
    while v.owner is not None and isinstance(v.owner.op, (Broadcast, ExpandDims)):
        v = v.owner.inputs[0]
    return isinstance(v, Constant) and v.data.size > 0 and not v.data.any()


def _build(v: Variable, terms: Terms, new: dict[Variable, Variable]) -> Variable:
    """The sum as one op, in terms of the variables that are `new`."""
    inputs: list[Variable] = []
    for term in terms.writes:
        zeros, values, *rest = (new.get(u, u) for u in term.node.inputs)
        for factor in term.factors:
            values = multiply(new.get(factor, factor), values)
        inputs += [zeros, negative(values) if term.minus else values, *rest]
    total = inputs[0]
    for position, (plain, minus) in enumerate(sorted(terms.base, key=lambda signed: signed[1])):
        plain = new.get(plain, plain)
        if position == 0:
            total = negative(plain) if minus else plain
        else:
            total = subtract(total, plain) if minus else add(total, plain)
    nodes = [term.node for term in terms.writes]
    op = Increment(tuple(node.op for node in nodes), tuple(len(node.inputs) for node in nodes))  # type: ignore[misc]
    made = op(total, *inputs)
    made.name = v.name
    return made
