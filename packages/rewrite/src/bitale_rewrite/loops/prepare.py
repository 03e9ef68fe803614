"""The last changes to a graph before loops: what loops have no direct form for is spelled with what they have."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bitale_graph.dtypes import INEXACT, SHORT
from bitale_graph.functions.apply import cast
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.elementwise import (
    Elementwise,
    equal,
    identity,
    isnan,
    logical_and,
    logical_or,
    minimum,
    where,
)
from bitale_graph.ops.fft import Fft
from bitale_graph.ops.movement import ExpandDims, Iota
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.origin import made_at
from bitale_graph.shapes import size_of, size_variable
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops.accumulate import accumulate_outputs
from bitale_rewrite.loops.contraction import is_product, normalise
from bitale_rewrite.loops.epilogues import with_epilogues
from bitale_rewrite.loops.increments import gather_increments
from bitale_rewrite.loops.spectrum import transform_of_real
from bitale_rewrite.loops.target import Target

Inputs = tuple[Variable, ...]


def prepare(graph: Graph, target: Target) -> Graph:
    """The same function in the ops that loops know; every output is a variable of its own."""
    lowered = accumulate_outputs(gather_increments(graph.map(partial(_rebuild, target))))
    lowered = with_epilogues(lowered, target)
    outputs: list[Variable] = []
    given = set(graph.inputs)
    for v in lowered.outputs:
        if v.owner is None or v in outputs or v in given:
            with made_at(v.origin):
                copy = Elementwise(identity)(v)
            copy.name = v.name
            v = copy
        outputs.append(v)
    return Graph(graph.inputs, outputs, graph.name)


def _rebuild(target: Target, node: Apply, inputs: Inputs) -> tuple[Variable, ...]:
    rule = partial(_contract, target) if isinstance(node.op, Contract) else FORMS.get(type(node.op))
    if rule is None:
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        return node.outputs if same else _named(node, Apply(node.op, inputs, node.origin).outputs)
    with made_at(node.origin):
        return _named(node, (rule(node, inputs),))


def _named(node: Apply, outputs: tuple[Variable, ...]) -> tuple[Variable, ...]:
    for old, new in zip(node.outputs, outputs, strict=True):
        if new.name is None and new.owner is not None:
            new.name = old.name
    return outputs


def _arg_reduce(node: Apply, inputs: Inputs) -> Variable:
    """The smallest index at which the extremum stands: two reductions, both of which vectorise."""
    x, axis = _single(inputs[0]), node.op.axis
    extremum = ExpandDims((axis,))(Reduce(node.op.function, (axis,))(x))
    hit = equal(x, extremum)
    if x.dtype in INEXACT:
        hit = logical_or(hit, logical_and(isnan(x), isnan(extremum)))
    length = size_of(x, axis)
    count = Iota(length)() if isinstance(length, int) else Iota(None)(size_variable(length))
    beside = tuple(k for k in range(x.ndim) if k != axis)
    index = ExpandDims(beside)(count) if beside else count
    beyond = Constant(np.asarray(np.iinfo("int64").max))
    return Reduce(minimum, (axis,))(where(hit, index, beyond))


def _contract(target: Target, node: Apply, inputs: Inputs) -> Variable:
    if not is_product(node, target):
        inputs = tuple(map(_single, inputs))
    result = normalise(Apply(node.op, inputs, node.origin), inputs, target)
    return cast(result, node.outputs[0].dtype)


def _expand_dims(node: Apply, inputs: Inputs) -> Variable:
    """Without axes it only kept apart what is to be computed again from what it is the same as."""
    return node.op(*inputs) if node.op.axes else inputs[0]


def _reduce(node: Apply, inputs: Inputs) -> Variable:
    x = inputs[0]
    return cast(node.op(_single(x)), x.dtype) if node.op.axes else Elementwise(identity)(x)


def _cumulate(node: Apply, inputs: Inputs) -> Variable:
    x = inputs[0]
    return cast(node.op(_single(x)), x.dtype)


def _single(x: Variable) -> Variable:
    """x as it is gathered: numbers of 16 bits in float32, as NumPy adds up float16."""
    return cast(x, "float32") if x.dtype in SHORT else x


FORMS: dict[type, Callable[[Apply, Inputs], Variable]] = {
    ExpandDims: _expand_dims,
    ArgReduce: _arg_reduce, Reduce: _reduce, Cumulate: _cumulate, Fft: transform_of_real,
}
