"""Storage: which arrays get memory. Everything else is computed where it is read.

Stored are results, what only a loop of its own can compute (reductions, writes), what a library call or a reshape
needs in memory, and what is dear and read more than once. To change how things fuse, change this set.
"""

from __future__ import annotations

from collections.abc import Collection

from bitale_graph.dtypes import SIZE
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Scan, StopGradient
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.indexing import Gather, Scatter
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
from bitale_graph.routine import Routine
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.bodies import Bodies, Row
from bitale_rewrite.loops.contraction import Product
from bitale_rewrite.loops.costs import COSTS, DEAR
from bitale_rewrite.loops.increments import Increment, parts
from bitale_rewrite.loops.procedures import Called

INLINE = (Elementwise, Broadcast, ExpandDims, Squeeze, Transpose, Slice, Diagonal, Iota, Dimension, Gather,
          StopGradient, Check, Row)
CHEAP = 6  # operations that cost less to repeat than to store and load
REPEATED = 3  # the same, of a value that outer loops repeat: more than this is worth a small array
LARGEST = 1200  # cost of one scalar expression: C compilers slow down on longer ones


def stored(graph: Graph, bodies: Bodies, replacing: Collection[int] = ()) -> set[Variable]:
    """The variables of `graph`, and of the bodies inside it, that get memory (inputs and constants have theirs).

    Outputs in `replacing` are to overwrite an input. What is added to places of it is worked out before, since it may
    read the input elsewhere.
    """
    result: set[Variable] = set()
    for opened in reversed(bodies.values()):  # the innermost first: they say what they need of what is around them
        for body in opened:
            _choose(body, bodies, result)
    for number in replacing:
        node = graph.outputs[number].owner
        if node is not None:
            written = [node.inputs[1]] if isinstance(node.op, Scatter) else []
            written += [inputs[1] for _, inputs in parts(node)] if isinstance(node.op, Increment) else []
            result.update(v for v in written if v.owner is not None)
    _choose(graph, bodies, result)
    return result


def _choose(graph: Graph, bodies: Bodies, result: set[Variable]) -> None:
    """Add the variables of one graph to `result`, which has what the bodies inside it need."""
    result.update(v for v in graph.outputs if v.owner is not None)
    for node in graph.nodes:
        if not isinstance(node.op, INLINE):
            result.update(node.outputs)
            if isinstance(node.op, (Product, Reshape, Accumulated)):
                operands = node.inputs[2:] if isinstance(node.op, Accumulated) else node.inputs
                result.update(v for v in operands if v.owner is not None and v.ndim)
            elif isinstance(node.op, Called):
                result.update(v for v in node.inputs if v.owner is not None)
            elif isinstance(node.op, Routine):
                result.update(v for v in node.inputs if v.owner is not None and v.ndim)
    _close_views(graph, result)
    many = _read_by_many(graph, result)
    limits = _stretched(graph)
    for node in graph.nodes:
        if node in bodies:
            _read_inside(node, bodies[node], limits)
    cost: dict[Variable, int] = dict.fromkeys(graph.inputs, 1)  # a load, if of a stored variable
    for node in graph.nodes:
        for v in node.outputs:
            free = isinstance(node.op, Dimension)
            loaded = [0 if free or isinstance(u, Constant) else 1 for u in node.inputs]
            below = [n if u in result or u.owner is None else cost[u] for u, n in zip(node.inputs, loaded)]
            below = [1 if n and _is_hoisted(u, v) else n for u, n in zip(node.inputs, below)]
            is_size = v.ndim == 0 and v.dtype in (SIZE, "bool") and not any(below)  # computed once for all kernels
            cost[v] = 0 if is_size else _own_cost(node.op) + sum(below)
            limit = min(CHEAP if v in many else LARGEST, limits.get(v, LARGEST))
            if cost[v] > limit:
                result.add(v)


def is_computed(steps: Variable) -> bool:
    """Whether the number of a loop's steps depends on more than lengths and scalar inputs: it is found on the way."""
    stack, seen = [steps], set()
    while stack:
        v = stack.pop()
        if v in seen or v.owner is None or isinstance(v.owner.op, Dimension):
            continue
        if not isinstance(v.owner.op, (Elementwise, Check)):
            return True
        seen.add(v)
        stack.extend(v.owner.inputs[:1] if isinstance(v.owner.op, Check) else v.owner.inputs)
    return False


