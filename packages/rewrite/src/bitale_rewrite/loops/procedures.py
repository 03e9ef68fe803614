"""Procedures: sub-graphs that become one function each, with a Program of their own, and the steps that call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bitale_graph.composite import inline
from bitale_graph.graph import Graph, substitute
from bitale_graph.ops.control import Procedure
from bitale_graph.shapes import SHAPES
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.driver import RuleIndex, rewrite
from bitale_rewrite.loops.blocks import is_early, late_names, nbytes
from bitale_rewrite.loops.integers import add, integer, multiply
from bitale_rewrite.loops.ir import Buffer, Invoke, LibraryCall, Loop, Name, Program, Run, Value
from bitale_rewrite.loops.nests import Fixed
from bitale_rewrite.loops.touched import all_steps
from bitale_rewrite.loops.values import transform
from bitale_rewrite.rule import Replacement, rewrites

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

LINE = integer(64)  # bytes by which memory may have to be moved on to be aligned
THREADS = Name("threads")  # how many there are when the function runs


@dataclass(frozen=True, eq=False)
class Called(Procedure):
    """A procedure and the program of its body, which takes the body's constant arrays as further inputs."""

    program: Program


SHAPES.add(Called, SHAPES[Procedure])


def call_procedures(graph: Graph, lower: Callable[[Graph], Program] | None) -> Graph:
    """`graph` with Called in place of each Procedure: `lower` makes the program of a body; without it all are opened.

    One whose results or intermediate results have lengths that are known only while it runs is opened instead.
    """
    programs: dict[Procedure, Called | None] = {}

    @rewrites(Procedure, name="call a procedure", samples=_no_samples)
    def call(node: Apply) -> Replacement:
        op = node.op
        assert isinstance(op, Procedure)
        if lower is None:
            return inline(node)
        constants = _constants(op.body)
        if op not in programs:
            body = _with_inputs(op.body, constants)
            program = lower(body)
            programs[op] = Called(op.label, op.key, body, program) if _is_laid_out_before(program) else None
        called = programs[op]
        return inline(node) if called is None else Apply(called, (*node.inputs, *constants)).outputs

    return rewrite(graph, RuleIndex([call])) if _has_procedures(graph) else graph


def _no_samples() -> Iterator[Variable]:
    return iter(())


def _has_procedures(graph: Graph) -> bool:
    pending, seen = [graph], {graph}
    while pending:
        for node in pending.pop().nodes:
            if isinstance(node.op, Procedure):
                return True
            new = [body for body in node.op.bodies if body not in seen]
            seen.update(new)
            pending.extend(new)
    return False


def _constants(body: Graph) -> list[Constant]:
    """The constant arrays of a body, which its callers hand over."""
    found = dict.fromkeys(v for node in body.nodes for v in node.inputs) | dict.fromkeys(body.outputs)
    return [v for v in found if isinstance(v, Constant) and v.data.size != 1]


def _with_inputs(body: Graph, constants: list[Constant]) -> Graph:
    fresh: dict[Variable, Variable] = {v: Variable(v.type, name=v.name) for v in constants}
    return Graph([*body.inputs, *fresh.values()], substitute(body.outputs, fresh), body.name)


def _is_laid_out_before(program: Program) -> bool:
    """Whether all its memory has lengths that are known when it is called; libraries may need more."""
    late = late_names(program)
    for step in all_steps(program.steps):
        if isinstance(step, LibraryCall) or (isinstance(step, Loop) and step.growing):
            return False
    sizes = [*program.slots, *map(nbytes, program.outputs), *map(nbytes, _scratch(program))]
    return all(is_early(n, late) for n in sizes)


def _scratch(program: Program) -> list[Buffer]:
    return [row for step in all_steps(program.steps) if isinstance(step, Run) for row in step.kernel.scratch]


def call(b: Builder, node: Apply) -> None:
    """One step that calls the program; its memory is an array around it."""
    program: Program = node.op.program
    inputs = [b.operand(v) for v in node.inputs]
    outputs = [b.buffer(v) for v in node.outputs]
    need = _workspace(program, inputs)
    memory = [] if need == integer(0) else [b.temporary(f"{program.name}_memory", "uint8", (need,))]
    step = Invoke(program, inputs, outputs, memory[0] if memory else None)
    b.items.append(Fixed([step], set(inputs), {*outputs, *memory}))


def _workspace(program: Program, given: list[Buffer]) -> Value:
    """The bytes that a call needs, in terms of the lengths of what is given to it."""
    known: dict[Value, Value] = {}
    for names, buffer in zip(program.lengths, given, strict=True):
        known.update((name, n) for name, n in zip(names, buffer.shape, strict=True) if isinstance(name, Name))
    for size in program.sizes:
        known[size.name] = _outside(size.value, known)
    total: Value = integer(0)
    for n in [*program.slots, *(multiply(nbytes(row), THREADS) for row in _scratch(program))]:
        total = add(total, add(_outside(n, known), LINE))
    return total


def _outside(value: Value, known: dict[Value, Value]) -> Value:
    return transform(value, lambda v: known.get(v, v), {})
