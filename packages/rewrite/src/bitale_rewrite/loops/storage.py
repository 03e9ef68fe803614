"""Storage: which arrays get memory. Everything else is computed where it is read.

Stored are results, what only a loop of its own can compute (reductions, writes), what a library call or a reshape
needs in memory, and what is dear and read more than once. To change how things fuse, change this set.
"""

from __future__ import annotations

from bitale_graph.graph import Graph
from bitale_graph.ops.control import Check, StopGradient
from bitale_graph.ops.elementwise import CASTS, FUNCTIONS, Elementwise, Function
from bitale_graph.ops.indexing import Gather
from bitale_graph.ops.movement import (
    Broadcast,
    Diagonal,
    Dimension,
    ExpandDims,
    Iota,
    Reshape,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.contraction import is_gemm

INLINE = (Elementwise, Broadcast, ExpandDims, Squeeze, Transpose, Slice, Diagonal, Iota, Dimension, Gather,
          StopGradient, Check)
CHEAP = 6  # operations that cost less to repeat than to store and load
LARGEST = 1200  # cost of one scalar expression: C compilers slow down on longer ones

_MODERATE = ("true_divide", "sqrt", "reciprocal", "floor_divide", "remainder", "fmod", "floor", "ceil", "trunc", "rint")
_LIGHT = (
    *("add", "subtract", "multiply", "negative", "absolute", "square", "maximum", "minimum", "fmax", "fmin", "where"),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"),
    *("logical_xor", "logical_not", "isnan", "isinf", "isfinite", "signbit", "sign", "bitwise_and", "bitwise_or"),
    *("bitwise_xor", "invert", "left_shift", "right_shift", "clip", "copysign", "real", "imag", "conjugate"),
    *("identity", "make_complex"),
)
COSTS: dict[Function, int] = (
    {FUNCTIONS[name]: 1 for name in _LIGHT}
    | {FUNCTIONS[name]: 4 for name in _MODERATE}
    | dict.fromkeys(CASTS.values(), 1)
)
DEAR = 20  # exponentials, logarithms, powers and the like


def stored(graph: Graph) -> set[Variable]:
    """The variables of `graph` that get memory (inputs and constant arrays have theirs already)."""
    result = {v for v in graph.outputs if v.owner is not None}
    for node in graph.nodes:
        if not isinstance(node.op, INLINE):
            result.update(node.outputs)
            if is_gemm(node) or isinstance(node.op, (Reshape, Accumulated)):
                operands = node.inputs[2:] if isinstance(node.op, Accumulated) else node.inputs
                result.update(v for v in operands if v.owner is not None and v.ndim)
    _close_views(graph, result)
    many = _read_by_many(graph, result)
    stretched = _stretched(graph)
    cost: dict[Variable, int] = {}
    for node in graph.nodes:
        for v in node.outputs:
            cost[v] = _own_cost(node.op) + sum(
                1 if u in result or u.owner is None else cost[u] for u in node.inputs
            )
            if cost[v] > LARGEST or (cost[v] > CHEAP and (v in many or v in stretched)):
                result.add(v)
    return result


def _close_views(graph: Graph, result: set[Variable]) -> None:
    """What a stored view shows must be stored itself."""
    for node in reversed(graph.nodes):
        if isinstance(node.op, (ExpandDims, Squeeze)) and node.outputs[0] in result:
            if node.inputs[0].owner is not None:
                result.add(node.inputs[0])


def _own_cost(op: object) -> int:
    if isinstance(op, Elementwise):
        return COSTS.get(op.function, DEAR)
    return 2 if isinstance(op, Gather) else 0


def _read_by_many(graph: Graph, result: set[Variable]) -> set[Variable]:
    """Variables that more than one stored variable is computed from directly (through inlined ones)."""
    roots: dict[Variable, set[int]] = {}
    for node in reversed(graph.nodes):
        own = set().union(*(roots.get(v, ()) for v in node.outputs))
        if any(v in result for v in node.outputs):
            own = {id(node)}
        for v in node.inputs:
            mine = roots.setdefault(v, set())
            if len(mine) < 2:
                mine.update(own)
    return {v for v, found in roots.items() if len(found) > 1}


def _stretched(graph: Graph) -> set[Variable]:
    """Variables that a larger array repeats: reading them there would compute them again and again."""
    result = set()
    for node in graph.nodes:
        if isinstance(node.op, (Elementwise, Broadcast)):
            target = node.outputs[0].type
            result.update(
                v for v in node.inputs[:1] if isinstance(node.op, Broadcast) and v.type.shape != target.shape
            )
            if isinstance(node.op, Elementwise):
                result.update(v for v in node.inputs if v.ndim < target.ndim or _stretches(v, target.shape))
        elif isinstance(node.op, Gather):
            result.add(node.inputs[0])
    return {v for v in _through_views(result) if not isinstance(v, Constant)}


def _stretches(v: Variable, shape: tuple[int | None, ...]) -> bool:
    return any(n == 1 and m != 1 for n, m in zip(v.type.shape, shape, strict=True))


def _through_views(variables: set[Variable]) -> set[Variable]:
    """The variables and what they are only another view of."""
    result = set()
    for v in variables:
        while v.owner is not None and isinstance(v.owner.op, (ExpandDims, Squeeze, Transpose, Broadcast, Slice)):
            v = v.owner.inputs[0]
        result.add(v)
    return result
