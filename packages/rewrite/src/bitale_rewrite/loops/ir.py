"""The loop IR: what a Program is made of. It knows arrays as buffers and sizes, but no target language.

    program   = sizes and steps in order: Define | Require | Run(kernel) | Gemm | Choose(steps) | Loop(steps) |
                Invoke(program)
    kernel    = statements over scalar expressions
    statement = For | Let | Accumulate | Store | If | Fail
    value     = Literal | Name | Load | Call(function of the graph's own elementwise table)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bitale_graph.ops.elementwise import Function
from bitale_rewrite.loops.failure import Failure


class Value:
    """A scalar expression. Values are immutable, equal by content, and remember their hash."""

    __slots__ = ("dtype", "_hash")
    dtype: str
    _hash: int

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return str(self)


class Literal(Value):
    """A number of a dtype."""

    __slots__ = ("number",)

    def __init__(self, number: Any, dtype: str) -> None:
        self.number = number
        self.dtype = dtype
        self._hash = hash((repr(number), dtype))

    def __eq__(self, other: object) -> bool:
        # By text, so that NaN equals itself and -0.0 differs from 0.0.
        return type(other) is Literal and other.dtype == self.dtype and repr(other.number) == repr(self.number)

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return str(self.number)


class Name(Value):
    """A loop index, a size, or a scalar bound by Let."""

    __slots__ = ("name",)

    def __init__(self, name: str, dtype: str = "int64") -> None:
        self.name = name
        self.dtype = dtype
        self._hash = hash(name)

    def __eq__(self, other: object) -> bool:
        return type(other) is Name and other.name == self.name

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return self.name


class Load(Value):
    """The element of a buffer at an index (one int64 value per axis)."""

    __slots__ = ("buffer", "index")

    def __init__(self, buffer: Buffer, index: tuple[Value, ...]) -> None:
        self.buffer = buffer
        self.index = index
        self.dtype = buffer.dtype
        self._hash = hash((id(buffer), index))

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Load and _same(self, other))

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return f"{self.buffer.name}[{', '.join(map(str, self.index))}]"


class Call(Value):
    """An elementwise function of the graph, applied to scalars."""

    __slots__ = ("function", "operands")

    def __init__(self, function: Function, operands: tuple[Value, ...], dtype: str) -> None:
        self.function = function
        self.operands = operands
        self.dtype = dtype
        self._hash = hash((function, operands))

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Call and _same(self, other))

    __hash__ = Value.__hash__

    def __str__(self) -> str:
        return f"{self.function.name}({', '.join(map(str, self.operands))})"


def _same(a: Value, b: Value) -> bool:
    """Whether two values are equal all the way down. Iterative: they may be any depth."""
    stack, seen = [(a, b)], set[tuple[int, int]]()
    while stack:
        a, b = stack.pop()
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if type(a) is not type(b) or a._hash != b._hash:
            return False
        if isinstance(a, Call) and isinstance(b, Call):
            if a.function is not b.function or len(a.operands) != len(b.operands):
                return False
            stack.extend(zip(a.operands, b.operands, strict=True))
        elif isinstance(a, Load) and isinstance(b, Load):
            if a.buffer is not b.buffer:
                return False
            stack.extend(zip(a.index, b.index, strict=True))
        elif a != b:
            return False
    return True


@dataclass(eq=False)
class Buffer:
    """An array in memory. `shape` holds values over sizes.

    kind: `input` (given by the caller, of any strides if `strided`), `output` (allocated for the caller, or donated),
    `temporary` (in the workspace; local if it has one element), `scratch` (one per thread, inside one kernel), `row`
    (element `at` of the array `of`, found anew in each iteration of a loop), `moving` (between the memory `of` one
    buffer, where a loop starts, and that of another, its `spare`), `growing` (a loop makes room for more elements as it
    goes on). What is not `strided` is row-major.
    `slot` numbers inputs and outputs. `base` is the buffer whose memory a view shares, in row-major order.
    `note` says what it holds: the user's expression and line.
    """

    name: str
    dtype: str
    shape: tuple[Value, ...]
    kind: str
    slot: int = -1
    base: Buffer | None = None
    note: str = ""
    strided: bool = False
    of: Buffer | None = None
    at: Value | None = None
    spare: Buffer | None = None

    @property
    def root(self) -> Buffer:
        """The buffer that owns the memory."""
        buffer = self
        while buffer.base is not None:
            buffer = buffer.base
        return buffer

    @property
    def around(self) -> set[Buffer]:
        """The buffers in which this one may lie: its root, the array of which that is a row, and so on."""
        pending, found = [self.root], set[Buffer]()
        while pending:
            buffer = pending.pop()
            if buffer not in found:
                found.add(buffer)
                pending += [b.root for b in (buffer.of, buffer.spare) if b is not None]
        return found

    @property
    def owners(self) -> set[Buffer]:
        """The buffers with memory of their own in which this one may lie."""
        return {b for b in self.around if b.of is None}

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.shape))}]"


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
class Gemm:
    """out = alpha * left @ right + beta * out, over row-major matrices (batch axes in front, all of one length).

    `left` is m x k (k x m when `transpose_left`), `right` k x n (n x k when `transpose_right`), `out` m x n.
    """

    out: Buffer
    left: Buffer
    right: Buffer
    m: Value
    n: Value
    k: Value
    transpose_left: bool
    transpose_right: bool
    batch: Value
    alpha: Value
    beta: Value
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


Step = Define | Require | Run | Gemm | Choose | Loop | Invoke


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
