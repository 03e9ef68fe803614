"""numexpr: an expression compiled once to its virtual machine."""

from __future__ import annotations

import numexpr
from numexpr.necompiler import getType

from benchmarks.workload import Call, Workload


def start(threads: int) -> None:
    numexpr.set_num_threads(threads)


def build(workload: Workload) -> Call | None:
    if workload.numexpr is None:
        return None
    views = workload.views(*workload.arrays())
    signature = [(name, getType(view)) for name, view in zip(workload.argument_names, views)]
    return Call(numexpr.NumExpr(workload.numexpr, signature), views)


COLUMNS = {"numexpr": build}
