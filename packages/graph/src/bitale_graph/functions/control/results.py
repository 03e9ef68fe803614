"""What a loop gives, by what it is."""

from __future__ import annotations

from dataclasses import dataclass

from bitale_graph.variable import Apply, Variable


@dataclass(frozen=True)
class Results:
    """What a loop gives: the last carries, the number of steps it took, and what it collected."""

    last: list[Variable]
    taken: Variable
    collected: list[Variable]

    @classmethod
    def of(cls, node: Apply) -> Results:
        """The outputs of a Scan."""
        count, conditional = node.op.carries, node.op.conditional
        taken = node.outputs[count] if conditional else node.inputs[0]
        return cls(list(node.outputs[:count]), taken, list(node.outputs[count + conditional :]))
