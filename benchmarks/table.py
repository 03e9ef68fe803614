"""Cells, columns and rows of the tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Result(Protocol):
    """What stands in a column."""

    @property
    def column(self) -> str: ...

    @property
    def run(self) -> str: ...


def head(result: Result) -> str:
    """The column's name, marked where another run measured it."""
    return result.column + result.run


def heads(results: Iterable[Result]) -> list[str]:
    """The columns of a table: those of this run, then those that only another run has."""
    names: dict[str, str] = {}
    for result in sorted(results, key=lambda result: len(result.run)):
        names.setdefault(result.column, head(result))
    return list(names.values())


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [titles, ["---"] * len(titles), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def duration(seconds: float) -> str:
    """Three digits: a plain number is microseconds, `m` milliseconds, `s` seconds."""
    for limit, scale, unit in ((1e-3, 1e6, ""), (1.0, 1e3, "m")):
        if seconds < limit:
            return f"{three_digits(seconds * scale)}{unit}"
    return f"{three_digits(seconds)}s"


def three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
