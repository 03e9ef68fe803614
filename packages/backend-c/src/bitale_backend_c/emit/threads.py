"""Which kernels threads share, how much work each does, and how the threads' sums come together.

A shared kernel runs in every thread of a team, which divides the iterations of its outermost loops. Where there is no
team (one thread, little work, a compiler without OpenMP) the same code runs all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitale_backend_c.emit.expressions import text
from bitale_backend_c.emit.reduction import BLOCK, Gathering, gathered
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.integers import MINIMUM
from bitale_rewrite.loops.ir import Call, Fail, For, Kernel, Let, Literal, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.random import IN_RUN
from bitale_rewrite.loops.touched import statements, values_of
from bitale_rewrite.loops.values import parts

PASS = 10  # operations that take as long as reading the elements of one pass, or writing them
LARGEST_TEAM = 64  # threads that may share sums

# From forty million operations, a fifth of a millisecond, threads pay: to wake one takes up to fifty microseconds, and
# what is read the fastest, sums and extrema, gains little from another core.
SUPPORT = f"""\
#ifdef _OPENMP
int omp_get_thread_num(void);
int omp_get_num_threads(void);
#define BITALE_TEAM {LARGEST_TEAM}
#define BITALE_SHARE(work, kernel) \\
    if (call->threads > 1 && (work) > 40000000) {{ \\
        _Pragma("omp parallel num_threads(call->threads < BITALE_TEAM ? call->threads : BITALE_TEAM)") \\
        kernel; \\
    }} else kernel
#define bitale_thread() omp_get_thread_num()
#define bitale_team() omp_get_num_threads()
#else
#define BITALE_TEAM 1
#define BITALE_SHARE(work, kernel) kernel
#define bitale_thread() 0
#endif
"""


@dataclass(frozen=True)
class Sharing:
    """How threads share a kernel: its shared loops, the last of which may add to `sums`."""

    loops: tuple[For, ...]
    sums: tuple[Gathering, ...] = ()

    @property
    def work(self) -> str:
        """The operations of the shared loops, as a formula in C."""
        return " + ".join(_work(loop) for loop in self.loops)


def sharing(kernel: Kernel) -> Sharing | None:
    """How threads may share a kernel; None when one has to run it."""
    if any(isinstance(s, Fail) for s in statements(kernel.body)):
        return None
    loops: list[For] = []
    started: dict[Name, Value] = {}
    for s in kernel.body:
        if isinstance(s, Let):
            started[s.name] = s.value
        elif not isinstance(s, For):
            return None
        elif s.parallel:
            loops.append(s)
        else:
            sums = _sums(s, started)
            return Sharing((*loops, s), sums) if sums else None
    return Sharing(tuple(loops)) if loops else None


def _sums(loop: For, started: dict[Name, Value]) -> tuple[Gathering, ...]:
    """What a loop adds up, if that is all that its iterations have in common. Each thread starts at zero."""
    found = tuple(g for g in gathered(statements([loop])) if g.target in started)
    starts = [started[g.target] for g in found]
    zeros = all(isinstance(v, Literal) and v.number == 0 for v in starts)
    innermost = not any(isinstance(s, For) for s in loop.body)
    short = innermost and isinstance(loop.extent, Literal) and loop.extent.number <= BLOCK
    return found if loop.gathers and zeros and not short and all(g.wide_type for g in found) else ()


def sums_lines(sums: tuple[Gathering, ...]) -> list[str]:
    """After the loop: the first thread adds the totals of all, and goes on alone."""
    places = [f"totals[{{}}*{len(sums)} + {k}]" for k in range(len(sums))]
    mine = [f"{place.format('bitale_thread()')} = {g.name}_total;" for place, g in zip(places, sums, strict=True)]
    adding = [f"{g.name}_total += {place.format('t')};" for place, g in zip(places, sums, strict=True)]
    return [
        "#ifdef _OPENMP", *(f"    {line}" for line in mine), "#pragma omp barrier",
        "    if (bitale_thread() > 0) return;",
        "    for (int t = 1; t < bitale_team(); t++) {", *(f"        {line}" for line in adding), "    }", "#endif",
    ]  # fmt: skip


def _work(loop: For) -> str:
    inside = list(statements([loop]))
    innermost = [s for s in inside if isinstance(s, For) and not any(isinstance(part, For) for part in s.body)]
    passes = sum(1 + any(isinstance(part, Store) for part in s.body) for s in innermost)
    cost = PASS * passes + sum(cost_of(v) for s in inside if not isinstance(s, For) for v in values_of(s))
    lets: dict[Value, Value] = {s.name: s.value for s in inside if isinstance(s, Let)}
    bound: set[Value] = lets.keys() | {s.index for s in inside if isinstance(s, For)}
    factors = [str(cost), _factor(loop.extent)]
    level = loop
    while loops := [s for s in level.body if isinstance(s, For)]:
        inner = next((s for s in loops if s.index == IN_RUN), loops[0])
        most = _most(lets.get(inner.extent, inner.extent))
        if most:  # the length of a tile, or a run, is known only inside the loop
            factors.append(str(most))
        elif _is_known(inner.extent, bound):
            factors.append(_factor(inner.extent))
        level = inner
    return "*".join(factors)


def _factor(n: Value) -> str:
    return f"({text(n)})" if isinstance(n, Call) else text(n)


def _most(n: Value) -> int:
    """What a length is at most, if it is the smaller of two and one of them is a number; 0 where it is not."""
    least = isinstance(n, Call) and n.function is MINIMUM
    return next((v.number for v in n.operands if isinstance(v, Literal)), 0) if least else 0  # type: ignore[attr-defined]


def _is_known(n: Value, bound: set[Value]) -> bool:
    """Whether a length is known before the kernel runs."""
    stack = [n]
    while stack:
        value = stack.pop()
        if isinstance(value, Load) or value in bound:
            return False
        stack.extend(parts(value))
    return True


def is_shared_part(s: Statement, shared: Sharing | None) -> bool:
    """Whether a statement is a loop whose iterations the team divides."""
    return shared is not None and any(s is loop for loop in shared.loops)
