"""Pullbacks of reads and writes through index arrays."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_autodiff.rules.tables import Contributions, Pullback
from bitale_autodiff.shaping import conj, full_like, zeros_like
from bitale_graph.functions import cast
from bitale_graph.functions.ranges import iota
from bitale_graph.functions.reshaping import reshape
from bitale_graph.ops.elementwise import add, equal, logical_and, maximum, minimum, multiply, where
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import ExpandDims, Iota
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.sizes import size_product
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable

PULLBACKS: RuleTable[Pullback] = RuleTable("pullback")


@PULLBACKS.register(Gather)
def _gather(node: Apply, g: Variable) -> Contributions:
    x, *indices = node.inputs
    return [Scatter(node.op.axes, add)(zeros_like(x), g, *indices), *[None] * len(indices)]


@PULLBACKS.register(Scatter)
def _scatter(node: Apply, g: Variable) -> Contributions:
    rules = {None: _set, add: _add, multiply: _multiply, maximum: _extremum, minimum: _extremum}
    _, _, *indices = node.inputs
    return [*rules[node.op.function](node, g), *[None] * len(indices)]


def _set(node: Apply, g: Variable) -> Contributions:
    """What was overwritten, and what was overwritten later by another update, has no influence."""
    x, updates, *indices = node.inputs
    axes = node.op.axes

    def to_updates() -> Variable:
        read = Gather(axes)(g, *indices)
        if are_distinct(indices):
            return read
        number = _numbers(updates, indices[0].ndim)
        last = Scatter(axes, None)(full_like(x, 0, "int64"), number, *indices)
        return where(equal(Gather(axes)(last, *indices), number), read, 0)

    return [lambda: Scatter(axes, None)(g, zeros_like(updates), *indices), to_updates]


def _numbers(updates: Variable, rank: int) -> Variable:
    """Which update an element belongs to: 0, 1, 2, ... over the first `rank` axes, with the shape of `updates`."""
    sizes = shape_of(updates)
    number = reshape(iota(size_product(sizes[:rank])), sizes[:rank])
    rest = tuple(range(rank, updates.ndim))
    return broadcast(ExpandDims(rest)(number) if rest else number, sizes)


def are_distinct(indices: Sequence[Variable]) -> bool:
    """Whether it is seen that no place is read or written twice: one index, a or what nonzero found."""
    if all(index.ndim == 0 or set(index.type.shape) == {1} for index in indices):
        return True
    owners = {index.owner for index in indices}
    if len(owners) == 1 and len(indices) == len(set(indices)):
        (owner,) = owners
        return owner is not None and isinstance(owner.op, (Iota, Nonzero)) and len(indices) == len(owner.outputs)
    return any(index.ndim == 1 and index.owner is not None and isinstance(index.owner.op, Iota) for index in indices)


def _add(node: Apply, g: Variable) -> Contributions:
    _, _, *indices = node.inputs
    return [g, lambda: Gather(node.op.axes)(g, *indices)]


def _multiply(node: Apply, g: Variable) -> Contributions:
    """An update of 0 gets the product of the others if it is the only 0 of its place.

    Second derivatives to two updates of one place are exact unless both are 0.
    """
    x, updates, *indices = node.inputs
    axes = node.op.axes

    def at(array: Variable) -> Variable:
        return Gather(axes)(array, *indices)

    def product(values: Variable) -> Variable:
        return Scatter(axes, multiply)(full_like(x, 1), values, *indices)

    def to_updates() -> Variable:
        scaled = at(g * conj(x))
        if are_distinct(indices):
            return scaled
        zero = equal(updates, 0)
        nonzero = where(zero, 1, updates)
        zeros = Scatter(axes, add)(full_like(x, 0, "int64"), cast(zero, "int64"), *indices)
        alone = logical_and(zero, equal(at(zeros), 1))
        others = where(zero, where(alone, at(product(nonzero)), 0), at(product(updates)) / nonzero)
        return scaled * conj(others)

    return [lambda: g * conj(product(updates)), to_updates]


def _extremum(node: Apply, g: Variable) -> Contributions:
    """The elements of x and the updates that are equal to the extremum of their place share g evenly."""
    (x, updates, *indices), (z,), axes = node.inputs, node.outputs, node.op.axes
    kept, chosen = equal(x, z), equal(updates, Gather(axes)(z, *indices))
    share = g / Scatter(axes, add)(cast(kept, g.dtype), cast(chosen, g.dtype), *indices)
    return [lambda: where(kept, share, 0), lambda: where(chosen, Gather(axes)(share, *indices), 0)]
