"""How each op that needs memory becomes nests, a library call or a view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bitale_graph.errors import ArgumentError, explain
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.elementwise import FUNCTIONS, Function
from bitale_graph.ops.indexing import Nonzero, Scatter
from bitale_graph.ops.movement import Concatenate, Pad, Reshape, SetSlice
from bitale_graph.ops.random import Permutation
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.routine import Routine, Transform
from bitale_graph.table import RuleTable
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops import control, integers
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.contraction import Product, layout
from bitale_rewrite.loops.fft import transform
from bitale_rewrite.loops.identities import identity_of
from bitale_rewrite.loops.increments import Increment, parts
from bitale_rewrite.loops.integers import ONE, ZERO, loop_index, product
from bitale_rewrite.loops.ir import (
    Assign,
    Buffer,
    Call,
    Define,
    Epilogue,
    For,
    Gemm,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Name,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.nests import Fixed, Index, Loop, Nest, collect_loads, domain
from bitale_rewrite.loops.notes import note
from bitale_rewrite.loops.permute import permutation
from bitale_rewrite.loops.procedures import Called, call
from bitale_rewrite.loops.reader import place
from bitale_rewrite.loops.routines import routine

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

ADD, MULTIPLY, SUBTRACT = FUNCTIONS["add"], FUNCTIONS["multiply"], FUNCTIONS["subtract"]
LESS, EQUAL, WHERE, MAXIMUM = FUNCTIONS["less"], FUNCTIONS["equal"], FUNCTIONS["where"], FUNCTIONS["maximum"]

Rule = Callable[["Builder", Apply], None]
NESTS: RuleTable[Rule] = RuleTable(
    "loop nest", {Scan: control.loop, Branch: control.branch, Permutation: permutation, Called: call, Routine: routine,
                  Transform: transform}
)


@NESTS.register(Reduce)
def _reduce(b: Builder, node: Apply) -> None:
    x, out = node.inputs[0], node.outputs[0]
    if node.op.function.name in ("maximum", "minimum") and not node.op.of_none:
        _require_elements(b, node)
    loops, index = domain(b.sizes(x))
    reduced = {index[axis] for axis in node.op.axes}
    for depth, loop in enumerate(loops):
        loop.serial = loop_index(depth) in reduced
    kept = tuple(i for axis, i in enumerate(index) if axis not in node.op.axes)
    accumulate(b, out, loops, kept, b.reader(x, index), node.op.function)


def _require_elements(b: Builder, node: Apply) -> None:
    for axis in node.op.axes:
        n = b.sizes(node.inputs[0])[axis]
        if not isinstance(n, Literal):
            problem = f"{node.op.name}: axis {axis} is empty, and no elements have no {node.op.function.name}"
            code = b.sizes.fail(ArgumentError, explain(problem, [node.inputs[0]]), node)
            b.items.append(Fixed([Require(Call(LESS, (ZERO, n), "bool"), code, (n,))], set(), set()))


def accumulate(
    b: Builder, out: Variable, loops: list[Loop], index: Index, value: Value, function: Function
) -> None:
    """out[index] = function over the serial loops of `value`, starting from the function's identity."""
    buffer = b.buffer(out)
    if not any(loop.serial for loop in loops):  # every reduced axis has length 1: there is nothing to combine
        b.items.append(Nest(loops, buffer, index, value, note=b.note(out)))
        return
    nest = Nest(loops, buffer, index, value, function, note=b.note(out))
    if not nest.in_register:
        kept = [Loop(loop.extent, loop.serial) for loop in loops]
        nest.start = Nest(kept, buffer, index, identity_of(function, out.dtype))
    b.items.append(nest)


@NESTS.register(Contract)
def _contract(b: Builder, node: Apply) -> None:
    op, (left, right) = node.op, node.inputs
    assert isinstance(op, Contract)
    lengths = dict(zip(op.right, b.sizes(right), strict=True)) | dict(zip(op.left, b.sizes(left), strict=True))
    first, second = (op.left, op.right) if len(op.left) >= len(op.right) else (op.right, op.left)
    order = first + "".join(label for label in second if label not in first)
    loops, index = domain(tuple(lengths[label] for label in order))
    at = dict(zip(order, index, strict=True))
    for depth, loop in enumerate(loops):
        loop.serial = any(at[label] == loop_index(depth) for label in op.summed)
    operands = [b.reader(x, tuple(at[label] for label in labels)) for x, labels in ((left, op.left), (right, op.right))]
    value = Call(MULTIPLY, tuple(operands), left.dtype)
    accumulate(b, node.outputs[0], loops, tuple(at[label] for label in op.result), value, ADD)


