"""What a loop's derivative keeps of the loop: values that are dear to compute are saved, cheap ones computed again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from bitale_graph.graph import ancestors, toposort
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.movement import (
    Broadcast,
    Dimension,
    ExpandDims,
    Iota,
    Reshape,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Apply, Constant, Variable

MOVEMENTS = (Broadcast, Dimension, ExpandDims, Iota, Reshape, Slice, Squeeze, Transpose)

# Functions that cost no more than reading their result from memory.
CHEAP = {
    row.add, row.subtract, row.multiply, row.negative, row.absolute, row.sign, row.square, row.maximum, row.minimum,
    row.clip, row.where, row.equal, row.not_equal, row.less, row.less_equal, row.greater, row.greater_equal,
    row.logical_and, row.logical_or, row.logical_xor, row.logical_not, row.identity, row.isnan, row.isinf,
    row.isfinite, row.signbit, row.real, row.imag, row.conjugate, row.make_complex, *row.CASTS.values(),
}  # fmt: skip


def is_cheap(node: Apply) -> bool:
    """Whether a value is computed again rather than kept."""
    return isinstance(node.op, MOVEMENTS) or (isinstance(node.op, Elementwise) and node.op.function in CHEAP)


def read_by(outputs: Sequence[Variable], adjoint: Iterable[Variable]) -> list[Variable]:
    """The values that expressions of the variables `adjoint` read besides these and what is made of them."""
    inside = set(adjoint)
    read: dict[Variable, None] = {}
    for node in toposort(outputs, stop=inside):
        if any(v in inside for v in node.inputs):
            inside.update(node.outputs)
            read.update(dict.fromkeys(v for v in node.inputs if not isinstance(v, Constant)))
    read.update(dict.fromkeys(v for v in outputs if not isinstance(v, Constant)))
    return [v for v in read if v not in inside]


def varies(v: Variable, fixed: Container[Variable]) -> bool:
    """Whether a value of a loop's body may have another shape in every step; what is `fixed` is the same in all."""
    stack, seen = [n for n in shape_of(v) if isinstance(n, Variable)], set[Variable]()
    while stack:
        u = stack.pop()
        if u in seen or u in fixed or isinstance(u, Constant):
            continue
        seen.add(u)
        if u.owner is None or (isinstance(u.owner.op, Dimension) and u.owner.inputs[0].owner is not None):
            return True
        if not isinstance(u.owner.op, Dimension):
            stack.extend(u.owner.inputs)
    return False


def to_save(
    read: Sequence[Variable], available: Iterable[Variable], fixed: Container[Variable], nothing: bool = False
) -> list[Variable]:
    """Which of the values behind `read` are kept, so that all of these follow cheaply from them and from `available`.

    A cheap value is kept, too, where two or more would have to be kept in its place. A value whose shape varies from
    step to step is computed again, such as what a while loop inside collected. With `nothing` only variables
    without an owner are kept: all else is computed again.
    """

    def is_kept(v: Variable) -> bool:
        return v.owner is None or not (is_cheap(v.owner) or varies(v, fixed))

    known = set(available)
    if nothing:
        behind = (v for v in ancestors(read, stop=known) if v.owner is None and v not in known)
        return [v for v in behind if not isinstance(v, Constant)]
    saved = dict.fromkeys(v for v in read if v not in known and v.owner is not None and is_kept(v))
    for v in read:
        if v in known or v in saved:
            continue
        further = [u for u in _roots(v, known | set(saved), is_kept) if u not in saved]
        saved.update(dict.fromkeys(further if len(further) < 2 or varies(v, fixed) else [v]))
    return list(saved)


def _roots(v: Variable, stop: set[Variable], is_kept: Callable[[Variable], bool]) -> list[Variable]:
    """What must be kept for v to follow from it and from `stop`."""
    stack, seen = [v], set()
    found: dict[Variable, None] = {}
    while stack:
        u = stack.pop()
        if u in seen or u in stop or isinstance(u, Constant):
            continue
        seen.add(u)
        if u.owner is None or is_kept(u):
            found[u] = None
        else:
            stack.extend(u.owner.inputs)
    return list(found)
