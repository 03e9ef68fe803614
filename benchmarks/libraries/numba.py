"""numba: loops written by hand."""

from __future__ import annotations

import numba

from benchmarks import loops
from benchmarks.workload import Call, Workload


def start(threads: int) -> None:
    numba.set_num_threads(threads)


def build(workload: Workload) -> Call | None:
    function = loops.find(workload.stem)
    if function is None:
        return None
    arrays = workload.arrays()
    if workload.kind != "train":  # a Python float is what numba takes fastest
        arrays = tuple(array.item() if array.ndim == 0 else array for array in arrays)
    return Call(function, arrays, lambda: arrays[: workload.trained])


COLUMNS = {"numba": build}
