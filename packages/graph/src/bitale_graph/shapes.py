"""Symbolic shapes: the lengths of any variable's axes as ints or int64 scalars, without computing the variable.

A rule gives the lengths of an op's outputs from its inputs; lengths known statically never ask it.
"""

from __future__ import annotations

from collections.abc import Callable

from bitale_graph.graph import Graph, ancestors, substitute, toposort
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Branch, Check, Composite, Procedure, Scan, StopGradient
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.fft import Irfft
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Diagonal,
    Dimension,
    ExpandDims,
    Iota,
    Pad,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.ops.random import Permutation
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.origin import made_at
from bitale_graph.routine import Routine
from bitale_graph.sizes import (
    Size,
    Sizes,
    size_add,
    size_maximum,
    size_minimum,
    size_sum,
    size_value,
    size_variable,
)
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Constant, Variable

SHAPES: RuleTable[Callable[[Apply], list[Sizes]]] = RuleTable("shape rule")


def shape_of(x: Variable) -> Sizes:
    """The length of each axis: an int where it is known, else an int64 scalar. O(1) once asked."""
    if x.sizes is None:
        stack = [x]
        while stack:
            if stack[-1].sizes is not None:
                stack.pop()
                continue
            wanted = [v for v in _needed(stack[-1]) if v.sizes is None]
            if wanted:
                stack.extend(wanted)
            else:
                _fill(stack.pop())
    assert x.sizes is not None
    return x.sizes


def size_of(x: Variable, axis: int) -> Size:
    """The length of one axis."""
    return shape_of(x)[axis]


def _needed(x: Variable) -> tuple[Variable, ...]:
    if x.type.is_static or x.owner is None:
        return ()
    return tuple(v for v in x.owner.inputs if v.ndim)


def _fill(x: Variable) -> None:
    if x.type.is_static:
        x.sizes = x.type.shape  # type: ignore[assignment]
        return
    with made_at(x.origin):
        rule = None if x.owner is None else SHAPES.find(x.owner.op)
        if x.owner is None or rule is None:
            x.sizes = tuple(Dimension(axis)(x) if n is None else n for axis, n in enumerate(x.type.shape))
            return
        for output, sizes in zip(x.owner.outputs, rule(x.owner), strict=True):
            known = zip(output.type.shape, sizes, strict=True)
            output.sizes = tuple(size_value(size) if n is None else n for n, size in known)


@SHAPES.register(Elementwise)
def _elementwise(node: Apply) -> list[Sizes]:
    operands = [v for v in node.inputs if v.ndim]
    return [tuple(_first_long(operands, axis) for axis in range(operands[0].ndim))]


def _first_long(operands: list[Variable], axis: int) -> Size:
    """The length on `axis` of the first operand that is not statically 1 there."""
    for v in operands:
        if v.type.shape[axis] != 1:
            return shape_of(v)[axis]
    return 1


@SHAPES.register(StopGradient, Check, Cumulate, Scatter, SetSlice)
def _as_first(node: Apply) -> list[Sizes]:
    return [shape_of(node.inputs[0])]


@SHAPES.register(ExpandDims)
def _expand_dims(node: Apply) -> list[Sizes]:
    lengths = iter(shape_of(node.inputs[0]))
    axes = node.op.axes
    return [tuple(1 if axis in axes else next(lengths) for axis in range(node.outputs[0].ndim))]


@SHAPES.register(Squeeze)
def _squeeze(node: Apply) -> list[Sizes]:
    return [tuple(n for axis, n in enumerate(shape_of(node.inputs[0])) if axis not in node.op.axes)]


@SHAPES.register(Transpose)
def _transpose(node: Apply) -> list[Sizes]:
    sizes = shape_of(node.inputs[0])
    return [tuple(sizes[axis] for axis in node.op.axes)]


def unknown_inputs(lengths: tuple[int | None, ...], inputs: tuple[Variable, ...]) -> Sizes:
    """`lengths` with each None replaced by the next of `inputs`."""
    unknown = iter(inputs)
    return tuple(next(unknown) if n is None else n for n in lengths)


@SHAPES.register(Broadcast, Reshape)
def _given(node: Apply) -> list[Sizes]:
    return [unknown_inputs(node.op.shape, node.inputs[1:])]


@SHAPES.register(Slice)
def _slice(node: Apply) -> list[Sizes]:
    rank = len(node.op.starts)
    bounds = unknown_inputs((*node.op.starts, *node.op.lengths, *node.op.steps), node.inputs[1:])
    return [bounds[rank : 2 * rank]]


@SHAPES.register(Pad)
def _pad(node: Apply) -> list[Sizes]:
    rank = len(node.op.before)
    widths = unknown_inputs((*node.op.before, *node.op.after), node.inputs[2:])
    return [tuple(size_sum(ns) for ns in zip(widths[:rank], shape_of(node.inputs[0]), widths[rank:], strict=True))]


@SHAPES.register(Concatenate)
def _concatenate(node: Apply) -> list[Sizes]:
    sizes = list(shape_of(node.inputs[0]))
    for axis in range(len(sizes)):
        lengths = [shape_of(v)[axis] for v in node.inputs]
        sizes[axis] = size_sum(lengths) if axis == node.op.axis else lengths[0]
    return [tuple(sizes)]


@SHAPES.register(Diagonal)
def _diagonal(node: Apply) -> list[Sizes]:
    op, sizes = node.op, shape_of(node.inputs[0])
    rows = size_add(sizes[op.axis1], min(op.offset, 0))
    columns = size_add(sizes[op.axis2], min(-op.offset, 0))
    length = size_maximum(size_minimum(rows, columns), 0)
    return [(*(n for axis, n in enumerate(sizes) if axis not in (op.axis1, op.axis2)), length)]


