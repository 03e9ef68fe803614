"""The variables of a loop's body by what they are, each with what it stands for outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.dtypes import is_differentiable
from bitale_graph.graph import toposort
from bitale_graph.ops.control import Scan
from bitale_graph.ops.movement import Dimension
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_variable
from bitale_graph.variable import Apply, Variable

Pairs = dict[Variable, Variable]


@dataclass(frozen=True)
class Parts:
    """Inside -> outside: carries with their first values, slices with their sequences, fixed values."""

    step: Variable
    carries: Pairs
    slices: Pairs
    fixed: Pairs

    @classmethod
    def of(cls, node: Apply) -> Parts:
        """The parts of a Scan's node."""
        op: Scan = node.op  # type: ignore[assignment]
        step, *inside = op.split(op.body.inputs)
        _, *outside = op.split(node.inputs)
        return cls(step, *(dict(zip(a, b, strict=True)) for a, b in zip(inside, outside, strict=True)))

    @property
    def all(self) -> Pairs:
        """All but the step, in the order of the loop's inputs."""
        return self.carries | self.slices | self.fixed

    @property
    def differentiable(self) -> list[Variable]:
        """The body's variables that can have derivatives."""
        return [v for v in self.all if is_differentiable(v.dtype)]

    def sizes(self, outputs: Sequence[Variable]) -> Pairs:
        """The lengths of carries and slices that `outputs` ask for, each with what it is outside."""
        found: Pairs = {}
        for node in toposort(outputs):
            if isinstance(node.op, Dimension):
                (x,), axis = node.inputs, node.op.axis
                if x in self.carries:
                    found[node.outputs[0]] = size_variable(shape_of(self.carries[x])[axis])
                elif x in self.slices:
                    found[node.outputs[0]] = size_variable(shape_of(self.slices[x])[axis + 1])
        return found
