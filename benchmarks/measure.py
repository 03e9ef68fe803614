"""Steady state: all libraries take turns at one workload, so that the machine's moods meet them all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.libraries import COLUMNS
from benchmarks.process import Worker, WorkerLost

VARIANT_LIMIT = 100e-6
"""A variant saves microseconds: it is measured where the plain column takes less than this."""
BUILD_TIMEOUT = 180.0


@dataclass(frozen=True)
class Settings:
    """How long to measure: at most `rounds` batches of `batch` seconds, and `budget` seconds for each column."""

    rounds: int = 11
    batch: float = 0.02
    budget: float = 1.5
    least: int = 3


@dataclass
class Measurement:
    """Seconds per call of every round, or why there are none: `status` is ok, none, WRONG or failed."""

    workload: str
    column: str
    threads: int
    status: str
    detail: str = ""
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        return min(self.seconds)


class Contest:
    """The worker processes of some libraries, with one number of threads."""

    def __init__(self, libraries: Sequence[str], threads: int, cache: Path, log: IO[str]) -> None:
        self._workers = {library: Worker(library, threads, cache, log) for library in libraries}
        self._owner = {column: library for library in libraries for column in COLUMNS[library]}
        self._threads = threads

    def run(self, workload: str, settings: Settings, said: Callable[[str], None]) -> list[Measurement]:
        """Every column's measurement of a workload; `said` is told what is going on."""
        results: dict[str, Measurement] = {}
        for column in self._owner:
            said(f"{workload}: preparing {column}")
            results[column] = self._prepare(column, workload, settings, results)
        for turn in range(settings.rounds):
            for column in rotated(list(results), turn):
                if self._wants_more(results[column], turn, settings):
                    said(f"{workload}: round {turn + 1}, {column}")
                    self._time(results[column])
        for library in self._workers:
            self._try(library, "forget")
        return list(results.values())

    def _prepare(self, column: str, workload: str, settings: Settings, results: dict[str, Measurement]) -> Measurement:
        plain = results.get(column.split("/")[0])
        if plain is not None and (plain.status != "ok" or plain.minimum > VARIANT_LIMIT):
            return Measurement(workload, column, self._threads, "none")
        request = {"column": column, "workload": workload, "seconds": settings.batch}
        reply = self._try(self._owner[column], "prepare", BUILD_TIMEOUT, **request)
        times = [reply["estimate"]] if reply["status"] == "ok" else []
        return Measurement(workload, column, self._threads, reply["status"], reply.get("detail", ""), times)

    def _wants_more(self, result: Measurement, turn: int, settings: Settings) -> bool:
        if result.status != "ok":
            return False
        return turn < settings.least or turn * max(settings.batch, result.minimum) < settings.budget

    def _time(self, result: Measurement) -> None:
        reply = self._try(self._owner[result.column], "batch", column=result.column)
        if reply["status"] == "ok":
            result.seconds.append(reply["seconds"])
        else:
            result.status, result.detail = reply["status"], reply["detail"]

    def _try(self, library: str, do: str, timeout: float = 120.0, **request: Any) -> dict[str, Any]:
        try:
            return self._workers[library].ask(do, timeout, **request)
        except WorkerLost as lost:
            return {"status": "failed", "detail": f"the process was lost: {lost}"}

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.close()


def rotated(columns: list[str], turn: int) -> list[str]:
    """Another one begins in every round."""
    start = turn % len(columns)
    return columns[start:] + columns[:start]
