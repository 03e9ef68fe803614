"""Linear algebra for libraries that know column-major matrices only and work in place, as those for GPUs do.

Copies are arranged as a routine wants them, and results as they are wanted; both fuse with what is around them. A
row-major matrix is the transposed one in columns: where that will do, nothing is moved. What failed is found by kernels
that look at the routine's words about each matrix, or at the diagonals of what is to be divided by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bitale_graph.dtypes import COMPLEX
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_graph.ops.linalg import PIVOT, Cholesky, Eigh, Lu, LuSolve, Qr, SolveTriangular, Svd
from bitale_graph.variable import Apply, Op, Variable
from bitale_rewrite.loops.identities import identity_of
from bitale_rewrite.loops.integers import EQUAL, LESS_EQUAL, ZERO, add, multiply, product, size_call
from bitale_rewrite.loops.ir import Buffer, Call, LibraryCall, Literal, Load, Value
from bitale_rewrite.loops.nests import Fixed, Index, Loop, Nest, domain

if TYPE_CHECKING:
    from bitale_rewrite.loops.builder import Builder

WHERE, MINIMUM, CONJUGATE = FUNCTIONS["where"], FUNCTIONS["minimum"], FUNCTIONS["conjugate"]
NONE_FAILED = identity_of(MINIMUM, "int64")  # what the number of the first matrix that failed is if none did


@dataclass(frozen=True)
class InColumns(Op):
    """A routine named as LAPACK's, on column-major matrices that it changes. The sizes of its call are the length of
    the batch, then those that the routine takes; its arrays: those that it reads, then those that it writes."""

    routine: str
    flags: tuple[bool, ...] = ()

    @property
    def name(self) -> str:
        return self.routine


class Columns:
    """Lowers one application. `found` says which matrix failed first, where one may."""

    def __init__(self, b: Builder, node: Apply) -> None:
        self.b, self.node = b, node
        batch, self.lengths = node.op.measured(map(b.sizes, node.inputs))
        self.shape = tuple(batch)
        self.batch = product(self.shape)
        self.found: Buffer | None = None

    # ---- arrays ------------------------------------------------------------------------------------------------------

    def memory(self, name: str, dtype: str, *lengths: Value) -> Buffer:
        """An array for each matrix."""
        return self.b.temporary(name, dtype, (*self.shape, *lengths))

    def copied(self, v: Variable, turned: bool = False) -> Buffer:
        """The matrices of v, which a routine may change: as they are, which is transposed in columns, or turned."""
        *batch, rows, columns = self.b.sizes(v)
        shape = (*batch, columns, rows) if turned else (*batch, rows, columns)
        made = self.b.temporary(f"{v.name or 'matrix'}_columns", v.dtype, shape)
        self.fill(made, lambda at, i, j: self.b.reader(v, (*at, j, i) if turned else (*at, i, j)))
        return made

    def fill(self, made: Buffer, value: Callable[[Index, Value, Value], Value], *lengths: Value) -> None:
        """made[..., i, j] = value, for all or the first `lengths` of rows and columns."""
        loops, index = domain((*made.shape[:-2], *lengths) if lengths else made.shape)
        *at, i, j = index
        note = self.b.note(self.node.outputs[0])
        self.b.items.append(Nest(loops, made, index, value(tuple(at), i, j), note=note))

    def result(self, number: int, value: Callable[[Index, Value, Value], Value]) -> None:
        """Output `number` of the op, element by element."""
        self.fill(self.b.buffer(self.node.outputs[number]), value)

    # ---- calls -------------------------------------------------------------------------------------------------------

    def call(
        self, routine: str, reads: Sequence[Buffer], changes: Sequence[Buffer], sizes: str, *flags: bool
    ) -> Buffer:
        """A call for the lengths that `sizes` labels; the routine's words about each matrix."""
        words = self.b.temporary(f"{routine}_info", "int32", (self.batch,))
        lengths = (self.batch, *(self.lengths[label] for label in sizes))
        op, note = InColumns(routine, flags), self.b.note(self.node.outputs[0])
        step = LibraryCall(op, [*reads, *changes], [*changes, words], lengths, note=note)
        touched = {buffer.root for buffer in (*reads, *changes)}
        written = {buffer.root for buffer in (*changes, words)}
        self.b.items.append(Fixed([step], touched, written))
        return words

    def failing(self, lengths: Index, fails: Callable[[Index], Value], number: Callable[[Index], Value]) -> None:
        """The first matrix for which `fails` holds at any index."""
        self.found = self.b.temporary(f"{self.node.op.name}_failed", "int64", ())
        loops, index = domain(lengths)
        value = Call(WHERE, (fails(index), number(index), NONE_FAILED), "int64")
        serial = [Loop(loop.extent, serial=True) for loop in loops]
        self.b.items.append(Nest(serial, self.found, (), value, MINIMUM if loops else None, note="matrices that fail"))

    def check_words(self, words: Buffer) -> None:
        """A routine says of each matrix whether it failed."""
        def fails(index: Index) -> Value:
            return Call(FUNCTIONS["not_equal"], (Load(words, index), Literal(0, "int32")), "bool")

        self.failing(words.shape, fails, lambda index: index[0])

    def check_diagonal(self, matrices: Buffer) -> None:
        """Triangles that are to be divided by."""
        zero, n = Literal(0, matrices.dtype), matrices.shape[-1]

        def fails(index: Index) -> Value:
            return Call(EQUAL, (Load(matrices, (*index, index[-1])), zero), "bool")

        def number(index: Index) -> Value:
            flat: Value = ZERO
            for i, length in zip(index[:-1], self.shape, strict=True):
                flat = add(multiply(flat, length), i)
            return flat

        self.failing((*self.shape, n), fails, number)


