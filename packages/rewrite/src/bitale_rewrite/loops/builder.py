"""From graph nodes to items of a schedule: every stored variable becomes nests, a library call, or a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bitale_graph.errors import ArgumentError, IndexingError, describe
from bitale_graph.graph import Graph
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import (
    Broadcast, Concatenate, ExpandDims, Iota, Pad, Reshape, SetSlice, Squeeze, Transpose,
)
from bitale_graph.ops.reduction import Cumulate, Reduce
from bitale_graph.table import RuleTable
from bitale_graph.text import expression
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.accumulate import Accumulated
from bitale_rewrite.loops.contraction import groups, is_gemm, orders
from bitale_rewrite.loops.identities import identity_of
from bitale_rewrite.loops.integers import ONE, ZERO, integer, loop_index, product
from bitale_rewrite.loops.ir import (
    Assign, Buffer, Call, Define, Failure, For, Gemm, If, Kernel, Let, Literal, Load, Name, Require, Run,
    Statement, Store, Value,
)
from bitale_rewrite.loops.nests import Fixed, Index, Item, Loop, Nest, accesses, collect_loads, domain
from bitale_rewrite.loops.reader import Reader, place
from bitale_rewrite.loops.sizes import Sizes

ADD, MULTIPLY = FUNCTIONS["add"], FUNCTIONS["multiply"]
LESS, EQUAL, WHERE = FUNCTIONS["less"], FUNCTIONS["equal"], FUNCTIONS["where"]
MAXIMUM, SUBTRACT = FUNCTIONS["maximum"], FUNCTIONS["subtract"]


class Builder:
    """Builds the items of a graph in an order in which they can run."""

    def __init__(self, graph: Graph, stored: set[Variable], sizes: Sizes, reader: Reader, namer: Callable[[str], str],
                 replacing: Mapping[Buffer, Buffer]) -> None:
        self.graph = graph
        self.stored = stored
        self.sizes = sizes
        self.reader = reader
        self.unique = namer
        self.replacing = replacing  # results that are to take the memory of an input
        self.items: list[Item] = []
        self.temporaries: list[Buffer] = []
        self._checked: set[tuple[Variable, Value]] = set()

    def build(self) -> list[Item]:
        for requirement in self.sizes.requirements:
            reads: dict[Buffer, list[Index | None]] = {}
            collect_loads((requirement.condition, *requirement.values), reads)
            if not reads:
                self.items.append(Fixed([requirement], set(), set()))
        for node in self.graph.nodes:
            self._guard(node)
            if any(v in self.stored for v in node.outputs):
                NESTS.find(node.op)(self, node) if node.op in NESTS else self._map(node)
        return self._updates_last()

    def _updates_last(self) -> list[Item]:
        """Items that write a result which replaces an input, and which nothing reads, go to the end: the old value
        has been read by then."""
        read = {buffer for item in self.items for buffer in accesses(item)[0]}
        late = [item for item in self.items if accesses(item)[1] and accesses(item)[1] <= self.replacing.keys() - read]
        return [item for item in self.items if item not in late] + late

    # ---- buffers -------------------------------------------------------------------------------------------------

    def buffer(self, variable: Variable) -> Buffer:
        """The memory of a stored variable (made as a temporary unless it is known already)."""
        found = self.reader.buffers.get(variable)
        if found is None:
            found = self.temporary(variable.name or _label(variable), variable.dtype, self.sizes(variable))
            found.note = note(variable)
            self.reader.buffers[variable] = found
        return found

    def temporary(self, name: str, dtype: str, shape: Index) -> Buffer:
        made = Buffer(self.unique(name), dtype, shape, "temporary")
        self.temporaries.append(made)
        return made

    def view(self, variable: Variable, of: Variable) -> None:
        """Give `variable` the memory of `of`, or the other way round when `variable` is a result."""
        old, new = self.reader.buffers.get(of), self.reader.buffers.get(variable)
        if new is None:
            name = self.unique(variable.name or _label(variable))
            assert old is not None
            self.reader.buffers[variable] = Buffer(name, variable.dtype, self.sizes(variable), old.kind, base=old)
        else:
            self._copy(variable, of)

    def _copy(self, variable: Variable, of: Variable) -> None:
        """A result that is a view of something that has its own memory: copied through an alias of that."""
        base = self.reader.buffers[of]
        alias = Buffer(self.unique(base.name), base.dtype, self.sizes(variable), base.kind, base=base)
        loops, index = domain(self.sizes(variable))
        self.items.append(Nest(loops, self.buffer(variable), index, Load(alias, index), note=note(variable)))

    # ---- the general case: one store per element -------------------------------------------------------------------

    def _map(self, node: Apply) -> None:
        """An inlined op whose result is wanted in memory."""
        if isinstance(node.op, (ExpandDims, Squeeze)) and node.inputs[0] in self.reader.buffers:
            if not isinstance(node.inputs[0], Constant) and node.inputs[0].owner is not None:
                return self.view(node.outputs[0], node.inputs[0])
        for variable in node.outputs:
            loops, index = domain(self.sizes(variable))
            self.store(variable, loops, index, self._value(variable, index))
        return None

    def _value(self, variable: Variable, index: Index) -> Value:
        """What to store: the variable computed from its operands, though it has a buffer of its own."""
        own = self.reader.buffers.pop(variable, None)
        try:
            return self.reader(variable, index)
        finally:
            self.reader.forget(variable, index)
            if own is not None:
                self.reader.buffers[variable] = own

    def store(self, variable: Variable, loops: list[Loop], index: Index, value: Value) -> None:
        self.items.append(Nest(loops, self.buffer(variable), index, value, note=note(variable)))

    # ---- checks of indices --------------------------------------------------------------------------------------

    def _guard(self, node: Apply) -> None:
        """Make sure before they are used that index arrays stay in range, and that user checks hold."""
        if isinstance(node.op, (Gather, Scatter)):
            lengths = self.sizes(node.inputs[0])
            indices = node.inputs[1 if isinstance(node.op, Gather) else 2 :]
            for axis, i in zip(node.op.axes, indices, strict=True):
                if (i, lengths[axis]) not in self._checked and not self._in_range(i, lengths[axis]):
                    self._checked.add((i, lengths[axis]))
                    self._check_range(node, i, axis, lengths[axis])
        elif isinstance(node.op, Check):
            condition = self.reader.scalar(node.inputs[1])
            code = self.sizes.fail(Failure(ArgumentError, node.op.message.replace("{", "{{").replace("}", "}}")))
            self._require([Require(condition, code)])

    def _in_range(self, i: Variable, length: Value) -> bool:
        """Whether the type of `i` proves it: an iota of the same length, or a constant below a known length."""
        i = _seen_through(i)
        if i.owner is not None and isinstance(i.owner.op, Iota):
            return self.sizes(i)[0] == length
        if isinstance(i, Constant) and isinstance(length, Literal):
            return bool(i.data.size == 0 or (i.data.min() >= -length.number and i.data.max() < length.number))
        return False

    def _check_range(self, node: Apply, i: Variable, axis: int, length: Value) -> None:
        message = f"{node.op.name}: index {{0}} is out of range for axis {axis} of length {{1}}\n" + "\n".join(
            describe(v) for v in node.inputs if v.ndim
        )
        code = self.sizes.fail(Failure(IndexingError, message))
        base = _seen_through(i)
        if base.owner is not None and isinstance(base.owner.op, Iota):
            count = self.sizes(base)[0]
            last = integers.size_call(SUBTRACT, (count, ONE), "int64")
            return self._require([Require(Call(LESS, (last, length), "bool"), code, (last, length))])
        lowest, highest = (self._extreme(i, which) for which in ("minimum", "maximum"))
        negative = integers.size_call(FUNCTIONS["subtract"], (ZERO, length), "int64")
        not_below = Call(FUNCTIONS["less_equal"], (negative, lowest), "bool")
        self._require(
            [Require(not_below, code, (lowest, length)), Require(Call(LESS, (highest, length), "bool"), code, (highest, length))]
        )
        return None

    def _extreme(self, i: Variable, which: str) -> Value:
        """The smallest or largest element of an index array, as int64 (of an empty one: what is never out of range)."""
        loops, index = domain(self.sizes(i))
        value = self.reader(i, index)
        if value.dtype != "int64":
            value = Call(FUNCTIONS["cast_int64"], (value,), "int64")
        if not loops:
            return value
        found = self.temporary(f"{which}_index", "int64", ())
        serial = [Loop(loop.extent, serial=True) for loop in loops]
        self.items.append(Nest(serial, found, (), value, FUNCTIONS[which], note=f"range of {note(i)}"))
        return Load(found, ())

    def _require(self, steps: list[Require]) -> None:
        reads: dict[Buffer, list[Index | None]] = {}
        for step in steps:
            collect_loads((step.condition, *step.values), reads)
        self.items.append(Fixed(list(steps), set(reads), set(), barrier=True))


_SAME_VALUES = (ExpandDims, Squeeze, Broadcast, Transpose)


def _seen_through(i: Variable) -> Variable:
    """The variable whose elements `i` shows in another arrangement."""
    while i.owner is not None and isinstance(i.owner.op, _SAME_VALUES):
        i = i.owner.inputs[0]
    return i


def _label(variable: Variable) -> str:
    return variable.owner.op.name if variable.owner is not None else "t"


def note(variable: Variable) -> str:
    """What a buffer or kernel computes, for the reader of the generated code."""
    text = expression(variable, limit=70)
    text = text if variable.name is None or variable.owner is None else f"{variable.name} = {text}"
    return f"{text}    {variable.origin}" if variable.origin else text


NESTS: RuleTable[Callable[[Builder, Apply], None]] = RuleTable("loop nest")


@NESTS.register(Reduce)
def _reduce(b: Builder, node: Apply) -> None:
    x, out = node.inputs[0], node.outputs[0]
    if node.op.function.name in ("maximum", "minimum"):
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
            message = f"{node.op.name}: axis {axis} is empty, and no elements have no {node.op.function.name}\n"
            code = b.sizes.fail(Failure(ArgumentError, message + describe(node.inputs[0])))
            b.items.append(Fixed([Require(Call(LESS, (ZERO, n), "bool"), code, (n,))], set(), set()))


def accumulate(b: Builder, out: Variable, loops: list[Loop], index: Index, value: Value, function) -> None:  # type: ignore[no-untyped-def]
    """out[index] = function over the serial loops of `value`, starting from the function's identity."""
    buffer = b.buffer(out)
    if not any(loop.serial for loop in loops):  # every reduced axis has length 1: there is nothing to combine
        b.items.append(Nest(loops, buffer, index, value, note=note(out)))
        return
    nest = Nest(loops, buffer, index, value, function, note=note(out))
    if not nest.in_register:
        kept = [Loop(loop.extent, loop.serial) for loop in loops]
        nest.start = Nest(kept, buffer, index, identity_of(function, out.dtype))
    b.items.append(nest)


