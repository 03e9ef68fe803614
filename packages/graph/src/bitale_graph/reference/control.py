"""The meaning of named sub-graphs, gradient barriers and run-time checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale_graph.errors import ArgumentError
from bitale_graph.ops.control import Check, Composite, StopGradient
from bitale_graph.reference.evaluate import Rule, evaluate
from bitale_graph.table import RuleTable

CONTROL: RuleTable[Rule] = RuleTable("NumPy reference")


@CONTROL.register(Composite)
def _composite(op: Composite, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(evaluate(op.body, arrays))


@CONTROL.register(StopGradient)
def _stop_gradient(op: StopGradient, x: np.ndarray) -> np.ndarray:
    return x


@CONTROL.register(Check)
def _check(op: Check, x: np.ndarray, condition: Any) -> np.ndarray:
    if not condition:
        raise ArgumentError(op.message)
    return x
