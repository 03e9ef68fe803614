"""Walking scalar expressions, whatever their depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bitale_rewrite.loops.ir import Call, Load, Value


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


def transform(value: Value, change: Callable[[Value], Value], seen: dict[Value, Value]) -> Value:
    """`value` with `change` applied to every part, innermost first; `seen` remembers what became of each."""
    stack = [value]
    while stack:
        top = stack[-1]
        if top in seen:
            stack.pop()
            continue
        missing = [v for v in parts(top) if v not in seen]
        if missing:
            stack.extend(missing)
        else:
            seen[top] = change(rebuild(top, tuple(seen[v] for v in parts(top))))
            stack.pop()
    return seen[value]
