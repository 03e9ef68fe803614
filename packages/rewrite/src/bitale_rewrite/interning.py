"""Hash-consing: one node per op and inputs, so that equal expressions are one object."""

from __future__ import annotations

from collections.abc import Hashable

from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Composite
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.variable import Apply, Constant, Op, Variable

SMALL = 1024  # constants of at most this many bytes are compared by value, larger ones by identity


class Interner:
    """The nodes met so far. A node met first is its own representative: nothing is copied without need."""

    def __init__(self) -> None:
        self._nodes: dict[Hashable, Apply] = {}
        self._constants: dict[Hashable, Constant] = {}

    def constant(self, constant: Constant) -> Constant:
        """The representative of all constants with the same dtype, shape and bytes."""
        data = constant.data
        if data.nbytes > SMALL:
            return constant
        return self._constants.setdefault((constant.type, data.tobytes()), constant)

    def node(self, like: Apply, inputs: tuple[Variable, ...], op: Op | None = None) -> Apply:
        """The representative of `like`'s op, or of `op`, applied to `inputs` (representatives themselves)."""
        op = retyped(op or like.op, inputs)
        key = _key(op, inputs)
        found = self._nodes.get(key)
        if found is None:
            found = like if inputs == like.inputs and op is like.op else _copy(like, op, inputs)
            self._nodes[key] = found
        return found


def _key(op: Op, inputs: tuple[Variable, ...]) -> Hashable:
    """Operands of commutative functions stand in order of creation: the same in every run."""
    if len(inputs) == 2 and type(op) is Elementwise and op.function.commutative and inputs[1].serial < inputs[0].serial:
        inputs = (inputs[1], inputs[0])
    return (op, inputs)


def _copy(like: Apply, op: Op, inputs: tuple[Variable, ...]) -> Apply:
    node = Apply(op, inputs, like.origin)
    for new, old in zip(node.outputs, like.outputs, strict=True):
        new.name = old.name
        if new.origin is None:
            new.origin = old.origin
    return node


def retyped(op: Op, inputs: tuple[Variable, ...]) -> Op:
    """`op`, or for a composite whose inputs got more precise types: the composite of those types."""
    if type(op) is not Composite or all(v.type is b.type for v, b in zip(inputs, op.body.inputs, strict=True)):
        return op
    fresh = [Variable(v.type, name=b.name, origin=b.origin) for v, b in zip(inputs, op.body.inputs, strict=True)]
    outputs = substitute(op.body.outputs, dict(zip(op.body.inputs, fresh, strict=True)))
    return Composite(op.label, op.key, Graph(fresh, outputs, op.body.name))
