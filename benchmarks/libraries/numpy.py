"""NumPy: the expression as it stands, gradients by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.workload import Call, Names, Workload


def softmax(x: Any, axis: int) -> Any:
    result = x - x.max(axis=axis, keepdims=True)
    np.exp(result, out=result)
    result /= result.sum(axis=axis, keepdims=True)
    return result


def logsumexp(x: Any, axis: int) -> Any:
    largest = x.max(axis=axis, keepdims=True)
    shifted = x - largest
    np.exp(shifted, out=shifted)
    return np.log(shifted.sum(axis=axis)) + np.squeeze(largest, axis)


def scan(step: Any, carries: Any, xs: Any, length: int | None = None) -> Any:
    collected = []
    for t in range(len(xs) if length is None else length):
        carries, element = step(carries, None if xs is None else xs[t])
        collected.append(element)
    return carries, None if xs is None else np.stack(collected)


def while_loop(condition: Any, step: Any, carry: Any) -> Any:
    while condition(carry):
        carry = step(carry)
    return carry


NAMES = Names(np, softmax=softmax, logsumexp=logsumexp, scan=scan, while_loop=while_loop)


def start(threads: int) -> None:
    """OpenBLAS reads the number of threads from the environment."""


def call(workload: Workload, arrays: tuple[np.ndarray, ...]) -> Call:
    """The workload on these arrays, which a training step changes; the oracle uses it with float64 inputs."""
    function = workload.numpy or partial(workload.expression, NAMES)
    return Call(function, arrays, lambda: arrays[: workload.trained])


COLUMNS = {"numpy": lambda workload: call(workload, workload.arrays())}
