"""What the worker processes see, and what the reports say about the machine."""

from __future__ import annotations

import functools
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ["bitale", "numpy", "scipy", "numexpr", "numba", "pytensor", "jax", "torch"]
NEWEST = ("jax", "numba", "numexpr", "pytensor")  # libraries taken from the environment of that name, if there is one
POOLS = ["OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR"]


def variables(threads: int, cache: Path) -> dict[str, str]:
    """The environment of a worker: a number of threads for everybody, one folder for everybody's compile caches."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    pools = {f"{pool}_NUM_THREADS": str(threads) for pool in POOLS}
    return {
        **kept,
        **pools,
        "NUMEXPR_MAX_THREADS": str(threads),
        "BENCHMARKS_CACHE": str(cache),
        "NUMBA_CACHE_DIR": str(cache / f"numba-{threads}"),  # its key knows nothing of parallel loops
        "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "torch"),
        "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}",
        "PYTHONWARNINGS": "ignore",
    }


def pin(threads: int) -> None:
    """Keep this process on as many cores as it has threads: the only way to hold JAX's pool to one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if threads < len(cores):
        os.sched_setaffinity(0, cores[-threads:])


def machine() -> dict[str, str]:
    """The processor, its load, the compiler and the versions of everything compared."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "compiler": first_line("cc", "--version"),
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        **versions(),
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = dict(line.replace("\t", "").split(": ", 1) for line in lines if ": " in line)
    return f"{facts.get('model name', '')} (family {facts.get('cpu family')}, model {facts.get('model')})"


def first_line(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        return "none"


def interpreter(library: str) -> str:
    """The Python that runs a library."""
    return newest() if library in NEWEST else sys.executable


@functools.cache
def newest() -> str:
    """The Python of Hatch's environment `newest`; this one where that was not made."""
    hatch = shutil.which("hatch")
    folder = first_line(hatch, "env", "find", "newest") if hatch else ""
    found = Path(folder, "bin", "python")
    return str(found) if found.is_file() else sys.executable


def versions() -> dict[str, str]:
    """The version of each package, from the Python that runs it."""
    code = (
        "import importlib.metadata as m, json, sys\n"
        "have = {d.name.lower(): d.version for d in m.distributions()}\n"
        "print(json.dumps([have.get(name, 'not installed') for name in sys.argv[1:]]))"
    )
    found: dict[str, str] = {}
    for python in {interpreter(package) for package in PACKAGES}:
        packages = [package for package in PACKAGES if interpreter(package) == python]
        found |= zip(packages, json.loads(first_line(python, "-c", code, *packages)), strict=True)
    return {package: found[package] for package in PACKAGES}
