"""Walking scalar expressions, whatever their depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from bitale_rewrite.loops.ir import Call, Load, Value

T = TypeVar("T")


def parts(value: Value) -> tuple[Value, ...]:
    """The values that `value` is made of directly."""
    if isinstance(value, Call):
        return value.operands
    return value.index if isinstance(value, Load) else ()


def everything_in(values: Iterable[Value]) -> Iterator[Value]:
    """Each value that occurs in `values`, once, before its parts."""
    stack, seen = list(values)[::-1], set()
    while stack:
        top = stack.pop()
        if top not in seen:
            seen.add(top)
            yield top
            stack.extend(reversed(parts(top)))


def rebuild(value: Value, new: tuple[Value, ...]) -> Value:
    """`value` made of other parts."""
    if isinstance(value, Call):
        return value if new == value.operands else Call(value.function, new, value.dtype)
    if isinstance(value, Load):
        return value if new == value.index else Load(value.buffer, new)
    return value


def fold(value: Value, combine: Callable[[Value, list[T]], T], done: dict[Value, T] | None = None) -> T:
    """What `combine` makes of `value` and of what it made of its parts. `done` remembers that, the innermost first."""
    done = {} if done is None else done
    stack = [value]
    while stack:
        top = stack[-1]
        missing = [] if top in done else [v for v in parts(top) if v not in done]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if top not in done:
            done[top] = combine(top, [done[v] for v in parts(top)])
    return done[value]


def transform(value: Value, change: Callable[[Value], Value], seen: dict[Value, Value]) -> Value:
    """`value` with `change` applied to every part, innermost first; `seen` remembers what became of each."""
    return fold(value, lambda top, new: change(rebuild(top, tuple(new))), seen)
