"""The loop IR: what a Program is made of. It knows arrays as buffers and sizes, but no target language.

    program   = sizes and steps in order: Define | Require | Run(kernel) | Gemm | LibraryCall | Choose(steps) |
                Loop(steps) | Invoke(program)
    kernel    = statements over scalar expressions
    statement = For | Let | Accumulate | Store | If | Fail
    value     = Literal | Name | Load | Call(function of the graph's own elementwise table)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bitale_graph.ops.elementwise import Function
from bitale_graph.variable import Op
from bitale_rewrite.loops.failure import Failure
from bitale_rewrite.loops.scalars import Buffer, Call, Literal, Load, Name, Value

__all__ = [
    "Accumulate", "Assign", "Buffer", "Call", "Carry", "Choose", "Define", "Fail", "Failure", "For", "Gemm", "If",
    "Invoke", "Kernel", "Let", "LibraryCall", "Literal", "Load", "Loop", "Name", "Program", "Require", "Run",
    "Statement", "Step", "Store", "Value",
]  # fmt: skip

# ---- statements ---------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class For:
    """for index in range(extent): body. `parallel` promises that the iterations are independent; `gathers`, that they
    are but for the scalars they accumulate into."""

    index: Name
    extent: Value
    body: list[Statement]
    parallel: bool = False
    gathers: bool = False


@dataclass(eq=False)
class Let:
    """Bind a scalar; `mutable` ones are the targets of Accumulate."""

    name: Name
    value: Value
    mutable: bool = False


@dataclass(eq=False)
class Accumulate:
    """target = function(target, value), in any order of the enclosing loops. The target is a mutable scalar or a
    buffer element (a Load)."""

    target: Name | Load
    function: Function
    value: Value


@dataclass(eq=False)
class Assign:
    """A mutable scalar takes a new value, in the order of the loops (unlike Accumulate)."""

    target: Name
    value: Value


@dataclass(eq=False)
class Store:
    """buffer[index] = value."""

    buffer: Buffer
    index: tuple[Value, ...]
    value: Value


@dataclass(eq=False)
class If:
    """Run `body` where the boolean condition holds, `orelse` where not."""

    condition: Value
    body: list[Statement]
    orelse: list[Statement] = field(default_factory=list)


@dataclass(eq=False)
class Fail:
    """Stop the function with failure number `code`, reporting `values`, where the condition holds."""

    condition: Value
    code: int
    values: tuple[Value, ...] = ()


Statement = For | Let | Accumulate | Assign | Store | If | Fail


@dataclass(eq=False)
class Kernel:
    """A loop nest, or several that share their outer loops. `note` says what it computes, line by line."""

    name: str
    body: list[Statement]
    note: list[str] = field(default_factory=list)
    scratch: list[Buffer] = field(default_factory=list)


# ---- steps ----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Define:
    """Bind a size (int64) for the steps that follow. Its value may read scalar buffers written by earlier steps."""

    name: Name
    value: Value


@dataclass(eq=False)
class Require:
    """Stop the function with failure number `code` unless the condition holds."""

    condition: Value
    code: int
    values: tuple[Value, ...] = ()


@dataclass(eq=False)
class Run:
    """Run a kernel."""

    kernel: Kernel


@dataclass(eq=False)
class Epilogue:
    """What is done to a product before it is stored: the vector `bias` is added to every row; then, with `relu`, what
    is below 0 becomes 0. A library may do so as it computes the product; where it does not, `kernel` does it in place.
    """

    bias: Buffer | None
    relu: bool
    kernel: Kernel


@dataclass(eq=False)
class Gemm:
    """out = alpha * left @ right + beta * out, over row-major matrices (batch axes in front, all of one length).

    `left` is m x k (k x m where `transposed`), `right` k x n (n x k where `transposed`), `out` m x n. An operand that
    is `shared` is one matrix for the whole batch. With `tf32`, products of float32 may be of rounded operands.
    """

    out: Buffer
    left: Buffer
    right: Buffer
    m: Value
    n: Value
    k: Value
    transposed: tuple[bool, bool]
    shared: tuple[bool, bool]
    batch: Value
    alpha: Value
    beta: Value
    note: str = ""
    tf32: bool = False
    epilogue: Epilogue | None = None


@dataclass(eq=False)
class LibraryCall:
    """outputs = op(*inputs) by a routine of a library, over row-major arrays. `sizes`: the length of the batch, then
    those of the labels of the op's inputs. `failed`: where the number of the first matrix that the op failed for goes,
    from 1 on, or 0."""

    op: Op
    inputs: list[Buffer]
    outputs: list[Buffer]
    sizes: tuple[Value, ...]
    failed: Buffer | None = None
    note: str = ""


@dataclass(eq=False)
class Choose:
    """Run one list of steps or the other."""

    condition: Value
    then: list[Step]
    otherwise: list[Step]


@dataclass(eq=False)
class Carry:
    """What one iteration hands to the next: each reads `current` and writes `next`.

    One element is copied from `next` to `current` in between. Of arrays, both are `moving`: if `next` is a row, current
    has that row's memory from then on; else they exchange their memory.
    """

    current: Buffer
    next: Buffer


@dataclass(eq=False)
class Loop:
    """for index in range(extent): body, until the boolean scalar in `going` is false after an iteration.

    `rows` are found at the start of each iteration, after there is room for one more element of what is `growing`.
    `count` names the number of iterations for what follows.
    """

    index: Name
    extent: Value
    body: list[Step]
    carries: list[Carry]
    rows: list[Buffer]
    note: str = ""
    count: Name | None = None
    going: Buffer | None = None
    growing: Sequence[Buffer] = ()


@dataclass(eq=False)
class Invoke:
    """Run another program, which all who invoke it share: on these inputs, into these outputs. Its temporaries lie in
    `memory`; where a check fails in it, the number is one of the whole program's failures."""

    program: Program
    inputs: list[Buffer]
    outputs: list[Buffer]
    memory: Buffer | None


Step = Define | Require | Run | Gemm | LibraryCall | Choose | Loop | Invoke


@dataclass(eq=False)
class Program:
    """A whole function: buffers and steps. `donated[k] = j`: output k is written into the memory of input j.

    `inputs` are the graph's, then one for each of `constants`; `lengths` are the names of their axes' lengths (in the
    shapes of buffers, lengths that must be equal go by one name). `sizes` defines what is computed from lengths alone,
    before anything else. `contiguous` holds the inputs that must be row-major
    (the caller copies those that are not). `slots` are the sizes in bytes of the blocks of the workspace, and
    `placement` says which block a temporary lives in.
    """

    name: str
    inputs: list[Buffer]
    outputs: list[Buffer]
    temporaries: list[Buffer]
    steps: list[Step]
    failures: list[Failure]
    donated: dict[int, int] = field(default_factory=dict)
    contiguous: set[int] = field(default_factory=set)
    lengths: list[tuple[Value, ...]] = field(default_factory=list)
    sizes: list[Define] = field(default_factory=list)
    constants: list[np.ndarray] = field(default_factory=list)
    slots: list[Value] = field(default_factory=list)
    placement: dict[Buffer, int] = field(default_factory=dict)
