"""Routines of libraries: an op on whole matrices or rows is one step, and a check where it may fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitale_graph.errors import LinearAlgebraError, explain
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.reference import REFERENCE
from bitale_graph.routine import Routine
from bitale_graph.variable import Apply
from bitale_rewrite.loops import integers
from bitale_rewrite.loops.columns import LOWERED, NONE_FAILED, Columns
from bitale_rewrite.loops.integers import EQUAL, ONE, ZERO, product
from bitale_rewrite.loops.ir import Buffer, Call, LibraryCall, Load, Require, Value
from bitale_rewrite.loops.nests import Fixed

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder


def routine(b: Builder, node: Apply) -> None:
    """The call, then the check that it worked."""
    op = node.op
    assert isinstance(op, Routine)
    if b.target.in_columns and type(op) in LOWERED:
        return _in_columns(b, node)
    inputs, outputs = [b.operand(v) for v in node.inputs], [b.buffer(v) for v in node.outputs]
    batch, lengths = op.measured(map(b.sizes, node.inputs))
    sizes = (product(tuple(batch)), *lengths.values())
    failed = b.temporary(f"{op.name}_failed", "int64", ()) if op.problem else None
    step = LibraryCall(op, inputs, outputs, sizes, failed, b.note(node.outputs[0]))
    writes = {buffer.root for buffer in outputs} | ({failed} if failed else set())
    b.items.append(Fixed([step], {buffer.root for buffer in inputs}, writes))
    if failed is not None:
        _check(b, node, failed, ZERO, integers.size_call(FUNCTIONS["subtract"], (Load(failed, ()), ONE), "int64"))
    return None


def _in_columns(b: Builder, node: Apply) -> None:
    columns = Columns(b, node)
    LOWERED[type(node.op)](columns)
    if columns.found is not None:
        _check(b, node, columns.found, NONE_FAILED, Load(columns.found, ()))


def run_on_host(step: LibraryCall, arrays: Sequence[np.ndarray], sizes: Sequence[int]) -> list[np.ndarray]:
    """What a call writes, as the reference computes it from the inputs and the values of its sizes; its results are
    empty where it fails."""
    op = step.op.at(sizes)
    failed: list[np.ndarray] = []
    try:
        results = REFERENCE[op](op, *arrays)
        number = 0
    except LinearAlgebraError as error:
        results, number = tuple(np.empty(0, b.dtype) for b in step.outputs), error.number + 1
    if step.failed is not None:
        failed.append(np.asarray(number, "int64"))
    return [*(results if isinstance(results, tuple) else (results,)), *failed]


def _check(b: Builder, node: Apply, failed: Buffer, none: Value, number: Value) -> None:
    """`failed` is `none`, unless the matrix of that number failed."""
    batched = node.inputs[0].ndim > len(node.op.operands[0])
    which = "matrix {0} of the batch" if batched else "the matrix"
    code = b.sizes.fail(LinearAlgebraError, explain(f"{node.op.name}: {which} {node.op.problem}", node.inputs), node)
    check = Require(Call(EQUAL, (Load(failed, ()), none), "bool"), code, (number,))
    b.items.append(Fixed([check], {failed}, set(), barrier=True))
