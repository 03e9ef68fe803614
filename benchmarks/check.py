"""Whether a library computes what NumPy computes in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.libraries.numpy import call as numpy_call
from benchmarks.workload import Call, Workload

TRAINING_STEPS = 3
TOLERANCES = {"float32": 1e-4, "float64": 1e-9}
MOVED_TOLERANCE = 1e-3
"""For float32 parameters: a step is small beside the parameter whose rounding it gets."""


def outputs(workload: Workload, call: Call) -> list[np.ndarray]:
    """The results of the first call; of training: the last loss, and how far a few steps moved the parameters."""
    for _ in range(TRAINING_STEPS if workload.kind == "train" else 1):
        result = call.function(*call.arguments)
    before = workload.arrays() if workload.trained else ()
    moved = [np.asarray(now).astype("float64") - start for now, start in zip(call.state(), before)]
    return [*(workload.compared(np.asarray(leaf)) for leaf in leaves(result)), *moved]


def leaves(result: Any) -> Iterator[Any]:
    if isinstance(result, list | tuple):
        yield from result
    else:
        yield result


def expected(workload: Workload) -> list[np.ndarray]:
    """The oracle: NumPy on the same numbers in double precision."""
    arrays = workload.arrays()
    widened = tuple(array.astype("float64") if array.dtype == "float32" else array for array in arrays)
    return outputs(workload, numpy_call(workload, widened))


def difference(workload: Workload, wanted: list[np.ndarray], call: Call) -> str | None:
    """What is wrong with the call's outputs, or None. An error is measured against the largest element."""
    given = outputs(workload, call)
    if len(given) != len(wanted):
        return f"{len(given)} results instead of {len(wanted)}"
    for index, (mine, right) in enumerate(zip(given, wanted)):
        if mine.shape != right.shape:
            return f"result {index} has shape {mine.shape} instead of {right.shape}"
        error = float(np.max(np.abs(mine - right)) / max(np.max(np.abs(right)), 1e-300))
        if not error <= tolerance(workload, right, moved=index >= len(given) - workload.trained):
            return f"result {index} is off by {error:.1e} of its largest element"
    return None


def tolerance(workload: Workload, right: np.ndarray, moved: bool) -> float:
    """Integers are exact; one float32 among the inputs makes the floating results float32's."""
    if workload.tolerance is not None:
        return workload.tolerance
    if right.dtype.kind in "iub":
        return 0.0
    if workload.single:
        return MOVED_TOLERANCE if moved else TOLERANCES["float32"]
    return TOLERANCES["float64"]
