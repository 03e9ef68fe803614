"""Sizes: the lengths of every variable as values, which of them must agree, and the checks that they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bitale_graph.errors import MatrixShapeError, MissingRule, ShapeError, explain
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import NO_STEPS, Branch, Check, Scan
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.fft import Irfft
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import Broadcast, Concatenate, Reshape, SetSlice, Squeeze
from bitale_graph.routine import Routine
from bitale_graph.shapes import shape_of, unknown_inputs
from bitale_graph.sizes import size_add, size_divide, size_value
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.bodies import Bodies
from bitale_rewrite.loops.contraction import Product
from bitale_rewrite.loops.failure import Failure
from bitale_rewrite.loops.increments import Increment, parts
from bitale_rewrite.loops.integers import EQUAL, LESS_EQUAL, ONE, ZERO, integer, product
from bitale_rewrite.loops.ir import Call, Literal, Load, Require, Value
from bitale_rewrite.loops.lengths import is_length, lengths_given, settled
from bitale_rewrite.loops.name_sizes import SizeNames
from bitale_rewrite.loops.values import parts as value_parts

Scalar = Callable[[Variable], Value]


class Sizes:
    """`sizes(v)` are the lengths of v's axes. Lengths that a checked program must have equal are one value here."""

    def __init__(self, unique: Callable[[str], str], failures: list[Failure]) -> None:
        self.scalar: Scalar = _unset
        self.names = SizeNames(unique)
        self.known: dict[Variable, tuple[Value, ...]] = {}
        self.requirements: list[Require] = []  # of lengths that are known when the function starts
        self.late: dict[Apply, list[Require]] = {}  # of lengths that are found on the way: checked before the op
        self.found: set[Value] = set()  # the names of such lengths
        self.failures = failures  # of the whole program, those of its procedures included
        self._equal: dict[Value, Value] = {}
        self._lengths: set[Value] = set()  # known not to be negative

    def __call__(self, variable: Variable) -> tuple[Value, ...]:
        found = self.known.get(variable)
        if found is None:
            mixed = shape_of(variable)
            if any(isinstance(n, Variable) and n.owner and variable in n.owner.inputs for n in mixed):
                raise MissingRule(f"no shape rule for `{variable.owner and variable.owner.op}`")
            found = tuple(integer(n) if isinstance(n, int) else self.scalar(n) for n in mixed)
            self.known[variable] = found
        if not self._equal:
            return found
        return tuple(self.representative(n) for n in found)

    def representative(self, size: Value) -> Value:
        """The value that stands for all sizes known to equal `size`."""
        while size in self._equal:
            size = self._equal[size]
        return size

    def require_equal(self, a: Value, b: Value, node: Apply, what: str) -> None:
        """Make `a` and `b` one size, checked when the function runs; lengths found on the way stay themselves."""
        a, b = self.representative(a), self.representative(b)
        if a == b:
            return
        error = MatrixShapeError if isinstance(node.op, Routine) and not isinstance(node.op, Irfft) else ShapeError
        required = Require(Call(EQUAL, (a, b), "bool"), self.fail(error, _mismatch(node, what), node), (a, b))
        if self._is_late(a) or self._is_late(b):
            self.late.setdefault(node, []).append(required)
            return
        self.requirements.append(required)
        if isinstance(b, Literal) or (not isinstance(a, Literal) and self.names.is_given(b)):
            a, b = b, a  # a literal or the length of an input represents the others
        self._equal[b] = a

    def require_length(self, n: Value, node: Apply, problem: str = "a length is {0}, and none can be negative") -> None:
        """Make sure, when the function runs, that a length is not negative."""
        n = self.representative(n)
        if n in self._lengths or is_length(n, self._is_length, self.names.definitions.get):
            return
        self._lengths.add(n)
        message = explain(f"{node.op.name}: {problem}", node.inputs)
        required = Require(Call(LESS_EQUAL, (ZERO, n), "bool"), self.fail(ShapeError, message, node), (n,))
        if self._is_late(n):
            self.late.setdefault(node, []).append(required)
        else:
            self.requirements.append(required)

    def _is_length(self, name: Value) -> bool:
        return self.names.is_given(name) or name in self._lengths

    def _is_late(self, size: Value) -> bool:
        """Whether a size is not known when the function starts."""
        stack = [size]
        while stack:
            value = stack.pop()
            if value in self.found or (isinstance(value, Load) and value.buffer.kind != "input"):
                return True
            stack.extend(value_parts(value))
        return False

    def fail(self, error: type[Exception], message: str, node: Apply) -> int:
        """The code under which the error is reported, with the line of the user's that made `node`."""
        problem, *rest = message.split("\n")
        place = [f"  while computing {node.op.name} at {node.origin}"] if node.origin else []
        self.failures.append(Failure(error, "\n".join([problem, *place, *rest])))
        return len(self.failures)

    def constrain(self, graph: Graph, bodies: Bodies) -> None:
        """Record every equality that the ops of `graph` rely on and types do not already prove, and that lengths are
        not negative.

        Loops are looked into; what a branch relies on holds only where it runs.
        """
        for node in graph.nodes:
            rule = CONSTRAINTS.find(node.op)
            if rule is not None:
                for a, b, what in rule(self, node):
                    self.require_equal(a, b, node, what)
            for n in lengths_given(node):
                self.require_length(self.scalar(n), node)
            if isinstance(node.op, Scan):
                (body,) = bodies[node]
                self._require_steps(node)
                for a, b, what in _loop(self, node, body):
                    self.require_equal(a, b, node, what)
                self.constrain(body, bodies)

    def constrain_written(self, graph: Graph) -> None:
        """Record what `graph` relies on as the user wrote it: arrays must fit even where rewriting found that no result
        needs them. Only lengths that are known when the function starts are looked at.
        """
        for node in settled(graph):
            rule = CONSTRAINTS.find(node.op)
            if rule is not None:
                for a, b, what in rule(self, node):
                    self.require_equal(a, b, node, what)
            for n in lengths_given(node):
                self.require_length(self.scalar(n), node)
            if isinstance(node.op, Scan):
                self._require_steps(node)

    def _require_steps(self, node: Apply) -> None:
        """A loop takes no negative number of steps. What the user gives is checked with a message that says more."""
        steps = node.inputs[0]
        if steps.owner is None or not isinstance(steps.owner.op, Check):
            self.require_length(self.scalar(steps), node, NO_STEPS)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is required within holds only there."""
        equal, lengths, requirements = self._equal, self._lengths, self.requirements
        self._equal, self._lengths, self.requirements = dict(equal), set(lengths), []
        yield
        self._equal, self._lengths, self.requirements = equal, lengths, requirements


def _unset(variable: Variable) -> Value:
    raise RuntimeError("Sizes.scalar is set by the lowering")


def _mismatch(node: Apply, what: str) -> str:
    arrays = [v for v in node.inputs if v.ndim]
    if isinstance(node.op, Reshape):
        return explain("reshape: {1} elements do not fill a shape of {0}", arrays)
    if isinstance(node.op, Squeeze):
        return explain(f"squeeze: {what} has length {{1}}, and only axes of length {{0}} can be dropped", arrays)
    if isinstance(node.op, Irfft):
        return explain("irfft: so many points come of {1} elements, not of {0}", arrays)
    if isinstance(node.op, Routine):
        return explain(f"{node.op.name}: {what} has the lengths {{0}} and {{1}}", arrays)
    if isinstance(node.op, (Scan, Branch)):
        return explain(f"{node.op}: {what} has length {{0}} in one place and {{1}} in another", arrays)
    return explain(
        f"{node.op.name}: {what} has length {{0}} in one operand and {{1}} in another",
        arrays,
        "An axis stretches only where its length is statically 1: use x[:, None], expand_dims or broadcast_to.",
    )


Pairs = Iterator[tuple[Value, Value, str]]


def _elementwise(sizes: Sizes, node: Apply) -> Pairs:
    yield from _stretching(sizes, [v for v in node.inputs if v.ndim])


def _stretching(sizes: Sizes, operands: list[Variable]) -> Pairs:
    """Lengths agree wherever they are not statically 1."""
    if len(operands) < 2:
        return
    for axis in range(operands[0].ndim):
        unknown = any(v.type.shape[axis] is None for v in operands)
        lengths = [sizes(v)[axis] for v in operands if v.type.shape[axis] != 1] if unknown else []
        for other in lengths[1:]:
            yield lengths[0], other, f"axis {axis}"


def _contract(sizes: Sizes, node: Apply) -> Pairs:
    assert isinstance(node.op, Contract)
    yield from _contracted(sizes, node.op, *node.inputs)


def _contracted(sizes: Sizes, op: Contract, left: Variable, right: Variable) -> Pairs:
    lengths = dict(zip(op.left, sizes(left), strict=True))
    for label, n in zip(op.right, sizes(right), strict=True):
        if label in lengths:
            yield lengths[label], n, f"axis `{label}` of {op.left},{op.right}->{op.result}"


def _product(sizes: Sizes, node: Apply) -> Pairs:
    left, right, *bias = node.inputs
    yield from _contracted(sizes, node.op.contraction, left, right)
    for row in bias:
        yield sizes(node.outputs[0])[-1], sizes(row)[-1], f"axis {node.outputs[0].ndim - 1}"


def _accumulated(sizes: Sizes, node: Apply) -> Pairs:
    """The product is well formed, and has the shape of the base."""
    assert isinstance(node.op, Accumulated)
    op, (base, _, left, right) = node.op.contraction, node.inputs
    yield from _contracted(sizes, op, left, right)
    lengths = dict(zip(op.left + op.right, (*sizes(left), *sizes(right)), strict=True))
    for axis, (label, n) in enumerate(zip(op.result, sizes(base), strict=True)):
        yield n, lengths[label], f"axis {axis}"


def _concatenate(sizes: Sizes, node: Apply) -> Pairs:
    for axis in range(node.inputs[0].ndim):
        if axis != node.op.axis:
            for v in node.inputs[1:]:
                yield sizes(node.inputs[0])[axis], sizes(v)[axis], f"axis {axis}"


def _broadcast(sizes: Sizes, node: Apply) -> Pairs:
    for axis, (old, new) in enumerate(zip(sizes(node.inputs[0]), sizes(node.outputs[0]), strict=True)):
        if node.inputs[0].type.shape[axis] != 1:
            yield old, new, f"axis {axis}"


def _squeeze(sizes: Sizes, node: Apply) -> Pairs:
    for axis in node.op.axes:
        yield ONE, sizes(node.inputs[0])[axis], f"axis {axis}"


def _reshape(sizes: Sizes, node: Apply) -> Pairs:
    if not (node.inputs[0].type.is_static and node.outputs[0].type.is_static):
        yield product(sizes(node.outputs[0])), product(sizes(node.inputs[0])), "the number of elements"


def _set_slice(sizes: Sizes, node: Apply | _Written) -> Pairs:
    op, rank = node.op, len(node.op.starts)
    bounds = unknown_inputs((*op.starts, *op.lengths, *op.steps), node.inputs[2:])
    for axis, (n, m) in enumerate(zip(bounds[rank : 2 * rank], sizes(node.inputs[1]), strict=True)):
        yield integer(n) if isinstance(n, int) else sizes.scalar(n), m, f"axis {axis} of the place written to"


def _gather(sizes: Sizes, node: Apply) -> Pairs:
    yield from _stretching(sizes, list(node.inputs[1:]))


def _scatter(sizes: Sizes, node: Apply | _Written) -> Pairs:
    x, updates, *indices = node.inputs
    yield from _stretching(sizes, indices)
    batch = [max((sizes(i)[axis] for i in indices), key=lambda n: n != ONE) for axis in range(indices[0].ndim)]
    rest = [n for axis, n in enumerate(sizes(x)) if axis not in node.op.axes]
    for axis, (place, n) in enumerate(zip([*batch, *rest], sizes(updates), strict=True)):
        yield place, n, f"axis {axis} of the place written to"


def _increment(sizes: Sizes, node: Apply) -> Pairs:
    """Each write fits the base, and is well formed itself."""
    base = node.inputs[0]
    for write, inputs in parts(node):
        for axis, (n, m) in enumerate(zip(sizes(base), sizes(inputs[0]), strict=True)):
            yield n, m, f"axis {axis}"
        yield from (_scatter if isinstance(write, Scatter) else _set_slice)(sizes, _Written(write, inputs))


def _loop(sizes: Sizes, node: Apply, body: Graph) -> Pairs:
    """Sequences have an element for each step, and carries keep their lengths."""
    length, carries, sequences, _ = node.op.split(node.inputs)
    for number, v in enumerate(sequences):
        yield sizes.scalar(length), sizes(v)[0], f"sequence {number}"
    for number, (first, new) in enumerate(zip(carries, body.outputs, strict=False)):
        for axis, (n, m) in enumerate(zip(sizes(first), sizes(new), strict=True)):
            yield n, m, f"axis {axis} of carry {number}"


@dataclass
class _Written:
    """A write as the node it was."""

    op: SetSlice | Scatter
    inputs: tuple[Variable, ...]


def _routine(sizes: Sizes, node: Apply) -> Pairs:
    """Each label has one length, and so has each axis of the batch."""
    for what, _, places in node.op.agreements([v.ndim for v in node.inputs]):
        lengths = [sizes(node.inputs[number])[axis] for number, axis in places]
        for other in lengths[1:]:
            yield lengths[0], other, what


def _irfft(sizes: Sizes, node: Apply) -> Pairs:
    n = size_value(shape_of(node.outputs[0])[-1])
    half = size_add(size_divide(n, 2), 1)
    yield sizes(node.inputs[0])[-1], integer(half) if isinstance(half, int) else sizes.scalar(half), "the transform"


CONSTRAINTS: RuleTable[Callable[[Sizes, Apply], Pairs]] = RuleTable("constraint", {
    Elementwise: _elementwise, Contract: _contract, Product: _product, Concatenate: _concatenate, Broadcast: _broadcast,
    Accumulated: _accumulated, Squeeze: _squeeze, Reshape: _reshape, SetSlice: _set_slice, Gather: _gather,
    Scatter: _scatter, Increment: _increment, Routine: _routine, Irfft: _irfft,
})
