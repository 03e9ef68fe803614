"""Trees of values: nested tuples, lists and dicts, taken apart into their leaves and put together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tree:
    """The form of a nested value: which containers it is made of. None has no leaves; any other value is one.

    `kind` is the container's class, None for a leaf; `keys` are those of a dict, sorted.
    """

    kind: Any
    keys: tuple[Any, ...] = ()
    children: tuple[Tree, ...] = ()

    @property
    def count(self) -> int:
        """The number of leaves."""
        return 1 if self.kind is None else sum(child.count for child in self.children)

    def build(self, values: Sequence[Any]) -> Any:
        """The nested value of this form with these leaves."""
        remaining = iter(values)
        return self._build(lambda: next(remaining))

    def _build(self, leaf: Callable[[], Any]) -> Any:
        if self.kind is None:
            return leaf()
        children = [child._build(leaf) for child in self.children]
        if self.kind is type(None):
            return None
        if issubclass(self.kind, dict):
            return dict(zip(self.keys, children, strict=True))
        return self.kind(*children) if hasattr(self.kind, "_fields") else self.kind(children)

    def paths(self, prefix: str = "") -> list[str]:
        """Where each leaf stands, as it is written: ['x'][0]."""
        if self.kind is None:
            return [prefix]
        names = map(repr, self.keys) if self.keys else map(str, range(len(self.children)))
        return [path for name, child in zip(names, self.children) for path in child.paths(f"{prefix}[{name}]")]

    def __str__(self) -> str:
        return str(self.build(["*"] * self.count))


LEAF = Tree(None)


def flatten(value: Any) -> tuple[list[Any], Tree]:
    """The leaves of a nested value, from left to right, and its form. Dicts are read with their keys sorted."""
    if value is None:
        return [], Tree(type(None))
    if isinstance(value, Mapping):
        keys = tuple(sorted(value, key=repr))
        parts, kind = [value[key] for key in keys], dict
    elif isinstance(value, (tuple, list)):
        keys, parts, kind = (), list(value), type(value)  # type: ignore[assignment]
    else:
        return [value], LEAF
    flat = [flatten(part) for part in parts]
    return [leaf for leaves, _ in flat for leaf in leaves], Tree(kind, keys, tuple(tree for _, tree in flat))
