"""Frames: what loops count and carry, named before anything is lowered, so that the lengths of arrays can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bitale_graph.errors import ShapeError, explain
from bitale_graph.graph import Graph
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.ops.indexing import Nonzero
from bitale_graph.ops.movement import Dimension
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.bodies import Bodies, elements
from bitale_rewrite.loops.integers import ONE
from bitale_rewrite.loops.ir import Buffer, Call, Load, Name, Value
from bitale_rewrite.loops.notes import note
from bitale_rewrite.loops.reader import Reader
from bitale_rewrite.loops.sizes import Sizes
from bitale_rewrite.loops.storage import INLINE, is_computed
from bitale_rewrite.loops.values import everything_in

SUBTRACT = FUNCTIONS["subtract"]
ADVICE = "Take a part of fixed length in every step, or mask with where."


@dataclass(eq=False)
class Frame:
    """A loop's index, the number of its step, how many steps there are at most, its carries, how many ran."""

    index: Name
    step: Value
    extent: Value
    carries: list[Buffer]
    count: Name | None


class Frames:
    """The frames of all loops, and the lengths that depend on which body of a branch runs."""

    def __init__(self, bodies: Bodies, sizes: Sizes, reader: Reader, unique: Callable[[str], str]) -> None:
        self.bodies = bodies
        self.sizes = sizes
        self.reader = reader
        self.unique = unique
        self.loops: dict[Apply, Frame] = {}
        self.lengths: dict[Apply, list[tuple[Name, tuple[Value, ...]]]] = {}
        self._in_loop = False

    def declare(self, graph: Graph) -> None:
        """Name what is counted and found while `graph` runs, inside its loops and branches, too."""
        for v in [*computed_lengths(graph), *self._lengths_inside(graph)]:
            if v in self.reader.lengths:
                continue  # computed around the loop
            if isinstance(v.owner.op, Scan) and v.owner.op.conditional and v.index == v.owner.op.carries:  # type: ignore[union-attr]
                continue  # the number of steps taken has a name
            self.reader.lengths[v] = self._found(v.name or "length")
        for node in graph.nodes:
            if isinstance(node.op, Nonzero):
                self.sizes.known.update(dict.fromkeys(node.outputs, (self._found("found"),)))
            elif isinstance(node.op, Scan):
                self._loop(node)
            elif isinstance(node.op, Branch):
                self._branch(node)

    def _lengths_inside(self, graph: Graph) -> list[Variable]:
        """The numbers of steps of loops inside loops that `graph` itself computes."""
        own, found = set(graph.nodes), []
        pending = [body for node in graph.nodes if node in self.bodies for body in self.bodies[node]]
        while pending:
            for node in pending.pop().nodes:
                if isinstance(node.op, Scan) and node.inputs[0].owner in own and is_computed(node.inputs[0]):
                    found.append(node.inputs[0])
                if node in self.bodies and node not in own:
                    pending.extend(self.bodies[node])
        return found

    def settle(self) -> None:
        """Lengths that turned out to be equal go by one name."""
        for frame in self.loops.values():
            for buffer in frame.carries:
                buffer.shape = tuple(self.sizes.representative(n) for n in buffer.shape)

    def _found(self, name: str) -> Name:
        """A name for a length that is known only when the function runs."""
        found = Name(self.unique(name))
        self.sizes.found.add(found)
        return found

    def _loop(self, node: Apply) -> None:
        op, (body,) = node.op, self.bodies[node]
        assert isinstance(op, Scan)
        length, firsts, _, _ = op.split(node.inputs)
        step, *inputs = body.inputs
        before = set(self.sizes.found)
        index, extent = self._found(step.name or "step"), self.reader.scalar(length)
        number: Value = index
        if op.reverse:
            last = self.sizes.names.short(integers.size_call(SUBTRACT, (extent, ONE), "int64"))
            number = Call(SUBTRACT, (last, index), "int64")
        carries = [self._carry(v, first) for v, first in zip(inputs, firsts, strict=False)]
        count = self._found("taken") if op.conditional else None
        self.loops[node] = Frame(index, number, extent, carries, count)
        self.reader.values[step] = number
        if count is not None:
            self.reader.values[node.outputs[op.carries]] = count
        around, self._in_loop = self._in_loop, True
        self.declare(body)
        self._in_loop = around
        inside: set[Value | Buffer] = {*carries, *(self.sizes.found - before)}
        for new in body.outputs[: op.carries]:
            self._outside(new, inside)
        for v, element in zip(node.outputs[op.carries + op.conditional :], elements(op, body), strict=True):
            self.sizes.known[v] = (count or extent, *self._outside(element, inside))

    def _carry(self, v: Variable, first: Variable) -> Buffer:
        shape = self.sizes(first)
        self.sizes.known[v] = shape
        kind = "moving" if shape else "temporary"
        self.reader.buffers[v] = Buffer(self.unique(v.name or "carry"), v.dtype, shape, kind, note=note(v))
        return self.reader.buffers[v]

    def _outside(self, element: Variable, inside: set[Value | Buffer]) -> tuple[Value, ...]:
        """The lengths of what a loop carries or collects, which must not depend on anything `inside`."""
        found = self.sizes(element)
        if any(v in inside or (isinstance(v, Load) and v.buffer in inside) for v in everything_in(found)):
            problem = "scan: what a loop carries or collects must have one shape in all steps"
            raise ShapeError(explain(problem, [element], ADVICE))
        return found

    def _branch(self, node: Apply) -> None:
        """Lengths on which the bodies do not agree are those of the body that runs; inside a loop they must agree."""
        opened = self.bodies[node]
        for body in opened:
            self.declare(body)
        for number, v in enumerate(node.outputs):
            axes = enumerate(zip(*[self.sizes(body.outputs[number]) for body in opened], strict=True))
            lengths = [self._length(node, f"axis {axis} of result {number}", choices) for axis, choices in axes]
            self.sizes.known[v] = tuple(lengths)

    def _length(self, node: Apply, what: str, choices: tuple[Value, ...]) -> Value:
        """One length of the result of a branch, whose bodies give it one of `choices`."""
        length = choices[-1]
        if all(n == length for n in choices):
            return length
        if self._in_loop:
            for other in choices[:-1]:
                self.sizes.require_equal(choices[-1], other, node, what)
            return self.sizes.representative(length)
        name = self._found("length")
        self.lengths.setdefault(node, []).append((name, choices))
        return name


