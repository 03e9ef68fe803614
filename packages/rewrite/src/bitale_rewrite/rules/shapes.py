"""Lengths that turn out to be constants become parameters of the ops, so that types are as precise as they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bitale_graph.ops.elementwise import Function, greater_equal, less, maximum
from bitale_graph.ops.movement import Broadcast, Dimension, Iota, Pad, Reshape, SetSlice, Slice, Transpose
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import size_variable
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_rewrite.pattern import Wild
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule
from bitale_rewrite.samples import array


def _number(n: int) -> Constant:
    return Constant(np.asarray(n, "int64"))


def _sized() -> Iterator[Variable]:
    yield Broadcast((None, 3))(array(1, 3), _number(4))
    yield Reshape((None, None))(array(2, 3), _number(3), _number(2))
    yield Slice((None,), (None,), (1,))(array(5), _number(1), _number(3))
    yield Slice((None,), (None,), (1,))(array(5), _number(1), _number(1))
    yield SetSlice((None,), (2,), (1,))(array(5), array(2), _number(1))
    yield Pad((None,), (0,))(array(5), array(), _number(2))
    yield Iota(None)(_number(5))


@rewrites(Broadcast, Reshape, Slice, SetSlice, Pad, Iota, name="known lengths are parameters", samples=_sized)
def static_lengths(node: Apply) -> Replacement:
    """op(x, 3) -> op{3}(x). A length of 1 stays an input: an axis that is statically 1 would stretch."""
    fields = [_as_tuple(getattr(node.op, field)) for field in FIELDS[type(node.op)]]
    lengths = [(n, _is_length(node.op, k)) for k, field in enumerate(fields) for n in field]
    base = len(node.inputs) - sum(n is None for n, _ in lengths)
    unknown = iter(node.inputs[base:])
    found: list[int | None] = []
    inputs = list(node.inputs[:base])
    for n, is_length in lengths:
        size = next(unknown) if n is None else None
        if isinstance(size, Constant) and not (is_length and size.data == 1):
            n = int(size.data)
        elif size is not None:
            inputs.append(size)
        found.append(n)
    return None if len(inputs) == len(node.inputs) else _with_lengths(node.op, found)(*inputs)


def _is_length(op: Op, field: int) -> bool:
    """Whether a field of the op becomes a length of the result's type."""
    return field == 1 if isinstance(op, Slice) else not isinstance(op, (SetSlice, Pad))


FIELDS: dict[type[Op], tuple[str, ...]] = {
    Broadcast: ("shape",),
    Reshape: ("shape",),
    Slice: ("starts", "lengths", "steps"),
    SetSlice: ("starts", "lengths", "steps"),
    Pad: ("before", "after"),
    Iota: ("length",),
}


def _as_tuple(value: int | tuple[int | None, ...] | None) -> tuple[int | None, ...]:
    return value if isinstance(value, tuple) else (value,)


def _with_lengths(op: Op, lengths: list[int | None]) -> Op:
    if isinstance(op, Iota):
        return Iota(lengths[0])
    names = FIELDS[type(op)]
    rank = len(lengths) // len(names)
    return type(op)(*[tuple(lengths[k * rank : (k + 1) * rank]) for k in range(len(names))])


length = Wild("n", ("int64",), lambda v: v.owner is not None and isinstance(v.owner.op, Dimension))


def _of_a_length(function: Function) -> Callable[[], list[Variable]]:
    return lambda: [function(Dimension(0)(array(None)), 0)]


def _dimensions() -> Iterator[Variable]:
    x = array(None, 3)
    yield Dimension(1)(Transpose((1, 0))(x))
    yield Dimension(1)(x)


@rewrites(Dimension, name="the length of an axis", samples=_dimensions)
def dimension(node: Apply) -> Replacement:
    """A length follows from the lengths of the inputs; the array is not computed."""
    x = node.inputs[0]
    n = shape_of(x)[node.op.axis]
    if isinstance(n, Variable) and n.owner is not None and n.owner.op == node.op and n.owner.inputs[0] is x:
        return None
    return size_variable(n)


SHAPES: tuple[Rule, ...] = (
    dimension,
    static_lengths,
    rule(maximum(length, 0), length, samples=_of_a_length(maximum)),
    rule(less(length, 0), False, samples=_of_a_length(less)),
    rule(greater_equal(length, 0), True, samples=_of_a_length(greater_equal)),
)
