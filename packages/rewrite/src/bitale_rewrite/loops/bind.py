"""Common subexpressions of straight code get names, so that each is computed once and lines stay readable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bitale_rewrite.loops.ir import Accumulate, Assign, Call, Fail, Let, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.values import fold, parts, rebuild

DEEP = 8  # operations nested in one line


def bind_common(statements: list[Statement], names: dict[Value, str], unique: Callable[[str], str]) -> list[Statement]:
    """`statements` (without loops) in which values used twice, named by the user, or nested deep are bound by Let."""
    uses: dict[Value, int] = {}
    for statement in statements:
        for value in _values(statement):
            _count(value, uses)
    binder = _Binder(uses, names, unique)
    for statement in statements:
        binder.statement(statement)
    return binder.result


def _values(statement: Statement) -> tuple[Value, ...]:
    if isinstance(statement, (Let, Assign)):
        return (statement.value,)
    if isinstance(statement, Store):
        return (*statement.index, statement.value)
    if isinstance(statement, Accumulate):
        target = statement.target.index if isinstance(statement.target, Load) else ()
        return (*target, statement.value)
    if isinstance(statement, Fail):
        return (statement.condition, *statement.values)
    return ()


def _count(value: Value, uses: dict[Value, int]) -> None:
    stack = [value]
    while stack:
        top = stack.pop()
        uses[top] = uses.get(top, 0) + 1
        if uses[top] == 1:
            stack.extend(parts(top))


class _Binder:
    def __init__(self, uses: dict[Value, int], names: dict[Value, str], unique: Callable[[str], str]) -> None:
        self.uses, self.names, self.unique = uses, names, unique
        self.result: list[Statement] = []
        self._done: dict[Value, tuple[Value, int]] = {}  # what a value became, and how deep it nests
        self._readers: dict[object, list[Value]] = {}  # the values that a buffer, a name or a value stands in directly

    def statement(self, statement: Statement) -> None:
        new = [self._bound(value) for value in _values(statement)]
        if isinstance(statement, (Let, Assign)):
            self.result.append(replace(statement, value=new[0]))
        elif isinstance(statement, Store):
            self.result.append(Store(statement.buffer, tuple(new[:-1]), new[-1]))
        elif isinstance(statement, Accumulate):
            target = statement.target
            if isinstance(target, Load):
                target = Load(target.buffer, tuple(new[:-1]))
            self.result.append(Accumulate(target, statement.function, new[-1]))
        elif isinstance(statement, Fail):
            self.result.append(Fail(new[0], statement.code, tuple(new[1:])))
        self._forget(statement)

    def _forget(self, statement: Statement) -> None:
        """After a write, values that read what was written are not the same any more."""
        target = statement.buffer if isinstance(statement, Store) else getattr(statement, "target", None)
        if isinstance(target, Load):
            target = target.buffer
        stale = self._readers.pop(target, [])
        while stale:
            value = stale.pop()
            self._done.pop(value, None)
            stale += self._readers.pop(value, [])

    def _bound(self, value: Value) -> Value:
        return fold(value, lambda top, _: self._bind(top), self._done)[0]

    def _bind(self, value: Value) -> tuple[Value, int]:
        for read in (value.buffer if isinstance(value, Load) else value, *parts(value)):
            if read is not value or isinstance(value, Name):
                self._readers.setdefault(read, []).append(value)
        new = rebuild(value, tuple(self._done[v][0] for v in parts(value)))
        depth = 1 + max((self._done[v][1] for v in parts(value)), default=0)
        wanted = self.names.get(value)
        costly = isinstance(value, Call) and not all(isinstance(v, Name) for v in value.operands)
        if isinstance(value, Call) and ((self.uses.get(value, 0) > 1 and (costly or wanted)) or wanted or depth > DEEP):
            name = Name(self.unique(wanted or "t"), value.dtype)
            self.result.append(Let(name, new))
            return name, 0
        return new, depth if isinstance(value, Call) else 0
