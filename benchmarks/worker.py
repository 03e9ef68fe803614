"""A process that holds one library: it builds, checks and times what it is asked on its standard input.

One JSON object a line each way. `prepare` builds a column's call, compares its results with the oracle and finds the
length of a batch; `batch` times one; `forget` drops everything. Libraries share no process, so neither their thread
pools nor their memory allocators meet.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any

from benchmarks.check import difference, expected
from benchmarks.environment import pin
from benchmarks.timing import Stopwatch
from benchmarks.workloads import WORKLOADS


class Bench:
    """The calls of one library for the current workload."""

    def __init__(self, library: str, threads: int) -> None:
        self._module = importlib.import_module(f"benchmarks.libraries.{library}")
        self._module.start(threads)
        self._stopwatches: dict[str, Stopwatch] = {}
        self._oracle: tuple[str, list[Any]] = ("", [])

    def prepare(self, column: str, workload: str, seconds: float) -> dict[str, Any]:
        """Status `ok`, `none` (the library has nothing for it) or `WRONG`, and an estimate of the time of a call."""
        task = WORKLOADS[workload]
        call = self._module.COLUMNS[column](task)
        if call is None:
            return {"status": "none"}
        if self._oracle[0] != workload:
            self._oracle = workload, expected(task)
        fault = difference(task, self._oracle[1], call)
        if fault is not None:
            return {"status": "WRONG", "detail": fault}
        stopwatch = self._stopwatches[column] = Stopwatch(call, seconds)
        return {"status": "ok", "estimate": stopwatch.estimate}

    def batch(self, column: str) -> dict[str, Any]:
        return {"status": "ok", "seconds": self._stopwatches[column].batch()}

    def forget(self) -> dict[str, Any]:
        self._stopwatches.clear()
        self._oracle = ("", [])
        gc.collect()
        return {"status": "ok"}


def answer(bench: Bench, request: dict[str, Any]) -> dict[str, Any]:
    """What the bench says; an error of the library is an answer too."""
    try:
        return getattr(bench, request.pop("do"))(**request)
    except Exception as error:
        return {"status": "failed", "detail": f"{type(error).__name__}: {error}"[:2000]}


def main(library: str, threads: str) -> None:
    """Serve until the standard input ends. What libraries print goes to the standard error."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    pin(int(threads))
    try:
        bench = Bench(library, int(threads))
    except Exception as error:
        reply({"status": "failed", "detail": f"{type(error).__name__}: {error}"})
        return
    reply({"status": "ok"})
    for line in sys.stdin:
        reply(answer(bench, json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