@NESTS.register(Product)
def _product(b: Builder, node: Apply) -> None:
    (left, right, *bias), out = node.inputs, node.outputs[0]
    epilogue = _epilogue(b, out, bias, node.op.relu) if bias or node.op.relu else None
    _gemm(b, node.op.contraction, left, right, out, Literal(1, left.dtype), 0, epilogue)


def _epilogue(b: Builder, out: Variable, bias: list[Variable], relu: bool) -> Epilogue:
    buffer, (loops, index) = b.buffer(out), domain(b.sizes(out))
    value: Value = Load(buffer, index)
    for row in bias:
        at = (*[ZERO] * (row.ndim - 1), index[-1])
        value = Call(ADD, (value, Load(b.reader.buffers[row], at)), out.dtype)
    if relu:
        value = Call(MAXIMUM, (value, Literal(0, out.dtype)), out.dtype)
    body: list[Statement] = [Store(buffer, index, value)]
    for depth in reversed(range(len(loops))):
        body = [For(loop_index(depth), loops[depth].extent, body, parallel=True)]
    kernel = Kernel(b.unique(f"finish_{buffer.name}"), body, [b.note(out)])
    return Epilogue(b.reader.buffers[bias[0]] if bias else None, relu, kernel)


@NESTS.register(Accumulated)
def _accumulated(b: Builder, node: Apply) -> None:
    """The base is stored first; the product is added to it."""
    base, alpha, left, right = node.inputs
    out = node.outputs[0]
    loops, index = domain(b.sizes(out))
    b.store(out, loops, index, b.reader(base, index))
    _gemm(b, node.op.contraction, left, right, out, b.reader.scalar(alpha), 1)


def _gemm(
    b: Builder, op: Contract, left: Variable, right: Variable, out: Variable, alpha: Value, beta: int,
    epilogue: Epilogue | None = None,
) -> None:  # fmt: skip
    g = layout(op)
    assert g is not None, "contractions are normalised before they are lowered"
    lengths = dict(zip(op.left, b.sizes(left), strict=True)) | dict(zip(op.right, b.sizes(right), strict=True))
    m, n, k, batch = (product(tuple(lengths[label] for label in labels)) for labels in (g.m, g.n, g.k, g.batch))
    buffer, a, c = b.buffer(out), b.reader.buffers[left], b.reader.buffers[right]
    step = Gemm(
        buffer, a, c, m, n, k, g.transposed, g.shared, batch, alpha, Literal(beta, out.dtype), b.note(out),
        b.target.tf32 and out.dtype == "float32", epilogue,
    )
    reads: dict[Buffer, list[Index | None]] = {}
    collect_loads((alpha,), reads)
    if epilogue is not None and epilogue.bias is not None:
        reads.setdefault(epilogue.bias.root, [])
    b.items.append(Fixed([step], {a.root, c.root, *reads}, {buffer.root}))


@NESTS.register(Reshape)
def _reshape(b: Builder, node: Apply) -> None:
    b.view(node.outputs[0], node.inputs[0])


@NESTS.register(Cumulate)
def _cumulate(b: Builder, node: Apply) -> None:
    """Along the innermost loop (where it is for many threads, in the end) the total is a scalar; along another, the
    element before is read back, and where the first element must not meet the identity: (1 + 0i) inf is inf + nan i."""
    out, axis, function = node.outputs[0], node.op.axis, node.op.function
    loops, index = domain(b.sizes(out))
    value, i = b.reader(node.inputs[0], index), index[axis]
    if i == ZERO:
        return b.store(out, loops, index, value)
    depth = next(d for d in range(len(loops)) if loop_index(d) == i)
    loops[depth].serial = True
    buffer = b.buffer(out)
    if (depth == len(loops) - 1 or b.target.many_threads) and not out.dtype.startswith("complex"):
        b.items.append(Nest(loops, buffer, index, value, function, running=True, note=b.note(out)))
        return None
    before = Call(MAXIMUM, (Call(SUBTRACT, (i, ONE), "int64"), ZERO), "int64")
    earlier = Load(buffer, tuple(before if k == axis else other for k, other in enumerate(index)))
    step = Call(function, (earlier, value), out.dtype)
    return b.store(out, loops, index, Call(WHERE, (Call(EQUAL, (i, ZERO), "bool"), value, step), out.dtype))


@NESTS.register(Concatenate)
def _concatenate(b: Builder, node: Apply) -> None:
    out: Variable = node.outputs[0]
    offset: Value = ZERO
    for x in node.inputs:
        loops, index = domain(b.sizes(x))
        at = tuple(integers.add(offset, i) if axis == node.op.axis else i for axis, i in enumerate(index))
        b.store(out, loops, at, b.reader(x, index))
        offset = b.sizes.names.short(integers.add(offset, b.sizes(x)[node.op.axis]))


