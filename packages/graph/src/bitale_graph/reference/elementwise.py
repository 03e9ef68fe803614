"""The meaning of each elementwise function: the NumPy function of its name, or a formula."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import numpy as np

from bitale_graph.dtypes import BFLOAT16, SHORT, convert
from bitale_graph.errors import ArgumentError
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.elementwise import CASTS, FUNCTIONS, Elementwise, Function
from bitale_graph.reference.evaluate import Rule
from bitale_graph.table import RuleTable

Formula = Callable[..., np.ndarray]

# NumPy computes these in the dtypes of the operands, special values and integer overflow included.
NUMPY_NAMES = """
    add subtract multiply true_divide floor_divide remainder fmod negative absolute sign reciprocal square
    sqrt cbrt hypot maximum minimum fmax fmin copysign gcd lcm
    equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not where
    isnan isinf isfinite signbit
    bitwise_and bitwise_or bitwise_xor invert left_shift right_shift
    floor ceil trunc rint
    exp exp2 expm1 log log2 log10 log1p logaddexp
    sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh
    real imag conjugate angle
"""


def in_single(formula: Formula) -> Formula:
    """`formula` with bfloat16 computed in float32 and rounded, as NumPy's own functions compute float16."""

    @wraps(formula)
    def computed(*arrays: np.ndarray) -> np.ndarray:
        if all(a.dtype != BFLOAT16 for a in arrays):
            return formula(*arrays)
        result = formula(*(a.astype("float32") if a.dtype == BFLOAT16 else a for a in arrays))
        return result.astype(BFLOAT16) if result.dtype == "float32" else result

    return computed


FORMULAS: RuleTable[Formula] = RuleTable(
    "formula of an elementwise function",
    {FUNCTIONS[name]: in_single(getattr(np, name)) for name in NUMPY_NAMES.split()},
)
FORMULAS.add(row.nextafter, np.nextafter)  # among the numbers of 16 bits
ELEMENTWISE: RuleTable[Rule] = RuleTable("NumPy reference")


@ELEMENTWISE.register(Elementwise)
def _elementwise(op: Elementwise, *arrays: np.ndarray) -> np.ndarray:
    return FORMULAS[op.function](*arrays)


def _formula(function: Function) -> Callable[[Formula], Formula]:
    """Register a formula; operands of 16 bits are widened to float32 for it, and the result is narrowed."""

    def decorate(formula: Formula) -> Formula:
        @wraps(formula)
        def widened(x: np.ndarray) -> np.ndarray:
            return formula(x.astype("float32")).astype(x.dtype) if x.dtype in SHORT else formula(x)

        FORMULAS.add(function, widened)
        return formula

    return decorate


@FORMULAS.register(row.power)
@in_single
def _power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "i" and np.any(y < 0):
        raise ArgumentError(
            "power: an integer to a negative power is no integer; cast one of them to a float"
        )
    return np.power(x, y)


@FORMULAS.register(row.clip)
@in_single
def _clip(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(x, low), high)


@_formula(row.log1mexp)
def _log1mexp(x: np.ndarray) -> np.ndarray:
    """Mächler, Accurately computing log(1 - exp(-|a|)), 2012: each form where it loses no digits."""
    return np.where(x > -np.log(2.0), np.log(-np.expm1(x)), np.log1p(-np.exp(x)))


@_formula(row.softplus)
def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, x.dtype.type(0))


@_formula(row.sigmoid)
def _sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


@_formula(row.erf)
def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return erf(x)


@_formula(row.erfc)
def _erfc(x: np.ndarray) -> np.ndarray:
    from scipy.special import erfc

    return erfc(x)


@_formula(row.gammaln)
def _gammaln(x: np.ndarray) -> np.ndarray:
    from scipy.special import gammaln

    return np.where(np.isinf(x), x.dtype.type(np.inf), gammaln(x))


@_formula(row.digamma)
def _digamma(x: np.ndarray) -> np.ndarray:
    from scipy.special import digamma

    return digamma(x)


@_formula(row.ndtri)
def _ndtri(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return ndtri(x)


@FORMULAS.register(row.make_complex)
def _make_complex(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Not x + 1j * y, in which an infinite part makes the other one NaN."""
    result = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x.dtype, "complex64"))
    result.real, result.imag = x, y
    return result


def _same(x: Any) -> Any:
    return x


FORMULAS.add(row.identity, _same)
for _name, _function in CASTS.items():
    FORMULAS.add(_function, partial(convert, dtype=_name))
