"""The value that an accumulation starts from: f(identity, x) = x."""

from __future__ import annotations

import numpy as np

from bitale_graph.dtypes import FLOATS
from bitale_graph.ops.elementwise import Function
from bitale_graph.reference.reduction import extreme
from bitale_rewrite.loops.ir import Literal

PLAIN = {"add": 0, "multiply": 1, "logical_or": False, "logical_and": True, "logical_xor": False, "bitwise_or": 0,
         "bitwise_xor": 0, "bitwise_and": -1}


def start_of(function: Function, dtype: str, running: bool) -> Literal:
    """What a scalar total starts from; running sums from -0.0, so that those of -0.0 stay it, as NumPy's do."""
    if running and function.name == "add" and dtype in FLOATS:
        return Literal(-0.0, dtype)
    return identity_of(function, dtype)


def identity_of(function: Function, dtype: str) -> Literal:
    """The identity of an associative function in `dtype`: -inf (or the smallest integer) for maximum, and so on."""
    if function.name in ("maximum", "minimum"):
        return Literal(extreme(np.dtype(dtype), largest=function.name == "minimum"), dtype)
    number = PLAIN[function.name]
    if number == -1 and dtype.startswith("u"):
        return Literal(int(np.iinfo(dtype).max), dtype)
    return Literal(bool(number) if dtype == "bool" else number, dtype)
