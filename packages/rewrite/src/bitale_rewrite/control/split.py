"""Splitting a loop: what needs no carry is worked out for all steps before it, what no carry needs, after it.

The product of each element of a sequence with a matrix is one product of the whole sequence; the sum of a product over
all steps is one product of all that was collected. Worth it are matrix products, and exponentials and the like of
scalars, which vectorise outside; the rest fuses with the loop. A loop that carries nothing, or only scalar sums, is an
ordinary expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.batching import batch
from bitale_graph.errors import MissingRule
from bitale_graph.functions.contraction import contract
from bitale_graph.functions.ranges import iota
from bitale_graph.graph import substitute, toposort
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Branch, Check, Scan
from bitale_graph.ops.elementwise import Elementwise, add, negative, subtract
from bitale_graph.ops.movement import Concatenate, ExpandDims, Squeeze
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size, size_value
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.control.form import Carry, Collected, Form, Read
from bitale_rewrite.loops.costs import COSTS, DEAR
from bitale_rewrite.sizes import slice_of

STEP_LABEL = "*"
STAYS = (Check, Scan, Branch)  # what is never moved


def split(form: Form) -> dict[Variable, Variable]:
    """Move products out of the loop; the outputs of `form` in terms of what is left of it.

    A loop that is to be recomputed is to keep little: what it gave away would be kept for all steps.
    """
    if form.going is not None or form.op.recompute:
        return form.build()
    _delays(form)
    _before(form)
    late = _after(form)
    found = form.build() if form.carries or form.collected else dict(form.results)
    for part in late:
        found[part.output] = part.value(form)
    return found | {old: found.get(new, new) for old, new in form.results.items()}


# ---- carries that are none -----------------------------------------------------------------------------------------


def _delays(form: Form) -> None:
    """A carry that only hands on something of the step before is a sequence, one step later.

    Where that leaves no carry but sums, there is no loop left.
    """
    ready = _ready(form)
    delays = [c for c in form.carries if c.new in ready or isinstance(c.new, Constant)]
    if not delays or any(c not in delays and not _added(form, c) for c in form.carries):
        return
    for carry, values in zip(delays, _for_all_steps(form, [c.new for c in delays]), strict=True):
        first = ExpandDims((0,))(carry.first)
        whole = Concatenate(0)(values, first) if form.op.reverse else Concatenate(0)(first, values)
        element, steps = shape_of(carry.first), size_value(form.length)
        begin, end = (1, 0) if form.op.reverse else (0, steps)
        form.sequences.append(Read(carry.variable, _elements(whole, begin, steps, element)))
        form.carries.remove(carry)
        if carry.last is not None:
            form.results[carry.last] = Squeeze((0,))(_elements(whole, end, 1, element))
        form.change("a carry that only hands on the step before is a sequence")


def _elements(whole: Variable, start: Size, count: Size, element: Sequence[Size]) -> Variable:
    return slice_of(whole, [start, *(0 for _ in element)], [count, *element], [1] * whole.ndim)


def _ready(form: Form) -> set[Variable]:
    """What needs no carry."""
    ready = {form.step, *(r.variable for r in form.sequences), *(r.variable for r in form.fixed)}
    for node in form.nodes():
        if all(v in ready or isinstance(v, Constant) for v in node.inputs) and not isinstance(node.op, STAYS):
            ready.update(node.outputs)
    return ready


# ---- before ----------------------------------------------------------------------------------------------------------


def _before(form: Form) -> None:
    """Products of elements of sequences become sequences."""
    ready = _ready(form)
    moving = {form.step, *(r.variable for r in form.sequences)}
    products: set[Variable] = set()
    nodes = form.nodes()
    for node in nodes:
        if node.outputs[0] in ready and any(v in moving for v in node.inputs):
            moving.update(node.outputs)
            if _is_product(node) or any(v in products for v in node.inputs):
                products.update(node.outputs)
    edge = dict.fromkeys(v for v in form.values() if v in products)
    edge |= dict.fromkeys(v for n in nodes if n.outputs[0] not in ready for v in n.inputs if v in products)
    if not edge or not form.carries:
        return
    try:
        whole = _for_all_steps(form, list(edge))
    except MissingRule:
        return
    reads = [_slices(outer, v) for v, outer in zip(edge, whole, strict=True)]
    form.sequences += reads
    before = {v: read.variable for v, read in zip(edge, reads, strict=True)}
    form.replace(before, "products of all elements of a sequence are one product before the loop")


def _slices(outer: Variable, like: Variable) -> Read:
    declared = outer.type.with_shape(outer.type.shape[1:])
    kept = like.type if like.type.accepts(declared) else declared
    return Read(Variable(kept, name=like.name, origin=like.origin), outer)


def _is_product(node: Apply) -> bool:
    return isinstance(node.op, Contract) and bool(node.op.summed) and node.outputs[0].ndim > 0


def _for_all_steps(form: Form, values: Sequence[Variable]) -> list[Variable]:
    """Values of the body, stacked over all steps. They depend on what is fixed, counted, read and collected only."""
    stacked = {form.step: iota(size_value(form.length))}
    stacked |= {c.value: c.output for c in form.collected if c.output is not None}
    stacked |= {read.variable: read.outer for read in form.sequences}
    renamed = {v: Variable(v.type) for v in stacked}
    outside = substitute(values, renamed | {read.variable: read.outer for read in form.fixed})
    return batch(outside, {renamed[v]: outer for v, outer in stacked.items()})


# ---- after -----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Late:
    """An output that is worked out after the loop."""

    output: Variable
    element: Variable
    first: Variable | None = None  # of a carry that only adds up its elements

    def value(self, form: Form) -> Variable:
        """The output, from what the loop collected."""
        if self.first is None:
            return _for_all_steps(form, [self.element])[0]
        node = self.element.owner
        if node is not None and isinstance(node.op, Contract):
            left, right = _for_all_steps(form, node.inputs)
            op = node.op
            total = contract(left, right, STEP_LABEL + op.left, STEP_LABEL + op.right, op.result)
        else:
            total = Reduce(add, (0,))(_for_all_steps(form, [self.element])[0])
        return add(self.first, total)


def _after(form: Form) -> list[Late]:
    """Take out of the loop what it only collects or adds up, if that is a product; what that needs is collected."""
    sums = {c: e for c in form.carries for e in _added(form, c)}
    core = set(toposort(c.new for c in form.carries if c not in sums))
    candidates = [(c, element, c.last, c.first) for c, element in sums.items() if c.last is not None]
    everything = not [c for c in form.carries if c not in sums]
    late: list[Late] = []
    needed: dict[Variable, None] = {}
    waiting = []
    parts = [(None, c.value, c.output, None) for c in form.collected]
    for carry, element, output, first in [*parts, *candidates]:
        assert output is not None
        cone = [node for node in toposort([element], stop=_given(form)) if node not in core]
        edge = _edge(form, element, cone)
        if any(isinstance(node.op, STAYS) for node in cone) or not edge:
            continue
        entry = (carry, Late(output, element, first), edge)
        no_loop = everything and (cone if carry is None else element.ndim == 0)
        if any(map(_is_product, cone)) or _is_dear(element, cone) or no_loop:
            _take(form, entry, needed, late)
        elif carry is not None and _is_reduced(element):
            waiting.append(entry)
    for entry in waiting:  # sums over what is collected anyway
        if all(v in needed or any(v is r.variable for r in form.sequences) or v is form.step for v in entry[2]):
            _take(form, entry, needed, late)
    known = {c.value for c in form.collected}
    for v in needed:
        if v not in known and v is not form.step and not any(v is r.variable for r in form.sequences):
            form.collected.append(Collected(v, None))
    return late


def _take(form: Form, entry: tuple[Carry | None, Late, list[Variable]], needed: dict[Variable, None],
          late: list[Late]) -> None:  # fmt: skip
    carry, part, edge = entry
    if carry is not None:
        form.carries.remove(carry)
    else:
        form.collected = [c for c in form.collected if c.output is not part.output]
    needed |= dict.fromkeys(edge)
    late.append(part)
    form.change("what no carry needs is computed after the loop, for all steps at once")


def _given(form: Form) -> list[Variable]:
    reads: list[Carry | Read] = [*form.carries, *form.sequences, *form.fixed]
    return [form.step, *(each.variable for each in reads)]


def _edge(form: Form, element: Variable, cone: Sequence[Apply]) -> list[Variable]:
    """What the applications in `cone` read that comes from the loop itself."""
    inside = {v for node in cone for v in node.outputs}
    fixed = {read.variable for read in form.fixed}
    read = [v for node in cone for v in node.inputs] if cone else [element]
    return list(dict.fromkeys(v for v in read if v not in inside and v not in fixed and not isinstance(v, Constant)))


def _added(form: Form, carry: Carry) -> list[Variable]:
    """What each step adds to a carry that nothing in the loop reads otherwise."""
    node = carry.new.owner
    if node is None or not isinstance(node.op, Elementwise) or node.op.function not in (add, subtract):
        return []
    taken_off = node.op.function is subtract and node.inputs[0] is carry.variable
    rest = [v for v in node.inputs if v is not carry.variable]
    if len(rest) != 1 or rest[0].type != carry.new.type or (node.op.function is subtract and not taken_off):
        return []
    readers = [n for n in form.nodes() for v in n.inputs if v is carry.variable or v is carry.new]
    outputs = sum(v is carry.new or v is carry.variable for v in form.values())
    if len(readers) != 1 or outputs != 1:
        return []
    return [negative(rest[0])] if taken_off else rest


def _is_dear(element: Variable, cone: Sequence[Apply]) -> bool:
    """Whether a scalar takes a function that a loop over all steps would vectorise."""
    functions = [node.op.function for node in cone if isinstance(node.op, Elementwise)]
    return element.ndim == 0 and any(COSTS.get(function, DEAR) >= DEAR for function in functions)


def _is_reduced(v: Variable) -> bool:
    while v.owner is not None and isinstance(v.owner.op, ExpandDims):
        v = v.owner.inputs[0]
    return v.owner is not None and isinstance(v.owner.op, Reduce)
