"""Casts that do nothing, and the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from bitale_graph.dtypes import DTYPES, INEXACT, INTEGERS, limits
from bitale_graph.functions.apply import cast
from bitale_graph.ops.elementwise import CASTS, conjugate, imag, make_complex, real
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.pattern import ordered, wild
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule

x, y = wild("x"), wild("y")
o = ordered("o")


def holds(dtype: str, other: str) -> bool:
    """Whether every value of `other` is a value of `dtype` (np.can_cast says so of int64 and float64, wrongly)."""
    if other == "bool" or dtype == other:
        return True
    if other in INTEGERS:
        if dtype in INTEGERS:
            return np.can_cast(other, dtype)
        return dtype in INEXACT and np.iinfo(other).bits <= limits(dtype).nmant + 1
    return dtype in INEXACT and np.can_cast(other, dtype)


def _samples() -> Iterator[Variable]:
    for dtype, between, last in product(DTYPES, repeat=3):
        w = cast(cast(Variable(tensor_type(dtype, (None,)), name="v"), between), last)
        if dtype != between != last and holds(between, dtype) and (last == dtype or not _truncates(between, last)):
            yield w


@rewrites(*CASTS.values(), name="cast of a cast", having=tuple(CASTS.values()), samples=_samples)
def merge_casts(node: Apply) -> Replacement:
    """cast(cast(x)) -> cast(x), where the dtype between holds every value of x."""
    between = node.inputs[0]
    v, last = between.owner.inputs[0], node.outputs[0].dtype  # type: ignore[union-attr]
    if not holds(between.dtype, v.dtype) or (last != v.dtype and _truncates(between.dtype, last)):
        return None
    return cast(v, last)


def _truncates(dtype: str, to: str) -> bool:
    """Floats to integers: one out of range gives anything, where an integer out of range wraps."""
    return dtype in INEXACT and to in INTEGERS


CASTING: tuple[Rule, ...] = (
    merge_casts,
    rule(conjugate(conjugate(x)), x),
    rule(conjugate(o), o),
    rule(real(o), o),
    rule(imag(o), 0),
    rule(real(make_complex(x, y)), x),
    rule(imag(make_complex(x, y)), y),
)