@NESTS.register(Pad)
def _pad(b: Builder, node: Apply) -> None:
    out, (x, value) = node.outputs[0], node.inputs[:2]
    widths = b.reader.bounds((*node.op.before, *node.op.after), node.inputs[2:])
    loops, index = domain(b.sizes(out))
    b.store(out, loops, index, b.reader.scalar(value))
    loops, index = domain(b.sizes(x))
    b.store(out, loops, tuple(integers.add(w, i) for w, i in zip(widths, index, strict=False)), b.reader(x, index))


@NESTS.register(SetSlice)
def _set_slice(b: Builder, node: Apply) -> None:
    out, x = node.outputs[0], node.inputs[0]
    _copied(b, out, x)
    assert isinstance(node.op, SetSlice)
    loops, at, value = _moved(b, node.op, node.inputs)
    b.store(out, loops, at, value)


def _moved(b: Builder, op: SetSlice, inputs: tuple[Variable, ...]) -> tuple[list[Loop], Index, Value]:
    """Loops over what a slice is set to, where each element goes, and the element."""
    y, rank = inputs[1], len(op.starts)
    bounds = b.reader.bounds((*op.starts, *op.lengths, *op.steps), inputs[2:])
    loops, index = domain(b.sizes(y))
    moved = zip(bounds[:rank], bounds[2 * rank :], index, strict=True)
    at = tuple(integers.add(s, integers.multiply(step, i)) for s, step, i in moved)
    return loops, at, b.reader(y, index)


def _copied(b: Builder, out: Variable, x: Variable) -> None:
    loops, index = domain(b.sizes(x))
    b.store(out, loops, index, b.reader(x, index))


@NESTS.register(Scatter)
def _scatter(b: Builder, node: Apply) -> None:
    out, x = node.outputs[0], node.inputs[0]
    before, element = domain(b.sizes(x))
    copied = Nest(before, b.buffer(out), element, b.reader(x, element))
    assert isinstance(node.op, Scatter)
    nest = _scattered(b, out, node.op, node.inputs)
    if nest.loops:
        b.items.append(replace(nest, start=copied))
    else:  # one place: nothing to accumulate in a loop
        b.items += [copied, nest]


def _scattered(b: Builder, out: Variable, op: Scatter, inputs: tuple[Variable, ...]) -> Nest:
    x, updates, *indices = inputs
    loops, index = domain(b.sizes(updates))
    for loop in loops:
        loop.serial = True  # several updates may meet in one place
    at = place(b.reader, op.axes, x, indices, index)
    return Nest(loops, b.buffer(out), at, b.reader(updates, index), op.function, note=b.note(out))


@NESTS.register(Increment)
def _increment(b: Builder, node: Apply) -> None:
    """The base first, then each part is added where it belongs."""
    out, base = node.outputs[0], node.inputs[0]
    _copied(b, out, base)
    for write, inputs in parts(node):
        if isinstance(write, Scatter):
            b.items.append(_scattered(b, out, write, inputs))
        else:
            loops, at, value = _moved(b, write, inputs)
            b.items.append(Nest(loops, b.buffer(out), at, value, ADD, note=b.note(out)))


@NESTS.register(Nonzero)
def _nonzero(b: Builder, node: Apply) -> None:
    """Count, then fill: the length of the results is known in between."""
    x, lengths = node.inputs[0], b.sizes(node.inputs[0])
    found = b.temporary("count", "int64", ())
    loops, index = domain(lengths)
    condition = b.reader(x, index)
    (count,) = b.sizes(node.outputs[0])
    assert isinstance(count, Name)
    one = Call(FUNCTIONS["cast_int64"], (condition,), "int64")
    serial = [Loop(loop.extent, serial=True) for loop in loops]
    b.items.append(Nest(serial, found, (), one, ADD if loops else None, note=note(node.outputs[0])))
    outputs = [b.buffer(v) for v in node.outputs]
    reads: dict[Buffer, list[Index | None]] = {}
    collect_loads((condition,), reads)
    kernel = Kernel(b.unique("nonzero"), _fill(loops, index, condition, outputs), [note(node.outputs[0])])
    steps: list[Step] = [Define(count, Load(found, ())), Run(kernel)]
    b.items.append(Fixed(steps, {found, *reads}, set(outputs), barrier=True))


def _fill(loops: list[Loop], index: Index, condition: Value, outputs: list[Buffer]) -> list[Statement]:
    position = Name("position")
    full = dict(zip(range(len(index)), index, strict=True))
    hit: list[Statement] = [Store(buffer, (position,), full[axis]) for axis, buffer in enumerate(outputs)]
    hit.append(Assign(position, integers.add(position, ONE)))
    body: list[Statement] = [If(condition, hit)]
    for depth in reversed(range(len(loops))):
        body = [For(loop_index(depth), loops[depth].extent, body)]
    return [Let(position, ZERO, mutable=True), *body]
