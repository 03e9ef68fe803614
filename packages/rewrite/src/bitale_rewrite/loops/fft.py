"""Fourier transforms: one call for all rows, of at least one point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.errors import ShapeError, explain
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.routine import Transform
from bitale_graph.variable import Apply
from bitale_rewrite.loops.integers import ZERO, product
from bitale_rewrite.loops.ir import Call, LibraryCall, Literal, Require
from bitale_rewrite.loops.nests import Fixed

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder


def transform(b: Builder, node: Apply) -> None:
    """The lengths of the call are the number of rows and that of points, which only the real array of two has."""
    op, x, out = node.op, node.inputs[0], node.outputs[0]
    assert isinstance(op, Transform)
    *rows, n = b.sizes(out if x.dtype.startswith("complex") else x)
    if not isinstance(n, Literal):
        code = b.sizes.fail(ShapeError, explain(op.too_few, [x]), node)
        enough = Require(Call(FUNCTIONS["less"], (ZERO, n), "bool"), code, (n,))
        b.items.append(Fixed([enough], set(), set()))
    given, made = b.operand(x), b.buffer(out)
    step = LibraryCall(op, [given], [made], (product(tuple(rows)), n), note=b.note(out))
    b.items.append(Fixed([step], {given.root}, {made.root}))
