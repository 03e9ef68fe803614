"""Bitale: symbolic variables in, one compiled function out."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import bitale as bt
import bitale.tensor as T
from benchmarks.workload import LEARNING_RATE, Call, Names, Workload


def cross_entropy(logits: Any, labels: Any) -> Any:
    return -T.mean(T.log(T.softmax(logits, axis=1))[T.arange(labels.shape[0]), labels])


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    p = T.sigmoid(logits)
    return -T.mean(targets * T.log(p) + (1 - targets) * T.log(1 - p))


NAMES = Names(
    T,
    cross_entropy=cross_entropy,
    binary_cross_entropy=binary_cross_entropy,
    scan=bt.loop.scan,
    while_loop=bt.loop.while_loop,
)


def start(threads: int) -> None:
    bt.config.threads = threads
    if "BENCHMARKS_CACHE" in os.environ:
        bt.config.cache_dir = os.environ["BENCHMARKS_CACHE"] + "/bitale"


def build(workload: Workload, mode: str | None = None, place: Callable[[Any], Any] = lambda array: array) -> Call:
    """In a mode; `place` puts arguments where calls find them."""
    arrays = workload.arrays()
    kept = workload.trained
    variables = [
        bt.shared(array.copy(), name=name)
        if index < kept
        else T.tensor(name, dtype=str(array.dtype), shape=(None,) * array.ndim)
        for index, (name, array) in enumerate(zip(workload.argument_names, arrays))
    ]
    outputs, updates = workload.own.get("bitale", workload.expression)(NAMES, *variables), {}
    wrt = variables[: workload.parameters]
    if workload.kind == "value_and_gradient":
        outputs = (outputs, *bt.grad(outputs, wrt))
    elif workload.kind == "train":
        updates = {p: p - LEARNING_RATE * g for p, g in zip(wrt, bt.grad(outputs, wrt))}
    elif workload.kind == "hessian_vector_product":
        outputs = bt.hessian_vector_product(outputs, wrt[0], variables[-1])
    function = bt.function(variables[kept:], outputs, updates=updates, mode=mode, name=workload.stem)
    placed = [place(array) for array in arrays[kept:]]
    return Call(function, placed, lambda: [parameter.get_value() for parameter in variables[:kept]])


COLUMNS = {"bitale": build}
