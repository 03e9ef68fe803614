"""From graph nodes to items of a schedule: every stored variable becomes nests, a library call, or a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitale_graph.graph import Graph
from bitale_graph.ops.movement import ExpandDims, Squeeze
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.loops.bodies import Row, is_prefix
from bitale_rewrite.loops.checks import guard
from bitale_rewrite.loops.frames import Frames
from bitale_rewrite.loops.ir import Buffer, Define, Load, Require, Value
from bitale_rewrite.loops.nest_rules import NESTS
from bitale_rewrite.loops.nests import Fixed, Index, Item, Loop, Nest, collect_loads, domain
from bitale_rewrite.loops.notes import label, note
from bitale_rewrite.loops.order import replaced_when_read, shallow_first
from bitale_rewrite.loops.target import Target


class Builder:
    """Builds the items of a graph in an order in which they can run."""

    def __init__(
        self,
        graph: Graph,
        stored: set[Variable],
        frames: Frames,
        replacing: Mapping[Buffer, Buffer],
        target: Target,
        shown: Mapping[Variable, Variable] | None = None,
    ) -> None:
        self.graph = graph
        self.target = target
        self.stored = stored
        self.frames = frames
        self.sizes = frames.sizes
        self.reader = frames.reader
        self.unique = frames.unique
        self.replacing = replacing  # results that are to take the memory of an input
        self.shown = shown or {}  # what is stored in a result that shows it in another shape, and which
        self.items: list[Item] = []
        self.temporaries: list[Buffer] = []
        self.rows: list[Buffer] = []  # elements of stored arrays that library calls take where they lie
        self.checked: set[tuple[Variable, Value]] = set()
        self._notes: dict[Variable, str] = {}
        self.extremes: dict[tuple[Value, str, Index], Value] = {}  # of index arrays, found once

    def inside(self, body: Graph) -> Builder:
        """The builder of a body: it knows what has been found and checked around it."""
        inner = Builder(body, self.stored, self.frames, {}, self.target)
        inner.temporaries = self.temporaries
        inner.checked, inner.extremes = set(self.checked), dict(self.extremes)
        return inner

    def build(self, requirements: Sequence[Require] = ()) -> list[Item]:
        for requirement in requirements:
            self._require(requirement, barrier=False)
        for node in shallow_first(self.graph):
            for requirement in self.sizes.late.get(node, ()):
                self._require(requirement, barrier=True)
            guard(self, node)
            if any(v in self.stored for v in node.outputs):
                rule = NESTS.find(node.op)
                rule(self, node) if rule else self.map(node)
            self._name_lengths(node)
        return replaced_when_read(self.items, self.replacing)

    def _require(self, requirement: Require, barrier: bool) -> None:
        reads: dict[Buffer, list[Index | None]] = {}
        collect_loads((requirement.condition, *requirement.values), reads)
        self.items.append(Fixed([requirement], set(reads), set(), barrier))

    def _name_lengths(self, node: Apply) -> None:
        """Scalars that lengths depend on get their names when they have been computed."""
        for variable in node.outputs:
            if variable in self.reader.lengths:
                buffer = self.buffer(variable)
                define = Define(self.reader.lengths[variable], Load(buffer, ()))
                self.items.append(Fixed([define], {buffer}, set(), barrier=True))

    def note(self, variable: Variable) -> str:
        """What generated code says about a variable."""
        if variable not in self._notes:
            self._notes[variable] = note(variable)
        return self._notes[variable]

    # ---- buffers -------------------------------------------------------------------------------------------------

    def buffer(self, variable: Variable) -> Buffer:
        """The memory of a stored variable (made as a temporary unless it is known already)."""
        found = self.reader.buffers.get(variable)
        if found is None:
            name, shape = variable.name or label(variable), self.sizes(variable)
            if variable in self.shown:
                result = self.reader.buffers[self.shown[variable]]
                found = Buffer(self.unique(name), variable.dtype, shape, result.kind, base=result)
            else:
                found = self.temporary(name, variable.dtype, shape)
            found.note = self.note(variable)
            self.reader.buffers[variable] = found
        return found

    def temporary(self, name: str, dtype: str, shape: Index) -> Buffer:
        made = Buffer(self.unique(name), dtype, shape, "temporary")
        self.temporaries.append(made)
        return made

    def operand(self, v: Variable) -> Buffer:
        """The memory of what a call takes; what would otherwise stand in the code, such as a number, gets some."""
        if v in self.reader.buffers:
            return self.reader.buffers[v]
        made = self.temporary(v.name or "given", v.dtype, self.sizes(v))
        loops, index = domain(made.shape)
        self.items.append(Nest(loops, made, index, self.reader(v, index), note=note(v)))
        return made

    def view(self, variable: Variable, of: Variable) -> None:
        """Give `variable` the memory of `of`, or the other way round when `variable` is a result."""
        old, new = self.reader.buffers.get(of), self.reader.buffers.get(variable)
        if new is None:
            name = self.unique(variable.name or label(variable))
            assert old is not None
            self.reader.buffers[variable] = Buffer(name, variable.dtype, self.sizes(variable), old.kind, base=old)
        else:
            self._copy(variable, of)

    def _copy(self, variable: Variable, of: Variable) -> None:
        """A result that is a view of something that has its own memory: copied through an alias of that."""
        base = self.reader.buffers[of]
        if base.root is self.reader.buffers[variable]:
            return  # it lies there already
        alias = Buffer(self.unique(base.name), base.dtype, self.sizes(variable), base.kind, base=base)
        loops, index = domain(self.sizes(variable))
        self.store(variable, loops, index, Load(alias, index))

    # ---- the general case: one store per element -------------------------------------------------------------------

    def map(self, node: Apply) -> None:
        """An inlined op whose result is wanted in memory."""
        if isinstance(node.op, (ExpandDims, Squeeze)) and node.inputs[0] in self.reader.buffers:
            if not isinstance(node.inputs[0], Constant) and node.inputs[0].owner is not None:
                return self.view(node.outputs[0], node.inputs[0])
        if isinstance(node.op, Row) and self._is_row_in_memory(node):
            return None
        if node.outputs[0] not in self.reader.buffers and node.inputs and node.inputs[0] in self.reader.buffers:
            if is_prefix(node) and not isinstance(node.inputs[0], Constant):
                return self.view(node.outputs[0], node.inputs[0])
        for variable in node.outputs:
            loops, index = domain(self.sizes(variable))
            self.store(variable, loops, index, self._value(variable, index))
        return None

    def _is_row_in_memory(self, node: Apply) -> bool:
        """An element of a stored sequence is where it is."""
        (out,), (x, i) = node.outputs, node.inputs
        of = self.reader.buffers.get(x)
        if of is None or not out.ndim or out in self.reader.buffers:
            return False
        name = self.unique(out.name or f"{of.name}_row")
        row = Buffer(name, out.dtype, self.sizes(out), "row", note=note(out), of=of, at=self.reader.scalar(i))
        self.reader.buffers[out] = row
        self.rows.append(row)
        return True

    def _value(self, variable: Variable, index: Index) -> Value:
        """What to store: the variable computed from its operands, though it has a buffer or a name of its own."""
        own, name = self.reader.buffers.pop(variable, None), self.reader.lengths.pop(variable, None)
        self.reader.forget(variable, index)
        try:
            return self.reader(variable, index)
        finally:
            self.reader.forget(variable, index)
            if own is not None:
                self.reader.buffers[variable] = own
            if name is not None:
                self.reader.lengths[variable] = name

    def store(self, variable: Variable, loops: list[Loop], index: Index, value: Value) -> None:
        self.items.append(Nest(loops, self.buffer(variable), index, value, note=self.note(variable)))
