"""`python -m benchmarks.cpu`: Bitale beside its peers on the CPU; writes tables, JSON and a picture."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from benchmarks import compile_time, large_graphs
from benchmarks.environment import machine
from benchmarks.libraries import COLUMNS
from benchmarks.measure import BUILD_LIMIT, Contest, Settings
from benchmarks.plot import draw
from benchmarks.record import Record
from benchmarks.report import markdown
from benchmarks.workloads import PARALLEL, planned, select

QUICK = Settings(rounds=3, batch=0.005, budget=0.2, least=2)
STAGES = ("1", "compile", "2", "memory", "large")
Task = TypeVar("Task", str, tuple[str, Any])


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench:cpu", description="Compare Bitale with its peers on the CPU.")
    parser.add_argument(
        "--only",
        nargs="*",
        default=[],
        metavar="PATTERN",
        help="workloads: a part of the name, or a shell pattern",
    )
    parser.add_argument("--libraries", default=",".join(COLUMNS), help="comma-separated, of: %(default)s")
    parser.add_argument(
        "--stages",
        default=",".join(STAGES),
        help="comma-separated: numbers of threads for calls in the steady state (several: the large workloads "
        "only), compile times, memory, Bitale's large graphs (default %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--budget", type=float, default=math.inf, metavar="MINUTES", help="begin nothing after that")
    parser.add_argument(
        "--limit",
        type=float,
        default=BUILD_LIMIT,
        metavar="SECONDS",
        help="for one library to build and check one workload (default %(default).0f)",
    )
    parser.add_argument("--resume", action="store_true", help="keep what the output folder has, and do the rest")
    parser.add_argument(
        "--merge",
        nargs="*",
        type=Path,
        default=[],
        metavar="JSON",
        help="fill empty cells from other runs on this machine, marked; with --resume --budget 0 nothing is measured",
    )
    parser.add_argument("--output", type=Path, default=Path("benchmarks/output"), help="folder (default %(default)s)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "bitale-benchmarks",
        help="compile caches of the steady-state runs (default %(default)s)",
    )
    return parser.parse_args(given)


class Run:
    """One run of the command: its options, what it has measured, and how long it may go on."""

    def __init__(self, options: argparse.Namespace, progress: Progress) -> None:
        self.options, self._progress = options, progress
        self._end = time.monotonic() + 60 * options.budget
        self._file = options.output / "results.json"
        self.libraries = options.libraries.split(",")
        self.columns = [column for library in self.libraries for column in COLUMNS[library]]
        resumed = options.resume and self._file.exists()
        self.record = Record.read(self._file) if resumed else Record(machine())
        self.record.left_out.clear()

    def each(self, stage: str, tasks: Sequence[Task]) -> Iterator[Task]:
        """The tasks for which there is time; what is known is written after each."""
        self._line = self._progress.add_task(stage, total=len(tasks))
        for number, task in enumerate(tasks):
            if time.monotonic() > self._end:
                first = task if isinstance(task, str) else " ".join(map(str, task))
                self.record.left_out.append(f"{stage}: {len(tasks) - number} of {len(tasks)}, from {first} on")
                break
            yield task
            self.record.machine["load after"] = machine()["load"]
            self.record.write(self._file)
            self._progress.advance(self._line)
        self.say(stage)

    def say(self, text: str) -> None:
        self._progress.update(self._line, description=text)

    def steady(self, threads: int) -> None:
        """Calls in the steady state; with several threads those of the large workloads."""
        options = self.options
        names = [name for name in select(options.only) if threads == 1 or name in select(PARALLEL)]
        missing = [name for name in planned(names) if not self.record.has(name, self.columns, threads)]
        settings = QUICK if options.quick else Settings()
        with (options.output / f"log_{threads}.txt").open("w") as log:
            contest = Contest(self.libraries, threads, options.cache, log, options.limit)
            for workload in self.each(f"{threads} thread{'s' * (threads > 1)}", missing):
                self.record.put(contest.run(workload, settings, self.say))
            contest.close()

    def compile_times(self) -> None:
        """First calls with an empty cache and a filled one, of the columns that compile."""
        columns = [name for name in compile_time.columns(self.libraries) if name not in compile_time.WITHOUT]
        for workload, column in self.each("compile times", self._missing(compile_time.COMPILED, columns)):
            self.record.first.append(compile_time.first_call(column, workload, self.say, self.options.limit))

    def memory(self) -> None:
        """Of those whose first call has not told it."""
        limit, cache = self.options.limit, self.options.cache
        pairs = self._missing(compile_time.LARGE, compile_time.columns(self.libraries))
        for workload, column in self.each("memory", pairs):
            self.record.first.append(compile_time.first_call(column, workload, self.say, limit, cache))

    def _missing(self, names: Sequence[str], columns: Sequence[str]) -> list[tuple[str, str]]:
        chosen, known = select(self.options.only), {(one.workload, one.column) for one in self.record.first}
        pairs = [(name, column) for name in names if name in chosen for column in columns]
        return [pair for pair in pairs if pair not in known]

    def large(self) -> None:
        """Bitale's own compile times, where all workloads are asked for."""
        if self.options.only or "bitale" not in self.libraries:
            return
        pairs = [(kind, size) for kind in large_graphs.KINDS for size in large_graphs.SIZES]
        for kind, size in self.each("large graphs", pairs[len(self.record.large) :]):
            self.say(f"{kind}: {size:,} nodes")
            self.record.large.append(large_graphs.measure(kind, size))

    def stage(self, name: str) -> None:
        stages = {"compile": self.compile_times, "memory": self.memory, "large": self.large}
        stages[name]() if name in stages else self.steady(int(name))


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write results.md, results.json and one picture per number of threads."""
    options, console = arguments(given), Console()
    for folder in (options.output, options.cache):
        folder.mkdir(parents=True, exist_ok=True)
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        run = Run(options, progress)
        for stage in options.stages.split(","):
            run.stage(stage)
    for other in options.merge:
        run.record.add(Record.read(other))
    text = markdown(run.record)
    (options.output / "results.md").write_text(text)
    for threads in sorted({one.threads for one in run.record.steady}):
        draw(run.record.steady, threads, options.output / f"results_{threads}.png")
    console.print(Markdown(text))
    console.print(f"written to {options.output}")


if __name__ == "__main__":
    main()
