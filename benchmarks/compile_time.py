"""Import, build, first call and memory in fresh processes: with an empty compile cache, and with a filled one."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import interpreter, variables
from benchmarks.libraries import COLUMNS
from benchmarks.measure import BUILD_LIMIT
from benchmarks.workloads import WORKLOADS

COMPILED = (
    "mlp_train[60]:f32",
    "radon_logp:f64",
    "softmax[2000x1000]:f32",
    "add1_vec3[3]:f64",
    "garch[5000]:f64",
    "lstm_train[100x32x128]:f32",
    "rnn_train[100x32x128]:f32",
    "logistic_map[10000]:f64",
    "newton:f64",
    "ar1[5000]:f64",
    "rnn[100x32x128]:f32",
    "lstm[100x32x128]:f32",
)
"""Whose compile time is measured, the most important first."""
LARGE = (
    "logistic[1e7]:f32",
    "ew15[1e7]:f32",
    "sqdist[1e7]:f32",
    "softmax[2000x1000]:f32",
    "layernorm[2000x1000]:f32",
    "mlp_train[60]:f32",
    "mlp_train[600]:f32",
    "embed_sgd:f32",
    "gp_quadratic[500]:f64",
    "lognormals[1e6]:f32",
    "lstm_train[100x32x128]:f32",
)
"""Whose memory is measured, in all libraries."""
WITHOUT = ("numpy", "numexpr", "torch")
"""Columns that compile nothing worth measuring."""
WARM_RUNS, WARM_SECONDS = 3, 5.0


@dataclass(frozen=True)
class FirstCall:
    """Seconds and megabytes of one library and workload; `detail` says why there are none.

    `cold` is None where only memory was asked for; `run` marks what another run measured.
    """

    workload: str
    column: str
    cold: float | None = None
    warm: float | None = None
    imported: float | None = None
    building_memory: float | None = None
    call_memory: float | None = None
    detail: str = ""
    run: str = ""


def columns(libraries: Sequence[str]) -> list[str]:
    """The columns whose memory is measured: all but the variants."""
    return [column for library in libraries for column in COLUMNS[library] if "/" not in column]


def first_call(
    column: str, workload: str, said: Callable[[str], None], limit: float = BUILD_LIMIT, filled: Path | None = None
) -> FirstCall:
    """One cold run, then warm ones (their median), on one thread; with a `filled` cache, one warm run of that alone."""
    if reason := WORKLOADS[workload].without.get(column):
        return FirstCall(workload, column, detail=f"not run: {reason}")
    with tempfile.TemporaryDirectory() as folder:
        cache, cold, start = filled or Path(folder), None, time.perf_counter()
        try:
            if filled is None:
                said(f"{workload}: {column}, cold")
                cold, start = run(column, workload, cache, limit)["first call"], time.perf_counter()
            said(f"{workload}: {column}, warm")
            warm = [run(column, workload, cache, limit)]
            while filled is None and len(warm) < WARM_RUNS and time.perf_counter() - start < WARM_SECONDS:
                warm.append(run(column, workload, cache, limit))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            return FirstCall(workload, column, detail=complaint(error))

    def median(key: str) -> float:
        return statistics.median(one[key] for one in warm)

    keys = ("first call", "import", "memory of building", "memory of calls")
    return FirstCall(workload, column, cold, *map(median, keys))


def run(column: str, workload: str, cache: Path, limit: float) -> dict[str, float]:
    library = next(name for name in COLUMNS if column in COLUMNS[name])
    command = [interpreter(library), "-m", "benchmarks.first_call", column, workload, "1"]
    done = subprocess.run(command, env=variables(1, cache), capture_output=True, text=True, timeout=limit, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def complaint(error: Any) -> str:
    """The last line of what the process said."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {error.timeout:.0f} s"
    lines = error.stderr.strip().splitlines()
    return lines[-1] if lines else f"ended with status {error.returncode}"
