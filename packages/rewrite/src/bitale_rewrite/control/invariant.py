"""What does not change in a loop is computed before it."""

from __future__ import annotations

from bitale_graph.dtypes import SIZE
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.ops.movement import Concatenate
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.routine import Routine
from bitale_graph.variable import Apply, Constant, Variable
from bitale_rewrite.control.form import Form

WORK = (Elementwise, Contract, Reduce, ArgReduce, Cumulate, Concatenate, Routine)
MAY_FAIL = (Check, Gather, Scatter, Nonzero)  # where no step would


def move_invariants(form: Form) -> None:
    """Replace what only fixed values go into by fixed values."""
    unchanging = {read.variable for read in form.fixed}
    working: set[Variable] = set()  # of those, what takes work: not just another view, nor a length
    nodes = form.nodes()
    for node in nodes:
        known = [v in unchanging or isinstance(v, Constant) for v in node.inputs]
        if all(known) and any(v in unchanging for v in node.inputs) and not _may_fail(node):
            unchanging.update(node.outputs)
            if any(v in working for v in node.inputs) or (isinstance(node.op, WORK) and not _is_length(node)):
                working.update(node.outputs)
    edge = dict.fromkeys(v for v in form.values() if v in working)
    edge |= dict.fromkeys(v for n in nodes if n.outputs[0] not in unchanging for v in n.inputs if v in working)
    outer = form.outside(list(edge))
    before = {v: form.fix(made, v) for v, made in zip(edge, outer, strict=True)}
    form.replace(before, "what does not change is computed before the loop")


def _may_fail(node: Apply) -> bool:
    return isinstance(node.op, MAY_FAIL) or (isinstance(node.op, Routine) and node.op.problem is not None)


def _is_length(node: Apply) -> bool:
    return all(v.ndim == 0 and v.dtype == SIZE for v in node.outputs)
