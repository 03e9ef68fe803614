"""Shared variables: arrays that live between calls, read by functions and changed by their updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from bitale.config import config
from bitale_graph.dtypes import as_dtype, is_weak
from bitale_graph.errors import DtypeError, ShapeError, explain
from bitale_graph.types import tensor_type
from bitale_graph.variable import Variable


class SharedVariable(Variable):
    """A variable with a value. `cell` is a list that holds the one array; functions read it at every call."""

    __slots__ = ("cell",)

    def __init__(self, value: np.ndarray, name: str | None, shape: tuple[int | None, ...]) -> None:
        super().__init__(tensor_type(value.dtype.name, shape), None, 0, name)
        self.cell = [value]

    def __reduce__(self) -> tuple[Any, ...]:
        return SharedVariable, (self.cell[0], self.name, self.type.shape)

    def __str__(self) -> str:
        return f"`{self.name}`" if self.name else "a shared variable"

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The value; with `borrow` the array itself, which later updates may change in place."""
        return self.cell[0] if borrow else self.cell[0].copy()

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the value. With `borrow` a fitting array is kept without copying it.

        Raises DtypeError when `value` would lose information in this dtype, ShapeError when its shape does not fit.
        """
        array = np.asarray(value)
        if not (np.can_cast(array.dtype, self.dtype, "same_kind") or is_weak(value)):
            raise DtypeError(
                explain(f"cannot set a value of dtype {array.dtype}", [self], f"Convert it: .astype({self.dtype!r}).")
            )
        wanted = self.type.shape
        if array.ndim != len(wanted) or any(n is not None and n != m for n, m in zip(wanted, array.shape)):
            raise ShapeError(explain(f"cannot set a value of shape {array.shape}", [self]))
        self.cell[0] = _own(array, self.dtype, borrow)


def _own(array: np.ndarray, dtype: str, borrow: bool) -> np.ndarray:
    fitting = np.require(array, dtype, requirements=("C", "A", "W"))
    return fitting if borrow or fitting is not array else array.copy()


def shared(
    value: Any,
    name: str | None = None,
    borrow: bool = False,
    dtype: object = None,
    shape: tuple[int | None, ...] | None = None,
) -> SharedVariable:
    """A shared variable with a first value. Its dtype is the value's; `shape` fixes lengths that updates must
    keep (none by default)."""
    array = np.asarray(value, None if dtype is None else as_dtype(dtype))
    as_dtype(array.dtype)
    if isinstance(value, float) and dtype is None:
        array = array.astype(config.floatX)
    lengths = (None,) * array.ndim if shape is None else tuple(shape)
    return SharedVariable(_own(array, array.dtype.name, borrow), name, lengths)
