"""Branches and loops whose conditions are on the device, without waiting: kernels that look at a flag first.

The host launches both sides of a branch, and steps of a loop ahead of knowing whether it goes on. Each kernel is given
the address of a flag, and does nothing where that is not 0. A routine of a library cannot be given one: with a product
inside, a branch is decided on the host, and a loop waits at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bitale_backend_cuda.launch import Launch
from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.integers import ONE, ZERO, integer
from bitale_rewrite.loops.ir import (
    Buffer,
    Call,
    Choose,
    Define,
    For,
    If,
    Kernel,
    Let,
    Load,
    Loop,
    Name,
    Require,
    Run,
    Statement,
    Step,
    Store,
    Value,
)
from bitale_rewrite.loops.touched import all_steps, inside
from bitale_rewrite.loops.values import everything_in

OFF, STATE = ZERO, ONE  # the places in a loop's flags
MORE = integer(-1)  # the state of a loop that took no step yet: n if it ended after n steps, -1 - n before
STATUS = Buffer("status", "int64", (integer(5),), "temporary")
LaunchesOf = Callable[[Kernel], Sequence[Launch] | None]


@dataclass(frozen=True)
class Flag:
    """An int64 on the device: where it is not 0, kernels do nothing."""

    buffer: Buffer
    place: Value

    @property
    def is_off(self) -> Value:
        return Call(FUNCTIONS["not_equal"], (Load(self.buffer, (self.place,)), ZERO), "bool")


@dataclass(eq=False)
class Guard:
    """The flags of a branch (one for each side) or of a loop (its own, and its state); the kernel that sets them at
    first, and for a loop the one after each step. The host waits if it is not `ahead`."""

    flags: Buffer
    begin: Kernel
    after: Kernel | None
    ahead: bool

    def flag(self, side: Value = OFF) -> Flag:
        return Flag(self.flags, side)


def of_branch(step: Choose, number: int, around: Flag | None, launches_of: LaunchesOf) -> Guard | None:
    """The guard of a branch; None where the host has to decide it."""
    if not has_loads([step.condition]) or not runs_ahead(inside(step), launches_of):
        return None
    flags = _flags(number)
    taken = Name("taken", "bool")
    sides = (Call(FUNCTIONS["logical_not"], (taken,), "bool"), taken)
    set_them: list[Statement] = [Let(taken, step.condition)]
    set_them += [Store(flags, (integer(k),), _cast(side)) for k, side in enumerate(sides)]
    neither: list[Statement] = [Store(flags, (integer(k),), ONE) for k in range(2)]
    return Guard(flags, _begin(number, around, set_them, neither), None, True)


def of_loop(step: Loop, number: int, around: Flag | None, launches_of: LaunchesOf, checked: bool) -> Guard:
    """The guard of a loop that may end before its last step. It ends once a check has failed, too."""
    assert step.going is not None
    flags = _flags(number)
    start: list[Statement] = [Store(flags, (OFF,), ZERO), Store(flags, (STATE,), MORE)]
    never: list[Statement] = [Store(flags, (OFF,), ONE), Store(flags, (STATE,), ZERO)]
    state = Load(flags, (STATE,))
    more: Value = Load(step.going, ())
    if checked:
        fine = Call(FUNCTIONS["equal"], (Load(STATUS, (ZERO,)), ZERO), "bool")
        more = Call(FUNCTIONS["logical_and"], (fine, more), "bool")
    next_step: list[Statement] = [Store(flags, (STATE,), Call(FUNCTIONS["subtract"], (state, ONE), "int64"))]
    ended: list[Statement] = [
        Store(flags, (STATE,), Call(FUNCTIONS["subtract"], (ZERO, state), "int64")), Store(flags, (OFF,), ONE)
    ]  # fmt: skip
    after = Kernel(f"guard_{number}_after", [If(more, next_step, ended)])
    checks = [s for s in all_steps(step.body) if isinstance(s, Require)]
    ahead = runs_ahead(step.body, launches_of) and all(check in step.body for check in checks)
    return Guard(flags, _begin(number, around, start, never), after, ahead)


def runs_ahead(steps: Sequence[Step], launches_of: LaunchesOf) -> bool:
    """Whether the host can launch all of these steps without knowing whether they are to happen."""
    found = list(all_steps(list(steps)))
    counted = {s.index for s in found if isinstance(s, Loop)} | {s.name for s in found if isinstance(s, Define)}
    return all(_runs_ahead(step, counted, launches_of) for step in found)


def _runs_ahead(step: Step, counted: set[Name], launches_of: LaunchesOf) -> bool:
    if isinstance(step, Run):
        launches = launches_of(step.kernel)
        return launches is not None and not any(has_loads(_for_the_host(launch)) for launch in launches)
    if isinstance(step, Define):
        return not has_loads([step.value])
    if isinstance(step, Require):  # it is looked at before
        return not has_loads([step.condition]) and counted.isdisjoint(everything_in([step.condition]))
    if isinstance(step, Loop):
        places = [row.at for row in step.rows if row.at is not None]
        return step.going is None and not has_loads([step.extent, *places])
    return isinstance(step, Choose)


def _for_the_host(launch: Launch) -> list[Value]:
    """What the host computes of a launch."""
    loops = [s.extent for s in launch.body if isinstance(s, For)]
    sizes = [value for _, value in launch.sizes]
    lengths = [n for buffer in (*launch.makes, *launch.scratch) for n in buffer.shape]
    return [launch.count, *loops, *sizes, *lengths, *([launch.width] if launch.width is not None else [])]


def has_loads(values: Iterable[Value]) -> bool:
    """Whether an element of an array is read."""
    return any(isinstance(v, Load) for v in everything_in(values))


def _begin(number: int, around: Flag | None, start: list[Statement], never: list[Statement]) -> Kernel:
    return Kernel(f"guard_{number}", start if around is None else list[Statement]([If(around.is_off, never, start)]))


def _flags(number: int) -> Buffer:
    return Buffer(f"flags_{number}", "int64", (integer(2),), "temporary")


def _cast(value: Value) -> Value:
    return Call(FUNCTIONS["cast_int64"], (value,), "int64")
