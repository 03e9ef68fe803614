"""All workloads, one file per family."""

from __future__ import annotations

from fnmatch import fnmatch

from benchmarks.workload import Workload
from benchmarks.workloads import calls, elementwise, indexing, integers, models, networks, random, recurrent, reduction

FAMILIES = (calls, elementwise, integers, reduction, networks, indexing, models, random, recurrent)
WORKLOADS: dict[str, Workload] = {workload.name: workload for family in FAMILIES for workload in family.WORKLOADS}


def select(patterns: list[str]) -> list[str]:
    """The names that contain, or match as a shell pattern, one of `patterns`; all where there is none."""
    return [
        name
        for name in WORKLOADS
        if not patterns or any(pattern in name or fnmatch(name, pattern) for pattern in patterns)
    ]
