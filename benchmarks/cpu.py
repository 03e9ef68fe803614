"""`python -m benchmarks.cpu`: Bitale beside its peers on the CPU; writes tables, JSON and a picture."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

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
from benchmarks.compile_time import FirstCall
from benchmarks.environment import machine
from benchmarks.large_graphs import LargeGraph
from benchmarks.libraries import COLUMNS
from benchmarks.measure import Contest, Measurement, Settings
from benchmarks.plot import draw
from benchmarks.report import markdown
from benchmarks.workloads import select

QUICK = Settings(rounds=3, batch=0.005, budget=0.2, least=2)


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
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="few and short rounds, no compile times")
    parser.add_argument("--no-compile", action="store_true", help="leave out compile times and memory")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/output"), help="folder (default %(default)s)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "bitale-benchmarks",
        help="compile caches of the steady-state runs (default %(default)s)",
    )
    return parser.parse_args(given)


class Line:
    """One line of the progress display: how many are done, and what is going on."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._task = progress, progress.add_task("", total=total)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def advance(self) -> None:
        self._progress.advance(self._task)


def measure(options: argparse.Namespace, progress: Progress) -> list[Measurement]:
    """All workloads, first with one number of threads, then with the next."""
    workloads, results = select(options.only), []
    settings = QUICK if options.quick else Settings()
    options.cache.mkdir(parents=True, exist_ok=True)
    for threads in map(int, options.threads.split(",")):
        line = Line(progress, len(workloads))
        with (options.output / f"log_{threads}.txt").open("w") as log:
            contest = Contest(options.libraries.split(","), threads, options.cache, log)
            for workload in workloads:
                results += contest.run(workload, settings, line.say)
                line.advance()
            contest.close()
        line.say(f"{threads} thread(s) measured")
    return results


def compile_times(options: argparse.Namespace, progress: Progress) -> list[FirstCall]:
    workloads = [workload for workload in select(options.only) if workload in compile_time.WORKLOADS]
    columns = compile_time.columns(options.libraries.split(","))
    line, results = Line(progress, len(workloads) * len(columns)), []
    for workload in workloads:
        for column in columns:
            results.append(compile_time.first_call(column, workload, line.say))
            line.advance()
    line.say("first calls measured")
    return results


def large(options: argparse.Namespace, progress: Progress) -> list[LargeGraph]:
    """Bitale's own compile times, where all workloads are asked for."""
    if options.only or "bitale" not in options.libraries.split(","):
        return []
    line, results = Line(progress, len(large_graphs.KINDS) * len(large_graphs.SIZES)), []
    for kind in large_graphs.KINDS:
        for size in large_graphs.SIZES:
            line.say(f"{kind}: {size:,} nodes")
            results.append(large_graphs.measure(kind, size))
            line.advance()
    line.say("large graphs measured")
    return results


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write results.md, results.json and one picture per number of threads."""
    options = arguments(given)
    options.output.mkdir(parents=True, exist_ok=True)
    console, facts = Console(), machine()
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        measurements = measure(options, progress)
        compiling = not (options.quick or options.no_compile)
        calls = compile_times(options, progress) if compiling else []
        graphs = large(options, progress) if compiling else []
    facts["load after"] = machine()["load"]
    text = markdown(measurements, calls, facts, graphs)
    (options.output / "results.md").write_text(text)
    record = {
        "machine": facts,
        "steady": [asdict(one) for one in measurements],
        "first": [asdict(one) for one in calls],
        "large": [asdict(one) for one in graphs],
    }
    (options.output / "results.json").write_text(json.dumps(record, indent=1))
    for threads in sorted({one.threads for one in measurements}):
        draw(measurements, threads, options.output / f"results_{threads}.png")
    console.print(Markdown(text))
    console.print(f"written to {options.output}")


if __name__ == "__main__":
    main()
