"""Shapes of cotangents and tangents: the one place where broadcasting is undone."""

from __future__ import annotations

import numpy as np

from bitale_graph.dtypes import COMPLEX
from bitale_graph.functions import cast
from bitale_graph.ops.elementwise import add, conjugate, real
from bitale_graph.ops.movement import ExpandDims
from bitale_graph.ops.reduction import Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sized import broadcast
from bitale_graph.variable import Constant, Variable


def unbroadcast(g: Variable, x: Variable) -> Variable:
    """`g`, a cotangent of what x was stretched to, summed over the stretched axes: a cotangent of x.

    A scalar stretches along every axis; an array of the same rank where its length is statically 1.
    """
    if x.ndim == 0:
        return Reduce(add, tuple(range(g.ndim)))(g) if g.ndim else g
    lengths = zip(x.type.shape, g.type.shape, strict=True)
    axes = tuple(axis for axis, (n, m) in enumerate(lengths) if n == 1 and m != 1)
    return ExpandDims(axes)(Reduce(add, axes)(g)) if axes else g


def stretch(t: Variable, z: Variable) -> Variable:
    """`t`, a tangent of an operand of z, with the shape of z."""
    if t.ndim == z.ndim and all(n != 1 or m == 1 for n, m in zip(t.type.shape, z.type.shape, strict=True)):
        return t
    return broadcast(t, shape_of(z))


def full_like(x: Variable, value: float, dtype: str | None = None) -> Variable:
    """An array of the shape of x filled with `value`."""
    return broadcast(Constant(np.asarray(value, dtype or x.dtype)), shape_of(x))


def zeros_like(x: Variable) -> Variable:
    """An array of zeros of the shape and dtype of x."""
    return full_like(x, 0)


def of_dtype(v: Variable, dtype: str) -> Variable:
    """v in `dtype`; of a complex number its real part where `dtype` is real."""
    if v.dtype == dtype:
        return v
    return cast(real(v) if v.dtype in COMPLEX and dtype not in COMPLEX else v, dtype)


def conj(v: Variable) -> Variable:
    """The complex conjugate; a real v itself."""
    return conjugate(v) if v.dtype in COMPLEX else v