def computed_lengths(graph: Graph) -> list[Variable]:
    """The scalars that lengths depend on and that are there only when something has run: the largest element of an
    array, or an element of one that is computed.
    """
    inside = set(graph.nodes)
    shapes = [shape_of(v) for node in graph.nodes for v in node.outputs]
    stack = [n for shape in shapes for n in shape if isinstance(n, Variable)]
    seen: dict[Variable, bool] = {}
    while stack:
        v = stack.pop()
        if v in seen or v.owner is None or isinstance(v.owner.op, Dimension):
            continue
        seen[v] = v.owner in inside and v.ndim == 0 and (not isinstance(v.owner.op, INLINE) or _is_element(v))
        if not seen[v]:
            stack.extend(v.owner.inputs)
    steps = [node.inputs[0] for node in graph.nodes if isinstance(node.op, Scan) and is_computed(node.inputs[0])]
    return list(dict.fromkeys([*(v for v, found in seen.items() if found), *steps]))


def _is_element(v: Variable) -> bool:
    """Whether a scalar is read out of what is computed, so that it has no value before that."""
    stack, seen = [v], set()
    if v.owner is None or isinstance(v.owner.op, Elementwise):
        return False  # its operands have names, if need be
    while stack:
        v = stack.pop()
        if v in seen or v.owner is None or isinstance(v.owner.op, Dimension):
            continue
        if not isinstance(v.owner.op, INLINE):
            return True
        seen.add(v)
        stack.extend(v.owner.inputs)
    return False
