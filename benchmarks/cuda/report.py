"""What a run on a GPU found, as one table in Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.compile_time import FirstCall
from benchmarks.cuda.tasks import Task
from benchmarks.measure import Measurement
from benchmarks.report import SUBJECT, best_peer, cell, facts, first_line, relation, section
from benchmarks.table import duration, heads, shown, table

CUBLAS = ("cupy", "torch")  # whose plain products are calls of cuBLAS


@dataclass
class GpuRecord:
    """`copy` are the bytes per second that a copy on the device reads and writes; `left_out` had no time left."""

    machine: dict[str, str]
    copy: float = 0.0
    steady: list[Measurement] = field(default_factory=list)
    first: list[FirstCall] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """By way of a second file: an interruption leaves the old one or the new one."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1))
        draft.replace(path)


def markdown(record: GpuRecord, tasks: Sequence[Task]) -> str:
    """The whole report."""
    known = {task.name: task for task in tasks}
    groups: dict[str, list[Measurement]] = {}
    for one in record.steady:
        groups.setdefault(one.workload, []).append(one)
    columns = heads(record.steady)
    rows = []
    for name, group in groups.items():
        best, found = best_peer(group), shown(group)
        cells = [cell(found.get(column), best) for column in columns]
        rows.append([name, *cells, relation(group), share(known[name], groups, record.copy)])
    lines = [
        f"{facts(record.machine)}, copies {record.copy / 1e9:,.0f} GB/s",
        "",
        "Median (minimum) of a call, with arguments and results on the device: between two events of the device, for "
        "JAX between a call and the last result. Plain numbers are microseconds, m milliseconds; best peer in bold. "
        "`share` is what Bitale reaches of the copy's bandwidth, or of cuBLAS.",
        "",
        *table(["workload", *columns, f"{SUBJECT} / best peer", "share"], rows),
        "",
    ]
    lines += section("First call in a new process, without imports: empty cache → filled cache", first_calls(record))
    wrong = [
        f"- {one.workload}, {one.column}, {one.status}: {first_line(one.detail)}"
        for one in record.steady
        if one.status not in ("ok", "none")
    ]
    wrong += [f"- first call of {one.workload}, {one.column}: {one.detail}" for one in record.first if one.detail]
    lines += section("Wrong, failed or not run", wrong)
    lines += section("Not compared", [f"- {text}" for text in record.absent])
    lines += section("No time left for", [f"- {text}" for text in record.left_out])
    return "\n".join(lines).rstrip() + "\n"


def share(task: Task, groups: Mapping[str, Sequence[Measurement]], copy: float) -> str:
    """Of the bandwidth of a copy, or of cuBLAS on a product of the same size and dtype."""
    mine = next((one for one in groups[task.name] if one.column == SUBJECT and one.status == "ok"), None)
    if mine is None or task.figure == "call":
        return "–"
    if task.figure == "bandwidth":
        return f"{task.amount / mine.median / copy:.0%} of copy" if copy else "–"
    plain = groups.get(f"product[{task.name.split('[')[1]}", ())
    times = [one.median for one in plain if one.column in CUBLAS and one.status == "ok"]
    return f"{min(times) / mine.median:.0%} of cuBLAS" if times else "–"


def first_calls(record: GpuRecord) -> list[str]:
    names = list(dict.fromkeys(one.column for one in record.first))
    found = {(one.workload, one.column): one for one in record.first}
    rows = []
    for workload in dict.fromkeys(one.workload for one in record.first):
        cells = (found.get((workload, name)) for name in names)
        rows.append([workload, *(arrow(one) for one in cells)])
    return table(["workload", *names], rows) if rows else []


def arrow(one: FirstCall | None) -> str:
    if one is None or one.cold is None or one.warm is None:
        return "–"
    return f"{duration(one.cold)} → {duration(one.warm)}"
