"""What a call asks of the device, in a form in which the arrays may be others: a driver's method and its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

Work = partial[None]  # a method of the driver, with all its arguments
ALIGNMENT = 256  # bytes: what is launched may depend on addresses modulo this, and on nothing else of them


class Address(int):
    """An address in an argument or a result: `source` is the array's number, `offset` the bytes from its start."""

    source: int
    offset: int

    def __new__(cls, value: int, source: int, offset: int = 0) -> Address:
        address = super().__new__(cls, value)
        address.source, address.offset = source, offset
        return address

    def __add__(self, distance: int) -> Address:
        return Address(int(self) + distance, self.source, self.offset + distance)

    __radd__ = __add__

    def __sub__(self, distance: int) -> Address:
        return self + -distance


class Moving:
    """A work, and where it takes addresses in arrays that may move."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.sources = list(dict.fromkeys(sources(work.args)))
        self._addresses = [k for k, part in enumerate(work.args) if isinstance(part, Address)]
        self._tuples = [
            (k, [(i, each) for i, each in enumerate(part) if isinstance(each, Address)])
            for k, part in enumerate(work.args)
            if isinstance(part, tuple) and any(isinstance(each, Address) for each in part)
        ]

    def at(self, places: Sequence[int]) -> Work:
        """The work where each array starts at its place."""
        values = list(self.work.args)
        for k in self._addresses:
            values[k] = places[values[k].source] + values[k].offset
        for k, addresses in self._tuples:
            inside = list(values[k])
            for i, address in addresses:
                inside[i] = places[address.source] + address.offset
            values[k] = tuple(inside)
        return partial(self.work.func, *values)


def sources(arguments: Iterable[Any]) -> Iterator[int]:
    """The numbers of the arrays that arguments have addresses in. These stand alone, or in a tuple."""
    for part in arguments:
        if isinstance(part, Address):
            yield part.source
        elif isinstance(part, tuple):
            yield from (each.source for each in part if isinstance(each, Address))
