"""The meaning of reductions: the methods of NumPy's universal functions."""

from __future__ import annotations

import numpy as np

from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

REDUCTION: RuleTable[Rule] = RuleTable("NumPy reference")


@REDUCTION.register(Reduce)
def _reduce(op: Reduce, x: np.ndarray) -> np.ndarray:
    return getattr(np, op.function.name).reduce(x, axis=op.axes, dtype=x.dtype)


@REDUCTION.register(ArgReduce)
def _arg_reduce(op: ArgReduce, x: np.ndarray) -> np.ndarray:
    return (np.argmax if op.function.name == "maximum" else np.argmin)(x, axis=op.axis)


@REDUCTION.register(Cumulate)
def _cumulate(op: Cumulate, x: np.ndarray) -> np.ndarray:
    return getattr(np, op.function.name).accumulate(x, axis=op.axis, dtype=x.dtype)
