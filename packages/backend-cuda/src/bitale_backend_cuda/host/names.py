"""Which names host statements set, and which they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from bitale_backend_cuda.host.statements import ForRange, Grow, HostStatement, If, Input, Swap, Workspace
from bitale_rewrite.loops.ir import Buffer, LibraryCall, Name, Value
from bitale_rewrite.loops.touched import buffers_of
from bitale_rewrite.loops.values import everything_in

OWN = ("name", "names", "index", "values")  # the fields of what is set, and of what a failure reports


def all_statements(statements: Sequence[HostStatement]) -> Iterator[HostStatement]:
    """Each statement, and those inside."""
    for s in statements:
        yield s
        if isinstance(s, If):
            yield from all_statements(s.then)
            yield from all_statements(s.otherwise)
        elif isinstance(s, ForRange):
            yield from all_statements(s.body)


def set_by(s: HostStatement) -> Iterable[Name]:
    """The names that a statement gives a value."""
    match s:
        case Input(buffer, lengths, _):
            return [Name(buffer.name), *(n for _, n in lengths)]
        case Workspace(names, _):
            return names
        case Grow(name, room, _, _) | Swap(name, room):
            return [name, room]
        case _:
            found = getattr(s, "name", None)
            return [found] if isinstance(found, Name) else []


def read_by(s: HostStatement) -> Iterator[str]:
    """The names whose values a statement uses itself."""
    if not isinstance(s, Input):
        for field in fields(s):
            if field.name not in OWN:
                yield from _names(getattr(s, field.name))


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, Value):
        yield from (v.name for v in everything_in([part]) if isinstance(v, Name))
    elif isinstance(part, Buffer):
        yield part.name
    elif isinstance(part, LibraryCall):
        yield from (buffer.name for buffer in buffers_of(part))
    elif isinstance(part, tuple):
        for each in part:
            yield from _names(each)
