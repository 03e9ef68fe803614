"""Cells, columns and rows of the tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Result(Protocol):
    """What stands in a column."""

    @property
    def column(self) -> str: ...

    @property
    def run(self) -> str: ...


AnyResult = TypeVar("AnyResult", bound=Result)


def heads(results: Iterable[Result]) -> list[str]:
    """The columns of a table: those of this run, then those that only another run has."""
    return list(dict.fromkeys(result.column for result in sorted(results, key=lambda result: len(result.run))))


def shown(results: Iterable[AnyResult]) -> dict[str, AnyResult]:
    """What stands in each column of a row: what this run measured, or else what another did."""
    return {one.column: one for one in sorted(results, key=lambda result: -len(result.run))}


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
