"""The meaning of contractions: products of matrices; those of 16 bits are added in float32."""

from __future__ import annotations

import numpy as np

from bitale_graph.dtypes import SHORT
from bitale_graph.ops.contraction import Contract
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

CONTRACTION: RuleTable[Rule] = RuleTable("NumPy reference")


@CONTRACTION.register(Contract)
def _contract(op: Contract, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Each operand is brought to (batch, own, summed) axes, so that one batched product of matrices does the work."""
    batch, summed = op.batch, op.summed
    rows = [label for label in op.left if label not in batch + summed]
    columns = [label for label in op.right if label not in batch + summed]
    lengths = dict(zip(op.left + op.right, left.shape + right.shape, strict=True))

    def matrices(array: np.ndarray, labels: str, *groups: object) -> np.ndarray:
        order = [label for group in groups for label in group]  # type: ignore[attr-defined]
        shape = [int(np.prod([lengths[label] for label in group])) for group in groups]  # type: ignore[attr-defined]
        wide = array.astype("float32") if array.dtype in SHORT else array
        return wide.transpose([labels.index(label) for label in order]).reshape(shape)

    product = np.matmul(matrices(left, op.left, batch, rows, summed), matrices(right, op.right, batch, summed, columns))
    order = [*batch, *rows, *columns]
    product = product.astype(left.dtype, copy=False)
    return product.reshape([lengths[label] for label in order]).transpose([order.index(label) for label in op.result])
