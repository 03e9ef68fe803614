"""What may be the new value of a shared variable."""

from __future__ import annotations

from typing import Any

from bitale.replace import like
from bitale.shared import SharedVariable
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.functions import specify_shape
from bitale_graph.variable import Variable


def new_value(target: SharedVariable, value: Any) -> Variable:
    """The update of a shared variable, which must have its dtype and rank, and its lengths where these are fixed."""
    new = like(target, value)
    if new.dtype != target.dtype:
        raise DtypeError(
            explain(
                f"the update of {target} has dtype {new.dtype}, the shared variable {target.dtype}",
                [target, new],
                f"Cast it: new_value.astype({target.dtype!r}).",
            )
        )
    if new.ndim != target.ndim:
        raise ShapeError(
            explain(
                f"the update of {target} has {new.ndim} axes, the shared variable {target.ndim}",
                [target, new],
                "Reshape it, or reduce with keepdims=True.",
            )
        )
    if any(n is not None and m is not None and n != m for n, m in zip(target.type.shape, new.type.shape, strict=True)):
        raise ShapeError(explain(f"the update of {target} has another shape than it", [target, new]))
    return specify_shape(new, target.type.shape)
