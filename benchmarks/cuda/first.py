"""Compile times: a function is built and called once in a fresh process, with an empty cache and with a filled one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.compile_time import FirstCall, complaint
from benchmarks.cuda.columns import LIBRARIES, NAMES
from benchmarks.environment import variables
from benchmarks.workloads import WORKLOADS

COMPILED = ("mlp_train[60]:f32", "softmax[2000x1000]:f32", "lstm_train[100x32x128]:f32")
COLUMNS = ("bitale", "jax", "torch-compile")
LIMIT = 90.0


def first_call(column: str, workload: str, said: Callable[[str], None], limit: float = LIMIT) -> FirstCall:
    """The seconds of the first call, cold and warm, without the imports."""
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for state in ("cold", "warm"):
            said(f"{workload}: {column}, {state}")
            try:
                times.append(run(column, workload, Path(folder), limit))
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                return FirstCall(workload, column, detail=complaint(error))
    return FirstCall(workload, column, *times)


def run(column: str, workload: str, cache: Path, limit: float) -> float:
    environment = variables(1, cache)
    del environment["JAX_PLATFORMS"]
    environment["CUPY_CACHE_DIR"] = str(cache / "cupy")
    command = [sys.executable, "-m", "benchmarks.cuda.first", column, workload]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit, check=True)
    seconds: float = json.loads(done.stdout.splitlines()[-1])
    return seconds


def main(column: str, workload: str) -> None:
    """Print the seconds from a workload to its first result on the host."""
    library = next(name for name, names in NAMES.items() if column in names)
    found = LIBRARIES[library]()[column]
    if library == "bitale":
        from benchmarks.libraries import bitale

        bitale.start(1)
    start = time.perf_counter()
    call = found.build(WORKLOADS[workload])
    assert call is not None, f"{column} has nothing for {workload}"
    result = call.function(*call.arguments)
    found.host(result[0] if isinstance(result, list | tuple) else result)
    print(json.dumps(time.perf_counter() - start))


if __name__ == "__main__":
    main(*sys.argv[1:])
