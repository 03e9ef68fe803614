"""What a loop need not do: results that nobody reads, carries and reads that stand twice or never change."""

from __future__ import annotations

from collections.abc import Container, Hashable

from bitale_graph.graph import ancestors
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.variable import Constant, Variable
from bitale_rewrite.control.form import Collected, Form, Read


def prune(form: Form, used: Container[Variable]) -> None:
    """Leave out of `form` all that `used` outputs do not need."""
    form.results.clear()
    _join_reads(form)
    _join_carries(form)
    _join_values(form)
    _fix_carries(form)
    _drop_collected(form, used)
    _drop_carries(form, used)
    _drop_reads(form)


def _join_reads(form: Form) -> None:
    """One variable for each array that is read."""
    same: dict[Variable, Variable] = {}
    for reads in (form.sequences, form.fixed):
        first: dict[tuple[Variable, object], Variable] = {}
        for read in list(reads):
            known = first.setdefault((read.outer, read.variable.type), read.variable)
            if known is not read.variable:
                same[read.variable] = same.get(known, known)
                reads.remove(read)
            elif isinstance(read.outer, Constant) and read.outer.type == read.variable.type and reads is form.fixed:
                same[read.variable] = read.outer
                reads.remove(read)
    form.replace(same, "what a loop reads twice it reads once")


def _join_carries(form: Form) -> None:
    """Carries that start equal and are updated equally stay equal."""
    numbers: dict[Variable, Hashable] = {c.variable: (_key(c.first), c.variable.type) for c in form.carries}
    while True:
        keys = _keys(form, numbers)
        refined = {c.variable: (numbers[c.variable], keys[c.new]) for c in form.carries}
        classes: dict[Hashable, int] = {}
        new: dict[Variable, Hashable] = {v: classes.setdefault(key, len(classes)) for v, key in refined.items()}
        if len(classes) == len(set(numbers.values())):
            break
        numbers = new
    kept: dict[Hashable, Variable] = {}
    same: dict[Variable, Variable] = {}
    for carry in list(form.carries):
        known = kept.setdefault(numbers[carry.variable], carry.variable)
        if known is not carry.variable:
            same[carry.variable] = known
            form.carries.remove(carry)
            leader = next(c for c in form.carries if c.variable is known)
            if carry.last is not None and leader.last is not None:
                form.results[carry.last] = leader.last
    form.replace(same, "carries that stay equal are one")


def _join_values(form: Form) -> None:
    """What is computed twice becomes one: loops that were merged may do the same."""
    keys = _keys(form, {c.variable: c.variable for c in form.carries})
    first: dict[Hashable, Variable] = {}
    computed = [v for node in form.nodes() for v in node.outputs]
    same = {v: known for v in computed if (known := first.setdefault(keys[v], v)) is not v}
    form.replace(same, "what a step computes twice it computes once")


def _key(v: Variable) -> Hashable:
    return (v.type, v.data.tobytes()) if isinstance(v, Constant) and v.data.nbytes <= 1024 else v


def _keys(form: Form, numbers: dict[Variable, Hashable]) -> dict[Variable, Hashable]:
    """Equal keys for what is computed equally, if carries of equal number are equal."""
    keys: dict[Variable, Hashable] = dict(numbers)
    interned: dict[Hashable, int] = {}
    for node in form.nodes():
        operands = [keys.setdefault(v, _key(v)) for v in node.inputs]
        any_order = isinstance(node.op, Elementwise) and node.op.function.commutative
        key = (node.op, frozenset(operands) if any_order else tuple(operands))
        number = interned.setdefault(key, len(interned))
        keys.update((v, (number, v.index)) for v in node.outputs)
    for v in form.values():
        keys.setdefault(v, _key(v))
    return keys


def _fix_carries(form: Form) -> None:
    """A carry that never changes is a fixed value."""
    for carry in list(form.carries):
        if carry.new is carry.variable and carry.first.type == carry.variable.type:
            form.carries.remove(carry)
            form.fixed.append(Read(carry.variable, carry.first))
            if carry.last is not None:
                form.results[carry.last] = carry.first
            form.change("a carry that never changes is read from outside")


def _drop_collected(form: Form, used: Container[Variable]) -> None:
    first: dict[Variable, Collected] = {}
    sequences = {read.variable: read.outer for read in form.sequences}
    for collected in list(form.collected):
        assert collected.output is not None
        known = first.setdefault(collected.value, collected)
        if collected.output not in used:
            form.collected.remove(collected)
            if known is collected:
                del first[collected.value]
        elif known is not collected and known.output is not None:
            form.results[collected.output] = known.output
            form.collected.remove(collected)
        elif collected.value in sequences and form.going is None:
            form.results[collected.output] = sequences[collected.value]
            form.collected.remove(collected)
        else:
            continue
        form.change("what is not read is not collected")


def _drop_carries(form: Form, used: Container[Variable]) -> None:
    """Keep the carries whose last value is read, and those that something kept depends on."""
    aliases = set(form.results.values())
    needed = {c.variable for c in form.carries if c.last is not None and (c.last in used or c.last in aliases)}
    pending = [c.value for c in form.collected] + ([] if form.going is None else [form.going])
    pending += [c.new for c in form.carries if c.variable in needed]
    by_variable = {c.variable: c for c in form.carries}
    seen: set[Variable] = set()
    while pending:
        for v in ancestors([pending.pop()], stop=seen):
            if v in by_variable and v not in needed:
                needed.add(v)
                pending.append(by_variable[v].new)
            seen.add(v)
    if len(needed) < len(form.carries):
        form.carries = [c for c in form.carries if c.variable in needed]
        form.change("what is not read is not carried")


def _drop_reads(form: Form) -> None:
    read = set(ancestors(form.values()))
    for reads in (form.sequences, form.fixed):
        kept = [r for r in reads if r.variable in read]
        if len(kept) < len(reads):
            reads[:] = kept
            form.change("what no step needs is not read")