def _where(condition: Value, value: Value) -> Value:
    return Call(WHERE, (condition, value, Literal(0, value.dtype)), value.dtype)


def _not_below(a: Value, b: Value) -> Value:
    return Call(LESS_EQUAL, (b, a), "bool")


def _conjugate(value: Value) -> Value:
    return Call(CONJUGATE, (value,), value.dtype) if value.dtype in COMPLEX else value


def _identity(dtype: str) -> Callable[[Index, Value, Value], Value]:
    one, zero = Literal(1, dtype), Literal(0, dtype)
    return lambda at, i, j: Call(WHERE, (Call(EQUAL, (i, j), "bool"), one, zero), dtype)


# ---- the ops ---------------------------------------------------------------------------------------------------------


def _cholesky(c: Columns) -> None:
    """What lies above the diagonal is left as it was, and must be 0."""
    a = c.copied(c.node.inputs[0])
    c.check_words(c.call("potrf", [], [a], "n"))
    c.result(0, lambda at, i, j: _where(_not_below(i, j), Load(a, (*at, i, j))))


def _solve_triangular(c: Columns) -> None:
    op, a, x = c.node.op, c.b.operand(c.node.inputs[0]), c.b.buffer(c.node.outputs[0])
    if not op.unit:
        c.check_diagonal(a)
    c.result(0, lambda at, i, j: c.b.reader(c.node.inputs[1], (*at, i, j)))
    c.call("trsm", [a], [x], "nk", op.lower, op.transposed, op.unit)


def _lu(c: Columns) -> None:
    a, pivots = c.copied(c.node.inputs[0], turned=True), c.b.buffer(c.node.outputs[1])
    assert pivots.dtype == PIVOT
    c.call("getrf", [], [a, pivots], "n")
    c.result(0, lambda at, i, j: Load(a, (*at, j, i)))


def _lu_solve(c: Columns) -> None:
    factors, pivots, b = c.node.inputs
    a, x = c.copied(factors, turned=True), c.copied(b, turned=True)
    c.check_diagonal(a)
    c.call("getrs", [a, c.b.operand(pivots)], [x], "nk", c.node.op.transposed)
    c.result(0, lambda at, i, j: Load(x, (*at, j, i)))


def _qr(c: Columns) -> None:
    """Q is made of the reflections that are left below R, and of none if there are none."""
    (x,), complete = c.node.inputs, c.node.op.complete
    m, n = c.lengths["m"], c.lengths["n"]
    k = c.lengths["k"] = c.b.sizes.names.short(m if m == n else size_call(MINIMUM, (m, n), "int64"))
    a, tau = c.copied(x, turned=True), c.memory("tau", x.dtype, k)
    c.call("geqrf", [], [a, tau], "mn")
    c.result(1, lambda at, i, j: _where(_not_below(j, i), Load(a, (*at, j, i))))
    q = c.memory("q_columns", x.dtype, m if complete else k, m)
    c.fill(q, _identity(x.dtype))
    c.fill(q, lambda at, i, j: Load(a, (*at, i, j)), k, m)
    c.call("orgqr", [tau], [q], "mmk" if complete else "mkk")
    c.result(0, lambda at, i, j: Load(q, (*at, j, i)))


def _eigh(c: Columns) -> None:
    """The lower triangle is, in columns, the upper one of the conjugate matrix."""
    a, w = c.copied(c.node.inputs[0]), c.b.buffer(c.node.outputs[0])
    c.check_words(c.call("syevd", [], [a, w], "n", c.node.op.vectors))
    if c.node.op.vectors:
        c.result(1, lambda at, i, j: _conjugate(Load(a, (*at, j, i))))


def _svd(c: Columns) -> None:
    """In columns it is the transposed matrix: its left vectors are V, and its right ones conj(U)."""
    op, outputs, (x,) = c.node.op, c.node.outputs, c.node.inputs
    a = c.copied(x)
    if not op.vectors:
        c.check_words(c.call("gesvdj", [], [a, c.b.buffer(outputs[0])], "nm", False, False))
        return
    s, v, columns = c.b.buffer(outputs[1]), c.b.buffer(outputs[2]), c.b.sizes(outputs[0])[-1]
    u = c.memory("u_columns", x.dtype, columns, c.lengths["m"])
    c.fill(v, _identity(x.dtype))
    c.fill(u, _identity(x.dtype))
    c.check_words(c.call("gesvdj", [], [a, s, v, u], "nm", True, op.full))
    c.result(0, lambda at, i, j: _conjugate(Load(u, (*at, j, i))))


LOWERED: dict[type[Op], Callable[[Columns], None]] = {
    Cholesky: _cholesky, SolveTriangular: _solve_triangular, Lu: _lu, LuSolve: _lu_solve, Qr: _qr, Eigh: _eigh,
    Svd: _svd,
}  # fmt: skip
