"""RuleTable: what one package knows about ops, keyed by op class or by op (or function) instance."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from bitale_graph.errors import MissingRule

Rule = TypeVar("Rule")
Decorated = TypeVar("Decorated", bound=Callable[..., object])


class RuleTable(Generic[Rule]):
    """Rows from an op (instance or class) to a rule; look-up tries the instance, its class, what that derives from.

    A table is a value: merging two gives a third, and a key that both have is an error. `advice` ends
    the message of a missing row.
    """

    def __init__(self, name: str, rows: dict[Hashable, Rule] | None = None, advice: str = "") -> None:
        self.name = name
        self.advice = advice
        self._rows: dict[Hashable, Rule] = dict(rows or {})

    def add(self, key: Hashable, rule: Rule) -> None:
        """Add one row. Raises ValueError when `key` already has one."""
        if key in self._rows:
            raise ValueError(f"the {self.name} table already has a row for {key}")
        self._rows[key] = rule

    def register(self, *keys: Hashable) -> Callable[[Decorated], Decorated]:
        """Decorate a function to make it the rule of `keys`."""

        def decorate(rule: Decorated) -> Decorated:
            for key in keys:
                self.add(key, rule)  # type: ignore[arg-type]
            return rule

        return decorate

    def find(self, op: Hashable) -> Rule | None:
        """The row for `op`, or None."""
        rule = self._rows.get(op)
        if rule is None:
            rule = self._rows.get(type(op))
        if rule is None:
            kind = op if isinstance(op, type) else type(op)
            rule = next((self._rows[base] for base in kind.__mro__[1:] if base in self._rows), None)
        return rule

    def __getitem__(self, op: Hashable) -> Rule:
        rule = self.find(op)
        if rule is None:
            raise MissingRule(f"no {self.name} for `{op}`; the table has {len(self)} rows. {self.advice}".rstrip())
        return rule

    def __contains__(self, op: Hashable) -> bool:
        return self.find(op) is not None

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def missing(self, ops: Iterable[Hashable]) -> list[Hashable]:
        """Those of `ops` that have no row."""
        return [op for op in ops if op not in self]

    def merged(self, *others: RuleTable[Rule]) -> RuleTable[Rule]:
        """A new table with the rows of all; a key met twice is a ValueError."""
        result = RuleTable(self.name, self._rows, self.advice)
        for other in others:
            for key, rule in other._rows.items():
                result.add(key, rule)
        return result

    def overridden(self, rows: dict[Hashable, Rule]) -> RuleTable[Rule]:
        """A new table in which `rows` replace or extend this one's: how a backend or a user differs."""
        return RuleTable(self.name, {**self._rows, **rows}, self.advice)
