"""What a run has measured so far: a file of JSON, so that an interrupted run keeps it and another can go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from benchmarks.compile_time import FirstCall
from benchmarks.large_graphs import LargeGraph
from benchmarks.measure import Measurement


@dataclass
class Record:
    """The results of a run; `left_out` names what there was no time for, `others` the machines of runs added to it."""

    machine: dict[str, str]
    steady: list[Measurement] = field(default_factory=list)
    first: list[FirstCall] = field(default_factory=list)
    large: list[LargeGraph] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    others: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Record:
        """What `write` left there."""
        found = json.loads(path.read_text())
        return cls(
            found["machine"],
            [Measurement(**one) for one in found["steady"]],
            [FirstCall(**one) for one in found["first"]],
            [LargeGraph(**one) for one in found["large"]],
            found["left_out"],
            found["others"],
        )

    def write(self, path: Path) -> None:
        """By way of a second file: an interruption leaves the old one or the new one, never half of one."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1))
        draft.replace(path)

    def has(self, workload: str, columns: Sequence[str], threads: int) -> bool:
        """Whether these columns of the workload were measured."""
        known = {one.column for one in self.steady if (one.workload, one.threads, one.run) == (workload, threads, "")}
        return known >= set(columns)

    def put(self, results: Sequence[Measurement]) -> None:
        """Add the columns of a workload that were measured together, in the place of older ones."""
        places = {(one.workload, one.threads) for one in results}
        self.steady = [one for one in self.steady if one.run or (one.workload, one.threads) not in places]
        self.steady += results

    def add(self, other: Record) -> None:
        """The results of another run on the same kind of machine, marked as such.

        Bitale's own are kept too: what the other run measured is compared with what it measured beside.
        """
        mark = "†" * (len(self.others) + 1)
        self.others[mark] = other.machine
        for one in other.steady:
            one.run = mark
        self.steady += other.steady
        self.first += [replace(one, run=mark) for one in other.first]
