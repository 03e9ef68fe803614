"""The indices that the number of an iteration stands for.

Dividing takes a GPU 25 instructions where the numbers have 32 bits, 100 where they have 64; an elementwise kernel has
time for 70 in all. So the host prepares the divisors: for n and d below 2**30, n / d is the upper part of the product
of 4 * n and ceil(2**62 / d) (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994).
Where there are more iterations, that of 2 * n and floor((2**63 - 1) / d) is it, or one too small.
"""

from __future__ import annotations

from bitale_backend_c.emit.expressions import text
from bitale_backend_cuda.launch import Launch
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import MAXIMUM, ONE, SUBTRACT, ZERO, add, integer, size_call
from bitale_rewrite.loops.ir import Call, Literal, Name, Value

BELOW = integer(2**30)  # so many iterations are few
FOR_FEW, FOR_MANY = integer(2**62 - 1), integer(2**63 - 1)
LESS, WHERE, FLOOR_DIVIDE = (FUNCTIONS[name] for name in ("less", "where", "floor_divide"))


def divisors(launch: Launch) -> list[tuple[Name, Value]]:
    """What the host prepares: positive for few iterations, negative for many."""
    few = Call(LESS, (launch.count, BELOW), "bool")
    found: dict[Name, Value] = {}
    for _, extent in launch.spread[1:]:
        if not isinstance(extent, Literal):
            divisor = size_call(MAXIMUM, (extent, ONE), "int64")
            above, below = (Call(FLOOR_DIVIDE, (n, divisor), "int64") for n in (FOR_FEW, FOR_MANY))
            negative = size_call(SUBTRACT, (ZERO, below), "int64")
            found[_divisor(launch, extent)] = Call(WHERE, (few, add(above, ONE), negative), "int64")
    return list(found.items())


def _divisor(launch: Launch, extent: Value) -> Name:
    """The name of a divisor: after the first index of that extent."""
    return Name(next(f"{index.name}_by" for index, n in launch.spread[1:] if n == extent))


def index_lines(launch: Launch, number: str, prepared: bool) -> list[str]:
    """The indices, bound; `prepared` if the kernel has the divisors."""
    lines: list[str] = []
    for k, (index, extent) in reversed(list(enumerate(launch.spread))):
        if not k:
            lines.append(f"const int64_t {index.name} = {number};")
            continue
        size = _size(extent)
        quotient = f"{number} / {size}"
        if prepared and not isinstance(extent, Literal):
            quotient = f"bitale_quotient({number}, {size}, {_divisor(launch, extent)}, {divisors(launch)[0][0]})"
        lines.append(f"const int64_t {index.name}_up = {quotient};")
        lines.append(f"const int64_t {index.name} = {number} - {index.name}_up * {size};")
        number = f"{index.name}_up"
    return lines


def _size(extent: Value) -> str:
    """A length that is divided by. Where it is 0 there are no iterations, and compilers warn of the division."""
    if extent == ZERO:
        return "1"
    return text(extent) if isinstance(extent, (Literal, Name)) else f"({text(extent)})"
