"""Lengths that are numbers of the user's: which of them are surely not negative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.movement import Broadcast, Iota, Pad, Reshape
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops.integers import ADD, MAXIMUM, MINIMUM, MULTIPLY
from bitale_rewrite.loops.ir import Call, Literal, Value

ARRAYS: dict[type, int] = {Broadcast: 1, Reshape: 1, Iota: 0, Pad: 2}  # inputs of an op in front of its lengths
MONOTONE = (ADD, MULTIPLY, MINIMUM, FUNCTIONS["floor_divide"])  # of numbers that are not negative, neither is theirs


def lengths_given(node: Apply) -> tuple[Variable, ...]:
    """The lengths (or widths of padding) that a node takes as inputs."""
    first = ARRAYS.get(type(node.op))
    return () if first is None else node.inputs[first:]


def is_length(value: Value, known: Callable[[Value], bool], definition: Callable[[Value], Any]) -> bool:
    """Whether a value is surely not negative: `known` says so of names, `definition` gives what a name stands for."""
    stack = [value]
    while stack:
        v = stack.pop()
        v = definition(v) or v
        if isinstance(v, Literal):
            if v.number < 0:
                return False
        elif isinstance(v, Call) and v.function in MONOTONE:
            stack.extend(v.operands)
        elif isinstance(v, Call) and v.function is MAXIMUM:
            if not any(known(o) or (isinstance(o, Literal) and o.number >= 0) for o in v.operands):
                return False
        elif not known(v):
            return False
    return True