@NESTS.register(Contract)
def _contract(b: Builder, node: Apply) -> None:
    op, (left, right) = node.op, node.inputs
    if is_gemm(node):
        return _gemm(b, op, left, right, node.outputs[0], Literal(1, left.dtype), 0)
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
    return None


@NESTS.register(Accumulated)
def _accumulated(b: Builder, node: Apply) -> None:
    """The base is stored first; the product is added to it."""
    base, alpha, left, right = node.inputs
    out = node.outputs[0]
    loops, index = domain(b.sizes(out))
    b.store(out, loops, index, b.reader(base, index))
    _gemm(b, node.op.contraction, left, right, out, b.reader.scalar(alpha), 1)


def _gemm(b: Builder, op: Contract, left: Variable, right: Variable, out: Variable, alpha: Value, beta: int) -> None:
    g, order = groups(op), orders(op)
    assert order is not None, "contractions are normalised before they are lowered"
    lengths = dict(zip(op.left, b.sizes(left), strict=True)) | dict(zip(op.right, b.sizes(right), strict=True))
    m, n, k, batch = (product(tuple(lengths[label] for label in labels)) for labels in (g.m, g.n, g.k, g.batch))
    buffer, a, c = b.buffer(out), b.reader.buffers[left], b.reader.buffers[right]
    step = Gemm(buffer, a, c, m, n, k, order[0][1], order[1][1], batch, alpha, Literal(beta, out.dtype), note(out))
    reads: dict[Buffer, list[Index | None]] = {}
    collect_loads((alpha,), reads)
    b.items.append(Fixed([step], {a.root, c.root, *reads}, {buffer.root}))


