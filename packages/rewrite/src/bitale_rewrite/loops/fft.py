"""Fourier transforms: one call for all rows, of at least one point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.dtypes import real_dtype
from bitale_graph.errors import ShapeError, explain
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.fft import Irfft
from bitale_graph.routine import Transform
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.loops.integers import EQUAL, ZERO, add, product
from bitale_rewrite.loops.ir import Buffer, Call, LibraryCall, Literal, Require, Value
from bitale_rewrite.loops.nests import Fixed, Nest, domain

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
    given = _clean_copy(b, x, n) if b.target.spoils and isinstance(op, Irfft) else b.operand(x)
    made = b.buffer(out)
    step = LibraryCall(op, [given], [made], (product(tuple(rows)), n), note=b.note(out))
    b.items.append(Fixed([step], {given.root}, {made.root}))


def _clean_copy(b: Builder, x: Variable, n: Value) -> Buffer:
    """A copy of x, in which the elements are real that must be: those at 0 and at n / 2."""
    made = b.temporary("spectrum", x.dtype, b.sizes(x))
    loops, index = domain(made.shape)
    value, k, part = b.reader(x, index), index[-1], real_dtype(x.dtype)
    own = Call(FUNCTIONS["logical_or"], (Call(EQUAL, (k, ZERO), "bool"), Call(EQUAL, (add(k, k), n), "bool")), "bool")
    parts = Call(FUNCTIONS["real"], (value,), part), Literal(0.0, part)
    real = Call(FUNCTIONS["make_complex"], parts, x.dtype)
    b.items.append(Nest(loops, made, index, Call(FUNCTIONS["where"], (own, real, value), x.dtype), note=b.note(x)))
    return made
