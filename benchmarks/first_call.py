"""One fresh process: the import of a library, a function built and called once, and the memory that took.

Started by `benchmarks.compile_time`; prints one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.environment import pin
from benchmarks.libraries import COLUMNS
from benchmarks.workloads import WORKLOADS

PROCESS = Path("/proc/self")


def memory(field: str) -> float:
    """Megabytes, from the kernel's account of this process; 0 where the system has none."""
    try:
        lines = (PROCESS / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":"))


def forget_peak() -> None:
    """Let the kernel's peak start again from what is used now."""
    if (PROCESS / "clear_refs").exists():
        (PROCESS / "clear_refs").write_text("5")


def main(column: str, workload: str, threads: str) -> None:
    """Time and memory of the import, of building and calling once, and of further calls."""
    pin(int(threads))
    task, library = WORKLOADS[workload], next(name for name in COLUMNS if column in COLUMNS[name])
    start = time.perf_counter()
    module: Any = importlib.import_module(f"benchmarks.libraries.{library}")
    module.start(int(threads))
    imported = time.perf_counter()
    forget_peak()
    idle = memory("VmRSS")
    call = module.COLUMNS[column](task)
    call.function(*call.arguments)
    called = time.perf_counter()
    building = memory("VmHWM") - idle
    call.function(*call.arguments)
    forget_peak()
    steady = memory("VmRSS")
    for _ in range(3):
        call.function(*call.arguments)
    report = {
        "import": imported - start,
        "first call": called - imported,
        "memory of building": building,
        "memory of a call": memory("VmHWM") - steady,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
