"""Hoisting: what does not change in a loop is computed before it.

So an operand that stretches along inner axes needs no memory of its own: `exp(b)[:, None] * x` computes exp once a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bitale_graph.ops.elementwise import FUNCTIONS
from bitale_rewrite.loops.costs import cost_of
from bitale_rewrite.loops.ir import (
    Accumulate,
    Assign,
    Buffer,
    Call,
    Fail,
    For,
    If,
    Let,
    Load,
    Name,
    Statement,
    Store,
    Value,
)
from bitale_rewrite.loops.values import everything_in, parts, transform

DIVIDE, MULTIPLY, RECIPROCAL, ROOT = (FUNCTIONS[name] for name in ("true_divide", "multiply", "reciprocal", "sqrt"))
WORTHWHILE = 4  # cost from which a value is moved: compilers move the cheaper ones by themselves


def hoist(body: list[Statement], unique: Callable[[str], str]) -> list[Statement]:
    """`body` with the unchanging values of each loop bound in front of it."""
    result: list[Statement] = []
    for statement in body:
        if isinstance(statement, For):
            before, loop = _hoist_loop(statement, unique)
            result += [*before, loop]
        else:
            result.append(statement)
    return result


def _hoist_loop(loop: For, unique: Callable[[str], str]) -> tuple[list[Statement], For]:
    inner = hoist(loop.body, unique)
    changing = Changing(loop.index, inner)
    before: list[Statement] = []
    kept: list[Statement] = []
    found: dict[Value, Value] = {}
    for statement in inner:
        if isinstance(statement, Let) and not statement.mutable and not changing.touches(statement.value):
            changing.names.discard(statement.name)
            before.append(statement)
        else:
            kept.append(_without_constant_parts(statement, changing, found, before, unique))
    return before, replace(loop, body=kept)


class Changing:
    """What a loop binds or writes."""

    def __init__(self, index: Name, body: list[Statement]) -> None:
        self.names: set[Name] = {index}
        self.buffers: set[Buffer] = set()
        self._known: dict[Value, bool] = {}
        self._collect(body)

    def _collect(self, body: list[Statement]) -> None:
        for s in body:
            if isinstance(s, For):
                self.names.add(s.index)
                self._collect(s.body)
            elif isinstance(s, If):
                self._collect([*s.body, *s.orelse])
            elif isinstance(s, Let):
                self.names.add(s.name)
            elif isinstance(s, Store):
                self.buffers.add(s.buffer.root)
            elif isinstance(s, Assign) or (isinstance(s, Accumulate) and isinstance(s.target, Name)):
                self.names.add(s.target)  # type: ignore[arg-type]
            elif isinstance(s, Accumulate):
                self.buffers.add(s.target.buffer.root)  # type: ignore[union-attr]

    def touches(self, value: Value) -> bool:
        """Whether `value` may differ between iterations."""
        stack, seen = [value], set()
        while stack:
            top = stack.pop()
            if top in seen:
                continue
            seen.add(top)
            if isinstance(top, Name) and top in self.names:
                return True
            if isinstance(top, Load) and (top.buffer.root in self.buffers or top.buffer.kind == "scratch"):
                return True
            stack.extend(parts(top))
        return False


def _without_constant_parts(
    s: Statement,
    changing: Changing,
    found: dict[Value, Value],
    before: list[Statement],
    unique: Callable[[str], str],
) -> Statement:
    """`s` with its dear unchanging parts replaced by names bound in `before`."""

    def outer(value: Value) -> Value:
        """The largest unchanging parts, found from the outside in."""
        value = _multiplied(value, changing)
        stack, moved = [value], dict[Value, Value]()
        while stack:
            top = stack.pop()
            if top in moved:
                continue
            if isinstance(top, Call) and not changing.touches(top):
                if cost_of(top) >= WORTHWHILE:
                    moved[top] = _bound(top, found, before, unique)
                continue
            stack.extend(parts(top))
        if not moved:
            return value
        return transform(value, lambda v: v, dict(moved))

    if isinstance(s, (Let, Assign)):
        return replace(s, value=outer(s.value))
    if isinstance(s, Store):
        return replace(s, value=outer(s.value))
    if isinstance(s, Accumulate):
        return replace(s, value=outer(s.value))
    if isinstance(s, Fail):
        return replace(s, condition=outer(s.condition))
    return s


def _multiplied(value: Value, changing: Changing) -> Value:
    """`value` with divisions by unchanging square roots as products with their reciprocals, ten times as fast.

    The root of a number, and its reciprocal, are never subnormal or too large; zero and infinity give what they did.
    """

    def is_such(v: Value) -> bool:
        if not (isinstance(v, Call) and v.function is DIVIDE and v.dtype in ("float32", "float64")):
            return False
        root = v.operands[1]
        by_root = isinstance(root, Call) and root.function is ROOT
        return by_root and not changing.touches(root) and changing.touches(v.operands[0])

    def change(v: Value) -> Value:
        if not is_such(v):
            return v
        assert isinstance(v, Call)
        return Call(MULTIPLY, (v.operands[0], Call(RECIPROCAL, (v.operands[1],), v.dtype)), v.dtype)

    return transform(value, change, {}) if any(map(is_such, everything_in([value]))) else value


def _bound(
    value: Value, found: dict[Value, Value], before: list[Statement], unique: Callable[[str], str]
) -> Value:
    if value not in found:
        name = Name(unique("fixed"), value.dtype)
        before.append(Let(name, value))
        found[value] = name
    return found[value]
