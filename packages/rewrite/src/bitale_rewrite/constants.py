"""Seeing constants: the one value that a variable's elements all have, where that is known."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np

from bitale_graph.dtypes import SHORT
from bitale_graph.ops.movement import Broadcast, ExpandDims, Reshape, Slice, Squeeze, Transpose
from bitale_graph.variable import Constant, Variable

MOVED = (Broadcast, ExpandDims, Reshape, Slice, Squeeze, Transpose)
_filled: WeakKeyDictionary[Constant, Constant] = WeakKeyDictionary()
_mixed: WeakKeyDictionary[Constant, bool] = WeakKeyDictionary()


def uniform(x: Variable) -> Constant | None:
    """The scalar constant that every element of `x` equals (a constant, filled or moved), or None.

    Lengths that are not known are not looked through: dropping them would drop the check that they fit.
    """
    while x.owner is not None:
        if type(x.owner.op) not in MOVED or not x.type.is_static:
            return None
        x = x.owner.inputs[0]
    if not isinstance(x, Constant):
        return None
    return x if x.ndim == 0 else _element(x)


def _element(x: Constant) -> Constant | None:
    if x in _filled:
        return _filled[x]
    if x in _mixed or not _is_filled(x.data):
        _mixed[x] = True
        return None
    return _filled.setdefault(x, Constant(x.data.flat[0], None, x.origin))


def _is_filled(data: np.ndarray) -> bool:
    """Whether all elements have the same bits (so +0 and -0 differ, and a NaN equals itself)."""
    if data.size == 0:
        return False
    rows = np.ascontiguousarray(data).view(np.uint8).reshape(data.size, data.itemsize)
    return bool((rows[0] == rows[-1]).all() and (rows == rows[0]).all())


def finite_factor(x: Variable) -> Constant | None:
    """The scalar constant that every element of `x` equals, if it is neither 0 nor infinite nor NaN."""
    value = uniform(x)
    return value if value is not None and np.isfinite(value.data) and value.data != 0 else None


def value_of(constant: Variable) -> bool | int | float | complex:
    """The value of a scalar constant as a Python scalar."""
    assert isinstance(constant, Constant)
    return constant.data.item()


def is_value(constant: Constant, literal: bool | int | float | complex) -> bool:
    """Whether a scalar constant is what `literal` becomes in its dtype; the sign of a zero counts."""
    value = constant.data.item()
    if value == literal:
        return value != 0 or isinstance(value, complex) or math.copysign(1, value) == math.copysign(1, literal)  # type: ignore[arg-type]
    return constant.dtype in (*SHORT, "float32") and isinstance(literal, float) and _rounded(constant, literal)


def _rounded(constant: Constant, literal: float) -> bool:
    with np.errstate(over="ignore"):
        return bool(constant.data == constant.data.dtype.type(literal)) and math.isfinite(literal)


def same(x: Variable, y: Variable) -> bool:
    """Whether two variables are one, or constants of the same dtype and bits."""
    if x is y:
        return True
    if not isinstance(x, Constant) or not isinstance(y, Constant) or x.type is not y.type:
        return False
    return x.data.tobytes() == y.data.tobytes()