def _read_inside(node: Apply, opened: list[Graph], limits: dict[Variable, int]) -> None:
    """What a loop or branch reads, and the cost from which that is worth memory.

    What does not change is computed once. An element of a sequence is computed where it is read, unless a loop before
    would vectorise what is dear.
    """
    if isinstance(node.op, Scan):
        length, _, sequences, fixed = node.op.split(node.inputs)
        for v in (length, *fixed):
            if v.ndim or v.dtype != SIZE or is_computed(v):  # lengths have names
                _lower(limits, v, 1)
        if is_computed(length):
            limits[length] = -1
        for v in sequences:
            _lower(limits, v, DEAR - 1 if v.ndim == 1 else LARGEST)
    for body in opened:
        for v in node.inputs:
            if len(body.uses.get(v, ())) > 1:
                _lower(limits, v, CHEAP)


def _close_views(graph: Graph, result: set[Variable]) -> None:
    """What a stored view shows must be stored itself; a result, which has memory of its own, is computed in place."""
    views = result.difference(graph.outputs)
    for node in reversed(graph.nodes):
        if isinstance(node.op, (ExpandDims, Squeeze)) and node.outputs[0] in views:
            if node.inputs[0].owner is not None:
                result.add(node.inputs[0])
                views.add(node.inputs[0])


def _is_hoisted(operand: Variable, result: Variable) -> bool:
    """Whether an operand changes only in loops outside the innermost one, before which it is computed."""
    shape, target = operand.type.shape, result.type.shape
    return len(shape) == len(target) > 0 and shape[-1] == 1 and target[-1] != 1


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


def _stretched(graph: Graph) -> dict[Variable, int]:
    """Variables that a larger array repeats, and the cost from which that is worth memory.

    Along outer axes they would be computed again and again. Along inner axes they are hoisted out of those loops; a
    loop of their own still vectorises what is dear. Scalars are hoisted out of everything.
    """
    result: dict[Variable, int] = {}
    for node in graph.nodes:
        if isinstance(node.op, (Elementwise, Broadcast)):
            target = node.outputs[0].type.shape
            for v in node.inputs[:1] if isinstance(node.op, Broadcast) else node.inputs:
                if v.ndim and _stretches(v.type.shape, target):
                    _lower(result, v, REPEATED if _repeats(v.type.shape, target) else DEAR - 1)
        elif isinstance(node.op, Contract):
            for v in node.inputs:
                if v.ndim < len(set(node.op.left + node.op.right)):
                    _lower(result, v, REPEATED if _outer(node.op, v) else DEAR - 1)
        elif isinstance(node.op, Gather):
            _lower(result, node.inputs[0], CHEAP)
    return result


def _lower(limits: dict[Variable, int], v: Variable, limit: int) -> None:
    """Note the limit of a variable and of what it is only another view of."""
    while True:
        limits[v] = min(limit, limits.get(v, limit))
        if v.owner is None or not isinstance(v.owner.op, (ExpandDims, Squeeze, Transpose, Broadcast, Slice)):
            return
        v = v.owner.inputs[0]


def _outer(op: Contract, v: Variable) -> bool:
    """Whether the loops of a contraction repeat an operand along axes outside its own."""
    labels = op.left if len(op.left) >= len(op.right) else op.right
    return labels[: v.ndim] not in (op.left, op.right)


def _stretches(shape: tuple[int | None, ...], target: tuple[int | None, ...]) -> bool:
    return any(n == 1 and m != 1 for n, m in zip(shape, target))


def _repeats(shape: tuple[int | None, ...], target: tuple[int | None, ...]) -> bool:
    """Whether an axis stretches outside one that does not."""
    stretching = [n == 1 and m != 1 for n, m in zip(shape, target)]
    last = max((axis for axis, n in enumerate(shape) if n != 1), default=-1)
    return any(stretching[: last + 1])
