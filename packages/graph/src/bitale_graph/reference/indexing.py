"""The meaning of indexing by arrays: NumPy's, with the indexed axes moved to the front."""

from __future__ import annotations

import numpy as np

from bitale_graph.ops.indexing import Gather, Nonzero, Scatter
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

INDEXING: RuleTable[Rule] = RuleTable("NumPy reference")


def _indexed_first(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.moveaxis(x, axes, range(len(axes)))


@INDEXING.register(Gather)
def _gather(op: Gather, x: np.ndarray, *indices: np.ndarray) -> np.ndarray:
    return _indexed_first(x, op.axes)[indices]


@INDEXING.register(Scatter)
def _scatter(op: Scatter, x: np.ndarray, updates: np.ndarray, *indices: np.ndarray) -> np.ndarray:
    result = x.copy()
    places = _indexed_first(result, op.axes)
    if op.function is None:
        places[indices] = updates
    else:
        getattr(np, op.function.name).at(places, indices, updates)
    return result


@INDEXING.register(Nonzero)
def _nonzero(op: Nonzero, x: np.ndarray) -> tuple[np.ndarray, ...]:
    return np.nonzero(x)