@SHAPES.register(Iota)
def _iota(node: Apply) -> list[Sizes]:
    return [unknown_inputs((node.op.length,), node.inputs)]


@SHAPES.register(Permutation)
def _permutation(node: Apply) -> list[Sizes]:
    return [(*shape_of(node.inputs[0]), *unknown_inputs((node.op.length,), node.inputs[2:]))]


@SHAPES.register(Reduce)
def _reduce(node: Apply) -> list[Sizes]:
    return [tuple(n for axis, n in enumerate(shape_of(node.inputs[0])) if axis not in node.op.axes)]


@SHAPES.register(ArgReduce)
def _arg_reduce(node: Apply) -> list[Sizes]:
    return [tuple(n for axis, n in enumerate(shape_of(node.inputs[0])) if axis != node.op.axis)]


@SHAPES.register(Contract)
def _contract(node: Apply) -> list[Sizes]:
    left, right = node.inputs
    sizes = dict(zip(node.op.right + node.op.left, shape_of(right) + shape_of(left), strict=True))
    return [tuple(sizes[label] for label in node.op.result)]


@SHAPES.register(Irfft)
def _irfft(node: Apply) -> list[Sizes]:
    return [(*shape_of(node.inputs[0])[:-1], *unknown_inputs((node.op.length,), node.inputs[1:]))]


@SHAPES.register(Routine)
def _routine(node: Apply) -> list[Sizes]:
    batch, lengths = node.op.measured(map(shape_of, node.inputs))
    lengths |= node.op.found(lengths)
    return [(*batch, *(lengths[label] for label in labels)) for labels in node.op.results]


@SHAPES.register(Gather)
def _gather(node: Apply) -> list[Sizes]:
    x, *indices = node.inputs
    batch = tuple(_first_long(indices, axis) for axis in range(indices[0].ndim))
    return [(*batch, *(n for axis, n in enumerate(shape_of(x)) if axis not in node.op.axes))]


@SHAPES.register(Nonzero)
def _nonzero(node: Apply) -> list[Sizes]:
    first = Dimension(0)(node.outputs[0])  # data-dependent: one length that all outputs share
    return [(first,) for _ in node.outputs]


@SHAPES.register(Composite, Procedure)
def _composite(node: Apply) -> list[Sizes]:
    return [_inside(node.op.body, node.inputs, k, output) for k, output in enumerate(node.outputs)]


@SHAPES.register(Scan)
def _scan(node: Apply) -> list[Sizes]:
    """Carries keep their lengths. What is collected has one element per step, of the lengths that the body gives it."""
    op, body = node.op, node.op.body
    length, carries, sequences, fixed = op.split(node.inputs)
    taken = node.outputs[op.carries] if op.conditional else length
    given = [(), *map(shape_of, carries), *(shape_of(s)[1:] for s in sequences), *map(shape_of, fixed)]
    sizes = dict(zip(body.inputs, given, strict=True))
    arguments = dict(zip(op.split(body.inputs)[3], fixed, strict=True))
    first = op.carries + op.conditional
    collected = zip(body.outputs[first:], node.outputs[first:], strict=True)
    stacked = [(size_value(taken), *_outside(inner, v, arguments, sizes, 1)) for inner, v in collected]
    return [*map(shape_of, carries), *([()] if op.conditional else []), *stacked]


@SHAPES.register(Branch)
def _branch(node: Apply) -> list[Sizes]:
    """Lengths on which the bodies do not agree are known when one has run."""
    found = []
    for k, output in enumerate(node.outputs):
        lengths = [_inside(body, node.inputs[1:], k, output) for body in node.op.bodies]
        joint = enumerate(zip(*lengths, strict=True))
        found.append(tuple(ns[0] if all(n is ns[0] for n in ns) else Dimension(axis)(output) for axis, ns in joint))
    return found


def _inside(body: Graph, inputs: tuple[Variable, ...], number: int, output: Variable) -> Sizes:
    """The lengths of one output of a body whose inputs stand for `inputs`."""
    arguments = dict(zip(body.inputs, inputs, strict=True))
    return _outside(body.outputs[number], output, arguments, {v: shape_of(u) for v, u in arguments.items()})


def _outside(
    inner: Variable, output: Variable, arguments: dict[Variable, Variable], sizes: dict[Variable, Sizes], axis: int = 0
) -> Sizes:
    """The lengths of a body's output `inner`, which are those of `output` from `axis` on, as expressions outside.

    `arguments` are what the body's inputs stand for, `sizes` their lengths. A length that depends on anything else is
    asked of `output`.
    """
    unknown = [n for n in shape_of(inner) if isinstance(n, Variable)]
    lengths = {
        node.outputs[0]: size_variable(sizes[node.inputs[0]][node.op.axis])
        for node in toposort(unknown)
        if isinstance(node.op, Dimension) and node.inputs[0] in sizes
    }
    known = arguments | lengths
    read = [v for v in ancestors(unknown, stop=known) if v not in known and not isinstance(v, Constant)]
    if any(v.ndim or v.owner is None for v in read):
        return tuple(Dimension(axis + k)(output) if n is None else n for k, n in enumerate(output.type.shape[axis:]))
    outer = iter(substitute(unknown, known))
    return tuple(next(outer) if isinstance(n, Variable) else n for n in shape_of(inner))
