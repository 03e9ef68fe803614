"""Graphs of thousands of nodes: seconds of each stage from the expression to a library, and how they grow.

`python -m benchmarks.large_graphs` prints the table alone; `hatch run bench:cpu` prints it after the others. Times are
those of the processor, which other programs disturb least.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environment import variables

SIZES = (1_000, 10_000)
TIMEOUT = 600.0
STAGES = ("import", "build", "gradient", "optimise", "lower", "emit", "compile")

Made = tuple[list[Any], Any, list[Any]]  # inputs, a result, what to differentiate it by


def chain(bt: Any, nodes: int) -> Made:
    """Elementwise operations, each of the one before."""
    x = y = bt.vector("x")
    steps = (bt.tanh, lambda v: v * 1.01, lambda v: v + x, bt.sin, lambda v: v - 0.5)
    for k in range(nodes):
        y = steps[k % len(steps)](y)
    return [x], y, []


def wide_sum(bt: Any, nodes: int) -> Made:
    """A sum of thousands of terms."""
    xs = [bt.vector(f"x{k}") for k in range(20)]
    y = xs[0]
    for k in range(nodes // 4):
        y = y + bt.exp(xs[k % 20] * float(k + 1)) * xs[(k + 1) % 20]
    return xs, y, []


def recurrent(bt: Any, nodes: int) -> Made:
    """A recurrent network unrolled, with its gradient."""
    x, h, w, u, b = bt.tensor3("x"), bt.matrix("h"), bt.matrix("w"), bt.matrix("u"), bt.vector("b")
    start = h
    for k in range(nodes // 22):
        h = bt.tanh(h @ w + x[k] @ u + b)
    return [x, start, w, u, b], (h**2).sum(), [w, u, b]


def hierarchical(bt: Any, nodes: int) -> Made:
    """The log-density of many small groups, with its gradient."""
    q, y = bt.vector("q"), bt.matrix("y")
    total: Any = 0.0
    for k in range(nodes // 56):
        z = (y[k] - q[k]) * bt.exp(-q[k + 1])
        total = total - 0.5 * (z * z).sum() - 4.0 * q[k + 1]
    return [q, y], total, [q]


KINDS: dict[str, Callable[[Any, int], Made]] = {
    "chain": chain, "wide sum": wide_sum, "recurrent + gradient": recurrent, "hierarchical + gradient": hierarchical,
}  # fmt: skip


@dataclass(frozen=True)
class LargeGraph:
    """Seconds of each stage (the import has NumPy's in it), and the compiler's largest memory in megabytes."""

    kind: str
    nodes: int
    seconds: dict[str, float]
    memory: float

    @property
    def to_source(self) -> float:
        """From the graph to C text."""
        return sum(self.seconds[stage] for stage in ("optimise", "lower", "emit"))


def measure(kind: str, size: int) -> LargeGraph:
    """In a fresh process, with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.large_graphs", kind, str(size)]
        environment = variables(1, Path(folder)) | {"BITALE_CACHE": folder}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return LargeGraph(**json.loads(done.stdout.splitlines()[-1]))


def main(kind: str, size: int) -> None:
    """Prints the measurement of one graph as a line of JSON."""
    start = time.process_time()
    import bitale
    import bitale.tensor as bt

    seconds = {"import": time.process_time() - start}
    from bitale_backend_c.build import build
    from bitale_backend_c.compile import ready
    from bitale_backend_c.emit import emit
    from bitale_backend_c.emit.names import reserved
    from bitale_rewrite.loops.lower import lower

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        gc.collect()
        start = time.process_time() + children().ru_utime
        result = work()
        seconds[stage] = time.process_time() + children().ru_utime - start
        return result

    inputs, result, wrt = timed("build", lambda: KINDS[kind](bt, size))
    gradients = timed("gradient", lambda: bitale.grad(result, wrt) if wrt else [])
    graph = bitale.Graph(inputs, [result, *gradients])
    optimised = timed("optimise", lambda: ready(graph))
    program = timed("lower", lambda: lower(optimised, reserved=reserved))
    source = timed("emit", lambda: emit(program))
    timed("compile", lambda: build(source))
    memory = children().ru_maxrss / 1024
    print(json.dumps({"kind": kind, "nodes": len(graph.nodes), "seconds": seconds, "memory": memory}))


def children() -> resource.struct_rusage:
    """What the processes started here have used: the compiler."""
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def rows(results: Sequence[LargeGraph]) -> Iterator[list[str]]:
    """The cells of the table; growth is that of the time per node."""
    first: dict[str, LargeGraph] = {}
    for one in results:
        start = first.setdefault(one.kind, one)
        growth = (one.to_source / one.nodes) / (start.to_source / start.nodes)
        stages = [f"{one.seconds[stage]:.2f}" for stage in STAGES]
        yield [one.kind, f"{one.nodes:,}", *stages, f"{one.to_source:.2f}", f"{growth:.2f}", f"{one.memory:.0f}"]


HEADS = ["graph", "nodes", *STAGES, "graph → C text", "its growth per node", "compiler's MB"]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1], int(sys.argv[2]))
    else:
        print(" | ".join(HEADS))
        for row in rows([measure(kind, size) for kind in KINDS for size in SIZES]):
            print(" | ".join(row))
