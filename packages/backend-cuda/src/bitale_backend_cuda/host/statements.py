"""What the host does, as data: a few kinds of statements over the loop IR's values, which printers turn into text.

Addresses are numbers like others: int64 values in bytes, named as their buffers are. Elements of arrays are read by
`Read` only, so that every place where the host waits for the device can be seen; no other value here holds a Load.
Of the loop IR's own steps, Require and Gemm stand among these as they are.

To add a statement: a dataclass here, and its name in `HostStatement` (a number that it finds is its field `name`); what
puts it where it is needed (build.py); a row of the table in python.py, and what that calls in call.py; the same in
cpp.py and runtime.py, without which functions that need it cannot be exported.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_cuda.host_step import HostStep
from bitale_rewrite.loops.ir import Buffer, Gemm, LibraryCall, Name, Require, Value


@dataclass(frozen=True)
class Set:
    """name = value."""

    name: Name
    value: Value


@dataclass(frozen=True)
class Swap:
    """Two addresses change places."""

    a: Name
    b: Name


@dataclass(frozen=True)
class Ask:
    """name = what the call answers: `threads`, `groups`, `total`, `chunks` for the device, `is_dense` (see call.py)."""

    name: Name
    question: str
    operands: tuple[Value, ...]


@dataclass(frozen=True)
class Read:
    """name = the element at an address. Waits for the device."""

    name: Name
    address: Value


# ---- control ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class If:
    """Run `then` where the condition holds, else `otherwise`."""

    condition: Value
    then: tuple[HostStatement, ...]
    otherwise: tuple[HostStatement, ...] = ()


@dataclass(frozen=True)
class ForRange:
    """for index in range(extent): body."""

    index: Name
    extent: Value
    body: tuple[HostStatement, ...]


@dataclass(frozen=True)
class Break:
    """Leave the loop."""


@dataclass(frozen=True)
class Check:
    """Stop with the failure that the device has found. Waits for it."""


@dataclass(frozen=True)
class Guard:
    """See to it that buffers are as before if a check failed: what writes to them next does not look at checks."""

    buffers: tuple[Buffer, ...]


# ---- memory ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Status:
    """name = the address where kernels leave the first check that failed."""

    name: Name


@dataclass(frozen=True)
class Input:
    """The address of an argument; its lengths, by their axes; its strides (in elements) if it may have any."""

    buffer: Buffer
    lengths: tuple[tuple[int, Name], ...]
    strides: tuple[Name, ...]


@dataclass(frozen=True)
class Workspace:
    """One piece of memory for several arrays, each aligned."""

    names: tuple[Name, ...]
    sizes: tuple[Value, ...]


@dataclass(frozen=True)
class Memory:
    """name = memory of its own. What was there under this name may be gone."""

    name: Name
    nbytes: Value


@dataclass(frozen=True)
class Grow:
    """Longer memory at `name`, with `room` for more elements of `nbytes`; it has `used` elements so far."""

    name: Name
    room: Name
    used: Value
    nbytes: Value


@dataclass(frozen=True)
class Result:
    """name = memory for a result."""

    name: Name
    slot: int
    shape: tuple[Value, ...]


@dataclass(frozen=True)
class Donated:
    """name = the memory of input `source`, which a result takes."""

    name: Name
    slot: int
    source: int


# ---- work ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Copy:
    """Copy memory on the device."""

    target: Value
    source: Value
    nbytes: Value


@dataclass(frozen=True)
class Launch:
    """Run a kernel: of two, the first where the condition holds."""

    kernels: tuple[str, ...]
    condition: Value | None
    grid: Value
    block: Value
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Finished:
    """Run a product with its epilogue, or where the library does not do that, the statements `otherwise`."""

    step: Gemm
    otherwise: tuple[HostStatement, ...]


@dataclass(frozen=True)
class OnHost:
    """Run a step in C on the host: on arrays, of so many bytes, and lengths. Waits for them."""

    step: HostStep
    arrays: tuple[tuple[Value, Value], ...]
    lengths: tuple[Value, ...]


@dataclass(frozen=True)
class Transforms:
    """Fourier transforms of so many rows, of n points each."""

    step: LibraryCall
    rows: Value
    n: Value


@dataclass(frozen=True)
class Solve:
    """A routine of linear algebra, for the values of its sizes."""

    step: LibraryCall
    sizes: tuple[Value, ...]


@dataclass(frozen=True)
class Library:
    """Run a routine, which the call knows by its number: on arrays of these shapes, in the order of the step's, and for
    the values of its sizes."""

    number: int
    step: LibraryCall
    shapes: tuple[tuple[Value, ...], ...]
    sizes: tuple[Value, ...]


HostStatement = (
    Set | Swap | Ask | Read | If | ForRange | Break | Check | Guard | Require
    | Status | Input | Workspace | Memory | Grow | Result | Donated
    | Copy | Launch | Gemm | Finished | OnHost | Transforms | Solve | Library
)  # fmt: skip
