"""Constant folding: what depends on constants only is computed once, by the NumPy reference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph import functions
from bitale_graph.errors import BitaleError
from bitale_graph.ops.control import Branch, Scan
from bitale_graph.ops.movement import Broadcast, Iota
from bitale_graph.reference import evaluate
from bitale_graph.variable import Apply, Constant, Op, Variable
from bitale_rewrite.rule import Replacement, rewrites

LARGEST = 1 << 16  # elements: larger results stay expressions, so that graphs and sources stay small


def _samples() -> Iterator[Variable]:
    yield functions.exp(Constant(np.asarray(1.5, "float32")))
    yield functions.add(Constant(np.arange(3)), Constant(np.ones((1,), "int64")))


@rewrites(Op, name="fold constants", samples=_samples)
def fold(node: Apply) -> Replacement:
    """f(constants) -> its value. An expression that fails is left alone: it fails when the function runs."""
    if (
        not node.inputs
        or not all(isinstance(v, Constant) for v in node.inputs)
        or isinstance(node.op, (Broadcast, Iota, Scan, Branch))
    ):
        return None
    if any(n is None for v in node.outputs for n in v.type.shape):
        largest = max(v.data.size for v in node.inputs)  # type: ignore[attr-defined]
    else:
        largest = max(int(np.prod(v.type.shape)) for v in node.outputs)  # type: ignore[arg-type]
    if largest > LARGEST:
        return None
    try:
        arrays = evaluate(list(node.outputs))
    except BitaleError:
        return None
    if any(_may_newly_stretch(v, array) for v, array in zip(node.outputs, arrays)):
        return None
    return [Constant(array) for array in arrays]


def _may_newly_stretch(variable: Variable, array: np.ndarray) -> bool:
    """Whether an axis has length 1 that the type did not know: as a constant it would fit any length."""
    return any(n is None and m == 1 for n, m in zip(variable.type.shape, array.shape))
