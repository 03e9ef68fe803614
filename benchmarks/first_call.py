"""One fresh process: the import of a library, a function built and called once, and the memory that took.

Started by `benchmarks.compile_time`; prints one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.environment import pin
from benchmarks.libraries import COLUMNS
from benchmarks.workloads import WORKLOADS

PROCESS = Path("/proc/self")
NOTHING = "the library has nothing for this workload"


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
    """Time and memory of the import, of building and calling once, and of further calls.

    Memory is the peak above what the process held with the library imported and the inputs made.
    """
    pin(int(threads))
    arrays = WORKLOADS[workload].arrays()
    task = replace(WORKLOADS[workload], inputs=lambda random: arrays)
    library = next(name for name in COLUMNS if column in COLUMNS[name])
    start = time.perf_counter()
    module: Any = importlib.import_module(f"benchmarks.libraries.{library}")
    module.start(int(threads))
    imported = time.perf_counter() - start
    forget_peak()
    idle = memory("VmRSS")
    start = time.perf_counter()
    call = module.COLUMNS[column](task)
    if call is None:
        raise SystemExit(NOTHING)
    call.function(*call.arguments)
    called = time.perf_counter()
    building = memory("VmHWM") - idle
    forget_peak()
    for _ in range(3):
        call.function(*call.arguments)
    report = {
        "import": imported,
        "first call": called - start,
        "memory of building": building,
        "memory of calls": memory("VmHWM") - idle,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
