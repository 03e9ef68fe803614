"""The meaning of named sub-graphs, loops, branches, gradient barriers and run-time checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.errors import ShapeError, fill_in
from bitale_graph.ops.control import NO_STEPS, Branch, Check, Composite, Procedure, Scan, StopGradient
from bitale_graph.reference.evaluate import Rule, evaluate
from bitale_graph.shapes import shape_of
from bitale_graph.table import RuleTable

CONTROL: RuleTable[Rule] = RuleTable("NumPy reference")


@CONTROL.register(Composite, Procedure)
def _composite(op: Composite, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(evaluate(op.body, arrays))


@CONTROL.register(Scan)
def _scan(op: Scan, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    length, carried, sequences, fixed = op.split(arrays)
    if length < 0:
        raise ShapeError(f"{op.name}: {fill_in(NO_STEPS, [int(length)])}")
    order = range(int(length))
    collected: list[list[np.ndarray]] = [[] for _ in range(op.collected)]
    taken, going = 0, True
    for step in reversed(order) if op.reverse else order:
        if not going:
            break
        slices = [s[step] for s in sequences]
        results = evaluate(op.body, [np.asarray(step, "int64"), *carried, *slices, *fixed])
        _check_lengths(op, carried, results)
        carried = tuple(results[: op.carries])
        going = not op.conditional or bool(results[op.carries])
        for elements, element in zip(collected, results[op.carries + op.conditional :], strict=True):
            elements.append(element)
        taken += 1
    stacked = [
        np.stack(elements[::-1] if op.reverse else elements) if elements else _nothing(op, k, arrays)
        for k, elements in enumerate(collected)
    ]
    return (*carried, *([np.asarray(taken, "int64")] if op.conditional else []), *stacked)


def _check_lengths(op: Scan, old: tuple[np.ndarray, ...], new: list[np.ndarray]) -> None:
    for k, (a, b) in enumerate(zip(old, new, strict=False)):
        if a.shape != b.shape:
            name = op.body.inputs[1 + k].name or f"number {k}"
            raise ShapeError(f"{op}: the carried value {name} has shape {a.shape}, then {b.shape}; it must not change")


def _nothing(op: Scan, number: int, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    """What is collected in no steps: an empty array whose other lengths are those that a step would have given."""
    element = op.body.outputs[op.carries + op.conditional + number]
    _, carried, sequences, fixed = op.split(arrays)
    given = [np.asarray(0, "int64"), *carried, *(np.zeros(s.shape[1:], s.dtype) for s in sequences), *fixed]
    lengths = [n if isinstance(n, int) else evaluate(n, dict(zip(op.body.inputs, given, strict=True)))
               for n in shape_of(element)]  # fmt: skip
    return np.zeros((0, *map(int, lengths)), element.dtype)


@CONTROL.register(Branch)
def _branch(op: Branch, number: np.ndarray, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(evaluate(op.bodies[min(max(int(number), 0), len(op.bodies) - 1)], arrays))


@CONTROL.register(StopGradient)
def _stop_gradient(op: StopGradient, x: np.ndarray) -> np.ndarray:
    return x


@CONTROL.register(Check)
def _check(op: Check, x: np.ndarray, condition: Any, *values: Any) -> np.ndarray:
    if not condition:
        raise op.error(fill_in(op.message, values))
    return x
