"""Lengths that are numbers of the user's: which are surely not negative, and which are known before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bitale_graph.dtypes import INTEGERS
from bitale_graph.graph import Graph, toposort
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.elementwise import FUNCTIONS, Elementwise
from bitale_graph.ops.fft import Irfft
from bitale_graph.ops.movement import Broadcast, Dimension, Iota, Pad, Reshape, SetSlice
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops.integers import ADD, MAXIMUM, MINIMUM, MULTIPLY
from bitale_rewrite.loops.ir import Call, Literal, Value

# How many inputs of an op stand in front of its lengths.
ARRAYS: dict[type, int] = {Broadcast: 1, Reshape: 1, Iota: 0, Pad: 2, Irfft: 1}
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


def settled(graph: Graph) -> list[Apply]:
    """The nodes of `graph` whose lengths follow from those of its inputs, and from inputs that are integers.

    Not those that only a branch needs: it may not be taken.
    """
    always = _always_needed(graph)
    needed = {n: [m for m in _lengths_around(n) if isinstance(m, Variable)] for n in graph.nodes if n in always}
    wanted = dict.fromkeys(n for lengths in needed.values() for n in lengths)
    known: set[Variable] = {v for v in graph.inputs if v.ndim == 0 and v.dtype in INTEGERS}
    given = set(graph.inputs)
    for node in toposort(list(wanted)):
        if isinstance(node.op, Dimension):
            found = node.inputs[0] in given
        else:
            scalars = isinstance(node.op, Elementwise) and node.outputs[0].ndim == 0
            found = scalars and all(v in known or isinstance(v, Constant) for v in node.inputs)
        if found:
            known.update(node.outputs)
    return [node for node, lengths in needed.items() if all(n in known or isinstance(n, Constant) for n in lengths)]


def _always_needed(graph: Graph) -> set[Apply]:
    """The nodes that the outputs need whichever branches are taken."""
    found: set[Apply] = set()
    pending = list(graph.outputs)
    while pending:
        node = pending.pop().owner
        if node is not None and node not in found:
            found.add(node)
            pending += node.inputs[:1] if isinstance(node.op, Branch) else node.inputs
    return found


def _lengths_around(node: Apply) -> Iterator[int | Variable]:
    """The lengths of a node's operands and results, and those that it takes as inputs."""
    for v in (*node.inputs, *node.outputs):
        yield from shape_of(v)
    yield from node.inputs[2:] if isinstance(node.op, SetSlice) else lengths_given(node)
    yield from node.inputs[:1] if isinstance(node.op, Scan) else ()
