"""Import, build and first call in fresh processes: with an empty compile cache, and with the one just filled."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import interpreter, variables
from benchmarks.libraries import COLUMNS

WORKLOADS = (
    "add1_vec3[3]:f64",
    "ew15[1e6]:f32",
    "softmax[2000x1000]:f32",
    "mlp_train[60]:f32",
    "logreg_train[400]:f32",
    "radon_logp:f64",
    "gp_quadratic[500]:f64",
    "garch[5000]:f64",
    "lstm_train[100x32x128]:f32",
)
WITHOUT = ("numpy", "numexpr", "torch")
"""Columns that compile nothing worth measuring."""
TIMEOUT = 180.0
WARM_RUNS = 3


@dataclass(frozen=True)
class FirstCall:
    """Seconds and megabytes of one library and workload; `detail` says why there are none."""

    workload: str
    column: str
    cold: float | None = None
    warm: float | None = None
    imported: float | None = None
    building_memory: float | None = None
    call_memory: float | None = None
    detail: str = ""


def columns(libraries: Sequence[str]) -> list[str]:
    """The columns measured: those that compile, without their variants."""
    names = [column for library in libraries for column in COLUMNS[library]]
    return [column for column in names if "/" not in column and column not in WITHOUT]


def first_call(column: str, workload: str, said: Callable[[str], None]) -> FirstCall:
    """One cold run, then warm ones (their median), on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            said(f"{workload}: {column}, cold")
            cold = run(column, workload, Path(folder))
            said(f"{workload}: {column}, warm")
            warm = [run(column, workload, Path(folder)) for _ in range(WARM_RUNS)]
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            return FirstCall(workload, column, detail=reason(error))

    def median(key: str) -> float:
        return statistics.median(one[key] for one in warm)

    return FirstCall(
        workload,
        column,
        cold["first call"],
        median("first call"),
        median("import"),
        median("memory of building"),
        median("memory of a call"),
    )


def run(column: str, workload: str, cache: Path) -> dict[str, float]:
    library = next(name for name in COLUMNS if column in COLUMNS[name])
    command = [interpreter(library), "-m", "benchmarks.first_call", column, workload, "1"]
    done = subprocess.run(command, env=variables(1, cache), capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def reason(error: Any) -> str:
    """The last line of what the process said."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {TIMEOUT:.0f} s"
    lines = error.stderr.strip().splitlines()
    return lines[-1] if lines else f"ended with status {error.returncode}"


def as_dictionary(result: FirstCall) -> dict[str, Any]:
    return asdict(result)
