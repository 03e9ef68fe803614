"""Steady state: all libraries take turns at one workload, so that the machine's moods meet them all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.libraries import COLUMNS
from benchmarks.process import Worker, WorkerLost
from benchmarks.workloads import WORKLOADS

VARIANT_LIMIT = 100e-6
"""A variant saves microseconds: it is measured where the plain column takes less than this."""
BUILD_LIMIT = 60.0


@dataclass(frozen=True)
class Settings:
    """How long to measure: at most `rounds` batches of `batch` seconds, and `budget` seconds for each column."""

    rounds: int = 11
    batch: float = 0.02
    budget: float = 1.5
    least: int = 3


@dataclass
class Measurement:
    """Seconds per call of every round, or why there are none: `status` is ok, none, not run, WRONG or failed.

    `preparing` is what building, the first calls and their check took. `run` marks what another run measured.
    """

    workload: str
    column: str
    threads: int
    status: str
    detail: str = ""
    seconds: list[float] = field(default_factory=list)
    preparing: float = 0.0
    run: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        return min(self.seconds)


class Contest:
    """A worker process for every column of some libraries, shared by its variants, with one number of threads."""

    def __init__(
        self, libraries: Sequence[str], threads: int, cache: Path, log: IO[str], limit: float = BUILD_LIMIT
    ) -> None:
        self._columns = [column for library in libraries for column in COLUMNS[library]]
        self._workers = {
            column: Worker(library, threads, cache, log)
            for library in libraries
            for column in COLUMNS[library]
            if column == plain(column)
        }
        self._threads, self._limit = threads, limit

    def run(self, workload: str, settings: Settings, said: Callable[[str], None]) -> list[Measurement]:
        """Every column's measurement of a workload; `said` is told what is going on."""
        results: dict[str, Measurement] = {}
        for column in self._columns:
            said(f"{workload}: preparing {column}")
            results[column] = self._prepare(column, workload, settings, results)
        for turn in range(settings.rounds):
            for column in rotated(list(results), turn):
                if self._wants_more(results[column], turn, settings):
                    said(f"{workload}: round {turn + 1}, {column}")
                    self._time(results[column])
        for column in self._workers:
            self._try(column, "forget")
        return list(results.values())

    def _prepare(self, column: str, workload: str, settings: Settings, results: dict[str, Measurement]) -> Measurement:
        main = results.get(plain(column))
        if main is not None and (main.status != "ok" or main.minimum > VARIANT_LIMIT):
            return Measurement(workload, column, self._threads, "none")
        if reason := WORKLOADS[workload].without.get(column):
            return Measurement(workload, column, self._threads, "not run", reason)
        start = time.perf_counter()
        reply = self._try(column, "prepare", self._limit, workload=workload, seconds=settings.batch)
        spent = time.perf_counter() - start
        times = [reply["estimate"]] if reply["status"] == "ok" else []
        return Measurement(workload, column, self._threads, reply["status"], reply.get("detail", ""), times, spent)

    def _wants_more(self, result: Measurement, turn: int, settings: Settings) -> bool:
        if result.status != "ok":
            return False
        return turn < settings.least or turn * max(settings.batch, result.minimum) < settings.budget

    def _time(self, result: Measurement) -> None:
        reply = self._try(result.column, "batch")
        if reply["status"] == "ok":
            result.seconds.append(reply["seconds"])
        else:
            result.status, result.detail = reply["status"], reply["detail"]

    def _try(self, column: str, do: str, timeout: float = 120.0, **request: Any) -> dict[str, Any]:
        if do != "forget":
            request["column"] = column
        try:
            return self._workers[plain(column)].ask(do, timeout, **request)
        except WorkerLost as lost:
            return {"status": "failed", "detail": f"the process was lost: {lost}"}

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.close()


def plain(column: str) -> str:
    """The column whose variant this is, or itself."""
    return column.split("/")[0]


def rotated(columns: list[str], turn: int) -> list[str]:
    """Another one begins in every round."""
    start = turn % len(columns)
    return columns[start:] + columns[:start]