@NESTS.register(Reshape)
def _reshape(b: Builder, node: Apply) -> None:
    b.view(node.outputs[0], node.inputs[0])


@NESTS.register(Cumulate)
def _cumulate(b: Builder, node: Apply) -> None:
    """Along the innermost loop the total is a scalar; along another, the element before is read back."""
    out, axis, function = node.outputs[0], node.op.axis, node.op.function
    loops, index = domain(b.sizes(out))
    value, i = b.reader(node.inputs[0], index), index[axis]
    if i == ZERO:
        return b.store(out, loops, index, value)
    depth = next(d for d in range(len(loops)) if loop_index(d) == i)
    loops[depth].serial = True
    buffer = b.buffer(out)
    if depth == len(loops) - 1:
        b.items.append(Nest(loops, buffer, index, value, function, running=True, note=note(out)))
        return None
    before = Call(MAXIMUM, (Call(SUBTRACT, (i, ONE), "int64"), ZERO), "int64")
    earlier = Load(buffer, tuple(before if k == axis else other for k, other in enumerate(index)))
    step = Call(function, (earlier, value), out.dtype)
    return b.store(out, loops, index, Call(WHERE, (Call(EQUAL, (i, ZERO), "bool"), value, step), out.dtype))


@NESTS.register(Concatenate)
def _concatenate(b: Builder, node: Apply) -> None:
    out, offset = node.outputs[0], ZERO
    for x in node.inputs:
        loops, index = domain(b.sizes(x))
        at = tuple(integers.add(offset, i) if axis == node.op.axis else i for axis, i in enumerate(index))
        b.store(out, loops, at, b.reader(x, index))
        offset = integers.add(offset, b.sizes(x)[node.op.axis])


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
    out, (x, y) = node.outputs[0], node.inputs[:2]
    _copied(b, out, x)
    op, rank = node.op, len(node.op.starts)
    bounds = b.reader.bounds((*op.starts, *op.lengths, *op.steps), node.inputs[2:])
    loops, index = domain(b.sizes(y))
    moved = zip(bounds[:rank], bounds[2 * rank :], index, strict=True)
    b.store(out, loops, tuple(integers.add(s, integers.multiply(step, i)) for s, step, i in moved), b.reader(y, index))


def _copied(b: Builder, out: Variable, x: Variable) -> None:
    loops, index = domain(b.sizes(x))
    b.store(out, loops, index, b.reader(x, index))


@NESTS.register(Scatter)
def _scatter(b: Builder, node: Apply) -> None:
    out, (x, updates, *indices) = node.outputs[0], node.inputs
    before, element = domain(b.sizes(x))
    copied = Nest(before, b.buffer(out), element, b.reader(x, element))
    loops, index = domain(b.sizes(updates))
    for loop in loops:
        loop.serial = True  # several updates may meet in one place
    at = place(b.reader, node.op.axes, x, indices, index)
    value = b.reader(updates, index)
    b.items.append(Nest(loops, b.buffer(out), at, value, node.op.function, note=note(out), start=copied))


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
    steps = [Define(count, Load(found, ())), Run(kernel)]
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
