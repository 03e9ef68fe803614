"""Small products of matrices as kernels, for loops that cannot wait for a library."""

from __future__ import annotations

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import ONE, ZERO
from bitale_rewrite.loops.ir import (
    Accumulate,
    Buffer,
    Call,
    For,
    Gemm,
    Kernel,
    Let,
    Literal,
    Load,
    Name,
    Statement,
    Store,
    Value,
)

ADD, MULTIPLY, WHERE, EQUAL = (FUNCTIONS[name] for name in ("add", "multiply", "where", "equal"))
REAL = ("float32", "float64")


def as_kernel(step: Gemm) -> Kernel | None:
    """out = alpha * left @ right + beta * out, element by element; None for dtypes that sum in another."""
    dtype = step.out.dtype
    if dtype not in REAL or step.left.dtype != dtype or step.right.dtype != dtype:
        return None
    i, j, k = (Name(name) for name in ("j", "k", "l"))
    b = Name("i") if step.batch != ONE else ZERO
    (across_left, across_right), (one_left, one_right) = step.transposed, step.shared
    left_shape = (step.k, step.m) if across_left else (step.m, step.k)
    right_shape = (step.n, step.k) if across_right else (step.k, step.n)
    left = _seen(step.left, "left", (ONE if one_left else step.batch, *left_shape))
    right = _seen(step.right, "right", (ONE if one_right else step.batch, *right_shape))
    out = _seen(step.out, "out", (step.batch, step.m, step.n))
    a = Load(left, (ZERO if one_left else b, *((k, i) if across_left else (i, k))))
    c = Load(right, (ZERO if one_right else b, *((j, k) if across_right else (k, j))))
    total, zero = Name("product", dtype), Literal(0.0, dtype)
    value: Value = total if _is(step.alpha, 1) else Call(MULTIPLY, (step.alpha, total), dtype)
    if not _is(step.beta, 0):  # what was there counts for nothing where beta is 0, even NaN
        more = Call(ADD, (value, Call(MULTIPLY, (step.beta, Load(out, (b, i, j))), dtype)), dtype)
        value = Call(WHERE, (Call(EQUAL, (step.beta, zero), "bool"), value, more), dtype)
    each: list[Statement] = [
        Let(total, zero, mutable=True),
        # Threads go along the rows of `right` where they can, else each sum is for several of them.
        For(k, step.k, [Accumulate(total, ADD, Call(MULTIPLY, (a, c), dtype))], gathers=across_right),
        Store(out, (b, i, j), value),
    ]
    rows: Statement = For(i, step.m, [For(j, step.n, each, parallel=True)], parallel=True)
    if isinstance(b, Name):
        rows = For(b, step.batch, [rows], parallel=True)
    return Kernel(f"multiply_{step.out.name}", [rows])


def _seen(buffer: Buffer, name: str, shape: tuple[Value, ...]) -> Buffer:
    """The memory of a buffer as a stack of matrices."""
    return Buffer(f"{buffer.name}_{name}", buffer.dtype, shape, buffer.kind, base=buffer)


def _is(value: Value, number: int) -> bool:
    return isinstance(value, Literal) and value.number == number
