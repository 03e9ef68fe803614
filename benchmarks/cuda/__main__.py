"""`python -m benchmarks.cuda`: Bitale beside CuPy, JAX and torch on one GPU; writes a table in Markdown, and JSON."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.cuda import first
from benchmarks.cuda.columns import LIBRARIES, NAMES, columns, event_clock
from benchmarks.cuda.contest import Contest, Stopwatch
from benchmarks.cuda.report import GpuRecord, markdown
from benchmarks.cuda.tasks import Sizes, tasks
from benchmarks.environment import machine
from benchmarks.workload import Call
from bitale_backend_cuda import CudaNotAvailable, driver_of

MINUTES = 9.0
Item = TypeVar("Item")


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cuda:bench", description="Compare Bitale with its peers on a GPU.")
    parser.add_argument("--only", nargs="*", default=[], metavar="PART", help="workloads: a part of the name")
    parser.add_argument("--libraries", default=",".join(LIBRARIES), help="comma-separated, of: %(default)s")
    parser.add_argument("--blocks", type=int, default=Sizes().blocks, help="megabytes of a large array, over 4")
    parser.add_argument("--budget", type=float, default=MINUTES, metavar="MINUTES", help="begin nothing after that")
    parser.add_argument("--no-compile-times", action="store_true", help="leave the first calls in new processes out")
    parser.add_argument("--check", action="store_true", help="only see whether there is a GPU")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/output"), help="folder (default %(default)s)")
    return parser.parse_args(given)


def device() -> Any:
    """CuPy, on the first GPU. Ends the program with a message where there is none."""
    try:
        driver_of(0)
    except CudaNotAvailable as error:
        raise SystemExit(f"benchmarks.cuda measures a GPU, and there is none to use:\n{error}") from None
    import cupy

    return cupy


def about(cupy: Any) -> dict[str, str]:
    """The GPU, and what is compared on it."""
    runtime, found = cupy.cuda.runtime, machine()
    properties = runtime.getDeviceProperties(0)
    return {
        "GPU": properties["name"].decode(),
        "memory": f"{properties['totalGlobalMem'] / 2**30:.0f} GiB",
        "driver": str(runtime.driverGetVersion()),
        "cupy": cupy.__version__,
        **{name: found[name] for name in ("processor", "python", "bitale", "jax", "torch", "numpy")},
    }


def copy_bandwidth(cupy: Any, nbytes: int) -> float:
    """Bytes read and written in a second by a copy on the device."""
    source = cupy.random.default_rng(0).integers(1, 127, nbytes, dtype="int8")
    target = cupy.empty_like(source)
    clock = event_clock(cupy.cuda.Event, cupy.cuda.get_elapsed_time)
    watch = Stopwatch(Call(lambda: cupy.copyto(target, source), ()), clock, 0.02)
    return 2 * nbytes / statistics.median(watch.batch() for _ in range(11))


class Clocked:
    """The time that a run may take."""

    def __init__(self, minutes: float, record: GpuRecord) -> None:
        self._end, self._record = time.monotonic() + 60 * minutes, record

    def each(self, items: Sequence[Item], named: Callable[[Item], str]) -> Iterator[Item]:
        """The items for which there is time."""
        for number, item in enumerate(items):
            if time.monotonic() > self._end:
                self._record.left_out.append(f"{len(items) - number} of {len(items)}, from {named(item)} on")
                return
            yield item


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write cuda.md and cuda.json."""
    options = arguments(given)
    cupy = device()
    if options.check:
        return
    options.output.mkdir(parents=True, exist_ok=True)
    record = GpuRecord(about(cupy))
    libraries = tuple(options.libraries.split(","))
    found = columns(libraries, record.absent.append)
    every = tasks(Sizes(blocks=options.blocks))
    chosen = [t for t in every if not options.only or any(part in t.name for part in options.only)]
    clocked, contest = Clocked(options.budget, record), Contest(found)
    record.copy = copy_bandwidth(cupy, 4_000_000 * options.blocks)
    for task in clocked.each(chosen, lambda task: task.name):
        record.steady += contest.run(task, say)
        cupy.get_default_memory_pool().free_all_blocks()
        if "torch" in sys.modules:
            sys.modules["torch"].cuda.empty_cache()
        record.write(options.output / "cuda.json")
    compiled = [name for library in libraries for name in NAMES[library] if name in first.COLUMNS and name in found]
    pairs = [(workload, column) for workload in first.COMPILED for column in compiled]
    for workload, column in clocked.each([] if options.no_compile_times else pairs, " ".join):
        record.first.append(first.first_call(column, workload, say))
    record.write(options.output / "cuda.json")
    text = markdown(record, every)
    (options.output / "cuda.md").write_text(text)
    print(text)
    print(f"written to {options.output}")


def say(text: str) -> None:
    """Tell what is going on."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
