"""The meaning of reductions: the methods of NumPy's universal functions, which gather bfloat16 in float32."""

from __future__ import annotations

import numpy as np

from bitale_graph.dtypes import BFLOAT16
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

REDUCTION: RuleTable[Rule] = RuleTable("NumPy reference")


@REDUCTION.register(Reduce)
def _reduce(op: Reduce, x: np.ndarray) -> np.ndarray:
    function = getattr(np, op.function.name)
    if op.of_none and not all(x.shape[axis] for axis in op.axes):
        shape = [n for axis, n in enumerate(x.shape) if axis not in op.axes]
        return np.full(shape, extreme(x.dtype, largest=op.function.name == "minimum"), x.dtype)
    wide = _wide(x)
    return np.asarray(function.reduce(wide, axis=op.axes, dtype=wide.dtype)).astype(x.dtype, copy=False)


def extreme(dtype: np.dtype, largest: bool) -> int | float | bool | complex:
    """The largest or smallest value of a dtype, infinities included."""
    if dtype.kind == "b":
        return largest
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).max if largest else np.iinfo(dtype).min)
    value = np.inf if largest else -np.inf
    return complex(value, value) if dtype.kind == "c" else value


@REDUCTION.register(ArgReduce)
def _arg_reduce(op: ArgReduce, x: np.ndarray) -> np.ndarray:
    return (np.argmax if op.function.name == "maximum" else np.argmin)(_wide(x), axis=op.axis)


@REDUCTION.register(Cumulate)
def _cumulate(op: Cumulate, x: np.ndarray) -> np.ndarray:
    wide = _wide(x)
    return getattr(np, op.function.name).accumulate(wide, axis=op.axis, dtype=wide.dtype).astype(x.dtype, copy=False)


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype("float32") if x.dtype == BFLOAT16 else x
