"""All libraries take turns at one task on one device; none is timed before its results are right."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import check
from benchmarks.cuda.columns import Clock, Column
from benchmarks.cuda.tasks import Task
from benchmarks.measure import Measurement, Settings, rotated
from benchmarks.workload import Call

SETTINGS = Settings(rounds=11, batch=0.02, budget=0.5, least=3)
MOST = 2000  # calls of a batch, so that queues of launches stay short


class Stopwatch:
    """Times batches of one call by a device's clock."""

    def __init__(self, call: Call, clock: Clock, seconds: float) -> None:
        self._call, self._clock, self._count = call, clock, 1
        estimate = min(self.batch(), self.batch())
        self._count = max(1, min(MOST, math.ceil(seconds / max(estimate, 1e-9))))
        self.batch()

    def batch(self) -> float:
        """Seconds per call."""
        function, arguments = self._call.function, self._call.arguments

        def work() -> Any:
            for _ in range(self._count):
                result = function(*arguments)
            return result

        return self._clock(work) / self._count


class Contest:
    """The columns of a run."""

    def __init__(self, columns: Mapping[str, Column], settings: Settings = SETTINGS) -> None:
        self.columns, self.settings = columns, settings

    def run(self, task: Task, said: Callable[[str], None]) -> list[Measurement]:
        """Every column's measurement of a task."""
        arrays = task.workload.arrays()
        workload = replace(task.workload, inputs=lambda random: tuple(array.copy() for array in arrays))
        task, wanted = replace(task, workload=workload), check.expected(task.block or workload)
        found: dict[str, Measurement] = {}
        watches: dict[str, Stopwatch] = {}
        for name, column in self.columns.items():
            said(f"{task.name}: {name}")
            found[name] = self._prepare(task, name, column, wanted, watches)
        for turn in range(self.settings.rounds):
            for name in rotated(list(found), turn):
                one = found[name]
                if one.status == "ok" and (turn < self.settings.least or sum(one.seconds) < self.settings.budget):
                    one.seconds.append(watches[name].batch())
        watches.clear()
        gc.collect()
        return list(found.values())

    def _prepare(
        self, task: Task, name: str, column: Column, wanted: list[np.ndarray], watches: dict[str, Stopwatch]
    ) -> Measurement:
        reason = task.workload.without.get("torch-compile" if name == "torch-graphs" else name)
        if reason:
            return Measurement(task.name, name, 1, "not run", reason)
        try:
            call = column.build(task.workload)
            if call is None:
                return Measurement(task.name, name, 1, "none")
            fault = problem(task, call, column.host, wanted)
            if fault is not None:
                return Measurement(task.name, name, 1, "WRONG", fault)
            watches[name] = Stopwatch(call, column.clock, self.settings.batch)
            return Measurement(task.name, name, 1, "ok", seconds=[])
        except Exception as error:
            return Measurement(task.name, name, 1, "failed", f"{type(error).__name__}: {error}"[:2000])


def problem(task: Task, call: Call, host: Callable[[Any], np.ndarray], wanted: list[np.ndarray]) -> str | None:
    """What is wrong with a call's results, or None. Where inputs repeat a block, so do results."""
    fetched = Call(
        lambda *arguments: [host(leaf) for leaf in check.leaves(call.function(*arguments))],
        call.arguments,
        lambda: [host(value) for value in call.state()],
    )
    if task.block is None:
        return check.difference(task.workload, wanted, fetched)
    results = fetched.function(*fetched.arguments)
    if any(len(result) % len(right) for result, right in zip(results, wanted)):
        return f"results have shapes {[result.shape for result in results]}"
    blocks = zip(*(result.reshape(-1, *right.shape) for result, right in zip(results, wanted)))
    faults = (check.difference(task.block, wanted, Call(lambda *_, one=one: list(one), ())) for one in blocks)
    return next(filter(None, faults), None)
