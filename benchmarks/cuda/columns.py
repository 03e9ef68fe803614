"""How each library is given a workload on the GPU: its arrays are there before, and its calls do not wait.

Products of float32 keep their digits in every library: TF32 is off, or turned off.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.workload import Call, Names, Workload

Clock = Callable[[Callable[[], Any]], float]


@dataclass(frozen=True)
class Column:
    """`build` makes the call of a workload, or None; `host` fetches a result; `clock` tells the seconds of work."""

    build: Callable[[Workload], Call | None]
    host: Callable[[Any], np.ndarray]
    clock: Clock


def event_clock(new_event: Callable[[], Any], milliseconds: Callable[[Any, Any], float]) -> Clock:
    """Between two events of the device on the current stream."""

    def seconds(work: Callable[[], Any]) -> float:
        start, stop = new_event(), new_event()
        start.record()
        work()
        stop.record()
        stop.synchronize()
        return milliseconds(start, stop) / 1e3

    return seconds


def wall_clock(wait: Callable[[Any], Any]) -> Clock:
    """Until the last result is there, for a library that does not give its stream away."""

    def seconds(work: Callable[[], Any]) -> float:
        start = time.perf_counter()
        wait(work())
        return time.perf_counter() - start

    return seconds


# ---- the libraries ---------------------------------------------------------------------------------------------------


def bitale() -> dict[str, Column]:
    import cupy

    from benchmarks.libraries import bitale as library

    clock = event_clock(cupy.cuda.Event, cupy.cuda.get_elapsed_time)
    return {"bitale": Column(partial(library.build, mode="cuda", place=cupy.asarray), cupy.asnumpy, clock)}


def cupy() -> dict[str, Column]:
    """Expressions as they stand; training steps of perceptrons as NumPy has them by hand."""
    module = importlib.import_module("cupy")
    from benchmarks.libraries import numpy as library

    names = Names(module, softmax=library.softmax, logsumexp=library.logsumexp, scan=scan_of(module),
                  while_loop=library.while_loop)  # fmt: skip

    def build(workload: Workload) -> Call | None:
        arrays = tuple(module.asarray(array) for array in workload.arrays())
        if workload.kind == "evaluate":
            return Call(partial(workload.expression, names), arrays)
        if workload.kind == "train" and workload.stem == "mlp_train":
            return library.call(workload, arrays)  # NumPy's functions of CuPy's arrays are CuPy's
        return None

    return {"cupy": Column(build, module.asnumpy, event_clock(module.cuda.Event, module.cuda.get_elapsed_time))}


def scan_of(module: Any) -> Callable[..., Any]:
    def scan(step: Any, carries: Any, xs: Any, length: int | None = None) -> Any:
        collected = []
        for t in range(len(xs) if length is None else length):
            carries, element = step(carries, None if xs is None else xs[t])
            collected.append(element)
        return carries, None if xs is None else module.stack(collected)

    return scan


def jax() -> dict[str, Column]:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the other libraries need memory, too
    module = importlib.import_module("jax")
    from benchmarks.libraries import jax as library

    library.start(1)
    module.config.update("jax_default_matmul_precision", "highest")
    if module.default_backend() == "cpu":
        raise RuntimeError("it finds no GPU")

    def build(workload: Workload) -> Call:
        arrays = workload.arrays()
        placed = tuple(map(module.numpy.array, arrays))
        if workload.kind == "train":
            return library.training(workload, arrays, placed[workload.parameters :], wait=lambda parameters: None)
        return Call(module.jit(library.forward(workload)), placed)

    return {"jax": Column(build, np.asarray, wall_clock(module.block_until_ready))}


def torch() -> dict[str, Column]:
    module = importlib.import_module("torch")
    from benchmarks.libraries import torch as library

    if not module.cuda.is_available():
        raise RuntimeError("it finds no GPU")
    module.backends.cuda.matmul.allow_tf32 = module.backends.cudnn.allow_tf32 = False
    clock = event_clock(partial(module.cuda.Event, enable_timing=True), lambda start, stop: start.elapsed_time(stop))

    def place(array: np.ndarray) -> Any:
        return module.from_numpy(array).cuda()

    def host(value: Any) -> np.ndarray:
        found: np.ndarray = value.detach().cpu().numpy()
        return found

    def column(compiled: bool, mode: str | None = None) -> Column:
        return Column(partial(library.build, compiled, place=place, mode=mode), host, clock)

    return {
        "torch": column(False),
        "torch-compile": column(True),
        "torch-graphs": column(True, "reduce-overhead"),
    }


LIBRARIES = {"bitale": bitale, "cupy": cupy, "jax": jax, "torch": torch}
NAMES = {"bitale": ("bitale",), "cupy": ("cupy",), "jax": ("jax",),
         "torch": ("torch", "torch-compile", "torch-graphs")}  # fmt: skip


def columns(libraries: tuple[str, ...], said: Callable[[str], None]) -> dict[str, Column]:
    """Those of the libraries that are installed and find the GPU; `said` is told of the others."""
    found: dict[str, Column] = {}
    for name in libraries:
        try:
            found |= LIBRARIES[name]()
        except Exception as error:
            said(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
    return found
