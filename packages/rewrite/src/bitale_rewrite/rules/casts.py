"""Casts that do nothing, and the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bitale_graph.dtypes import DTYPES, INEXACT, INTEGERS
from bitale_graph.functions.apply import cast
from bitale_graph.ops.elementwise import CASTS, conjugate, imag, make_complex, real
from bitale_graph.types import tensor_type
from bitale_graph.variable import Apply, Variable
from bitale_rewrite.pattern import head, ordered, wild
from bitale_rewrite.rule import Replacement, Rule, rewrites, rule

IS_CAST = frozenset(CASTS.values())
x, y = wild("x"), wild("y")
o = ordered("o")


def holds(dtype: str, other: str) -> bool:
    """Whether every value of `other` is a value of `dtype` (np.can_cast says so of int64 and float64, wrongly)."""
    if other == "bool" or dtype == other:
        return True
    if other in INTEGERS:
        if dtype in INTEGERS:
            return np.can_cast(other, dtype)
        return dtype in INEXACT and np.iinfo(other).bits <= np.finfo(dtype).nmant + 1
    return dtype in INEXACT and np.can_cast(other, dtype)


def _samples() -> Iterator[Variable]:
    for dtype in DTYPES:
        v = Variable(tensor_type(dtype, (None,)), name="v")
        for between in DTYPES:
            for last in DTYPES:
                w = cast(cast(v, between), last)
                if head(w) in IS_CAST and head(w.owner.inputs[0]) in IS_CAST:
                    yield w


@rewrites(*CASTS.values(), name="cast of a cast", having=tuple(CASTS.values()), samples=_samples)
def merge_casts(node: Apply) -> Replacement:
    """cast(cast(x)) -> cast(x), where the dtype between holds every value of x."""
    between = node.inputs[0]
    v, last = between.owner.inputs[0], node.outputs[0].dtype  # type: ignore[union-attr]
    if not holds(between.dtype, v.dtype):
        return None
    if between.dtype in INEXACT and last in INTEGERS and last != v.dtype:
        return None  # an integer out of range wraps, a float out of range gives anything
    return cast(v, last)


CASTING: tuple[Rule, ...] = (
    merge_casts,
    rule(conjugate(conjugate(x)), x),
    rule(conjugate(o), o),
    rule(real(o), o),
    rule(imag(o), 0),
    rule(real(make_complex(x, y)), x),
    rule(imag(make_complex(x, y)), y),
)
