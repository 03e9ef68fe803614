"""Elementwise functions beyond the rows of the table: second names, and short expressions of rows."""

from __future__ import annotations

import math
from typing import Any

import bitale_graph.functions as functions
from bitale_graph.dtypes import COMPLEX, FLOATS, INEXACT, INTEGERS, limits
from bitale_graph.errors import ArgumentError, DtypeError, explain
from bitale_graph.functions.apply import as_variable, cast, promote
from bitale_graph.ops import elementwise as rows
from bitale_graph.variable import Variable

# isort: off
# fmt: off
from bitale_graph.ops.elementwise import (
    absolute, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, bitwise_and, bitwise_or,
    bitwise_xor, conjugate, digamma, equal, exp, floor_divide, greater, greater_equal, hypot, imag, invert,
    isfinite, isnan, left_shift, less, less_equal, log, log1p, make_complex, maximum, minimum, multiply, negative,
    not_equal, real, reciprocal, remainder, right_shift, rint, sigmoid, sign, sin, softplus, square, subtract,
    true_divide, trunc,
)
# fmt: on
# isort: on

# NumPy's second names
abs = absolute
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
bitwise_invert = bitwise_not = invert
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift
conj, divide, fix, mod = conjugate, true_divide, trunc, remainder

# Theano's names
sub, mul, true_div, int_div, floor_div = subtract, multiply, true_divide, floor_divide, floor_divide
neg, sgn, sqr, inv = negative, sign, square, reciprocal
eq, neq, lt, le, gt, ge = equal, not_equal, less, less_equal, greater, greater_equal
and_, or_, xor = bitwise_and, bitwise_or, bitwise_xor
psi, expit, log1pexp = digamma, sigmoid, softplus


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`x` where the condition holds, else `y`. With the condition alone: nonzero(condition)."""
    if x is None and y is None:
        return functions.nonzero(condition)
    if x is None or y is None:
        raise ArgumentError("where takes either the condition alone, or both x and y")
    return rows.where(condition, x, y)


switch = where


def power(x: Any, y: Any) -> Any:
    """x to the power y. Raises ArgumentError for integers to the power of a negative Python integer."""
    if type(y) is int and y < 0 and (type(x) is int or getattr(x, "dtype", None) in (*INTEGERS, "bool")):
        advice = f"cast it to a float or write {float(y)}"
        raise ArgumentError(f"power: an integer to the power {y} is no integer; {advice}")
    return rows.power(x, y)


pow = power


def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """x with values below `min` or above `max` replaced by them; a bound that is None does not bind."""
    if min is None and max is None:
        return positive(x)
    if min is None:
        return minimum(x, max)
    return maximum(x, min) if max is None else rows.clip(x, min, max)


def positive(x: Any) -> Variable:
    """+x: x itself."""
    return as_variable(x)


def divmod(x: Any, y: Any) -> tuple[Variable, Variable]:
    """The pair floor_divide(x, y), remainder(x, y)."""
    return floor_divide(x, y), remainder(x, y)


def fabs(x: Any) -> Variable:
    """|x| of a real x as a floating number."""
    return absolute(as_inexact(x, "fabs", FLOATS))


def float_power(x: Any, y: Any) -> Variable:
    """x to the power y computed in float64, or complex128 where an operand is complex."""
    x, y = as_variable(x), as_variable(y)
    dtype = "complex128" if {x.dtype, y.dtype} & set(COMPLEX) else "float64"
    return rows.power(cast(x, dtype), cast(y, dtype))


def round(x: Any, decimals: int = 0) -> Variable:
    """x rounded to a number of decimals, halves to the even neighbour; integers keep their dtype."""
    x = as_variable(x)
    if x.dtype in COMPLEX:
        return make_complex(round(real(x), decimals), round(imag(x), decimals))
    if x.dtype in INTEGERS:
        return x if decimals >= 0 else cast(rint(x / 10.0**-decimals) * 10.0**-decimals, x.dtype)
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** max(decimals, -decimals)
    return rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale


around = round


def deg2rad(x: Any) -> Variable:
    """Degrees as radians."""
    return as_inexact(x, "deg2rad", FLOATS) * (math.pi / 180)


def rad2deg(x: Any) -> Variable:
    """Radians as degrees."""
    return as_inexact(x, "rad2deg", FLOATS) * (180 / math.pi)


radians, degrees = deg2rad, rad2deg


def heaviside(x: Any, middle: Any) -> Variable:
    """0 where x < 0, `middle` where x is 0, 1 where x > 0, NaN where x is NaN."""
    x, middle = promote(hypot, [_ordered(x, "heaviside"), middle])
    return where(isnan(x), x, where(equal(x, 0), middle, cast(greater(x, 0), x.dtype)))


def sinc(x: Any) -> Variable:
    """sin(pi x) / (pi x), 1 at 0."""
    scaled = math.pi * as_variable(x)
    at_zero = equal(scaled, 0)
    return where(at_zero, 1, sin(scaled) / where(at_zero, 1, scaled))


def logit(x: Any) -> Variable:
    """log(x / (1 - x)), the inverse of sigmoid."""
    x = as_inexact(x, "logit", FLOATS)
    return log(x) - log1p(-x)


def xlogy(x: Any, y: Any) -> Variable:
    """x log(y), and 0 where x is 0 unless y is NaN."""
    return _product_with_log(x, y, log, 0.0)


def xlog1py(x: Any, y: Any) -> Variable:
    """x log(1 + y), and 0 where x is 0 unless y is NaN."""
    return _product_with_log(x, y, log1p, -1.0)


def _product_with_log(x: Any, y: Any, logarithm: Any, pole: float) -> Variable:
    """Masked only where the logarithm is not finite: elsewhere it is the derivative at x = 0."""
    x, y = as_variable(x), as_inexact(y, "xlogy", FLOATS)
    not_finite = less_equal(y, pole) | equal(y, math.inf)
    return where(equal(x, 0) & not_finite, 0, x * logarithm(y))


def isposinf(x: Any) -> Variable:
    """Whether x is plus infinity."""
    return equal(_ordered(x, "isposinf"), math.inf)


def isneginf(x: Any) -> Variable:
    """Whether x is minus infinity."""
    return equal(_ordered(x, "isneginf"), -math.inf)


def iscomplex(x: Any) -> Variable:
    """Whether the imaginary part is not 0."""
    return not_equal(imag(x), 0)


def isreal(x: Any) -> Variable:
    """Whether the imaginary part is 0."""
    return equal(imag(x), 0)


def isclose(x: Any, y: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Variable:
    """Whether |x - y| <= atol + rtol |y|; infinities are close to themselves, NaNs if `equal_nan`."""
    x, y = as_variable(x), as_inexact(y, "isclose", INEXACT)
    close = (less_equal(absolute(x - y), atol + rtol * absolute(y)) & isfinite(y)) | equal(x, y)
    return close | (isnan(x) & isnan(y)) if equal_nan else close


def allclose(x: Any, y: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Variable:
    """Whether all elements are close: all(isclose(...)), a boolean scalar."""
    return functions.all(isclose(x, y, rtol, atol, equal_nan))


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Variable:
    """x with NaN and infinities replaced, infinities by the largest numbers of the dtype unless given."""
    x = as_variable(x)
    if x.dtype in COMPLEX:
        return make_complex(nan_to_num(real(x), nan, posinf, neginf), nan_to_num(imag(x), nan, posinf, neginf))
    if x.dtype not in FLOATS:
        return x
    largest = float(limits(x.dtype).max)
    finite = where(isnan(x), cast(nan, x.dtype), x)
    finite = where(isposinf(x), cast(largest if posinf is None else posinf, x.dtype), finite)
    return where(isneginf(x), cast(-largest if neginf is None else neginf, x.dtype), finite)


def as_inexact(x: Any, name: str, allowed: tuple[str, ...]) -> Variable:
    """x in the floating (or complex) dtype that NumPy computes a transcendental function of it in.

    Raises DtypeError when that is not among `allowed`; `name` is the function to name in the message.
    """
    x = as_variable(x)
    (dtype,), _ = exp.resolve((x.dtype,))
    if dtype not in allowed:
        raise DtypeError(explain(f"{name} is not defined for {x.dtype}", [x], "Take real(x) or absolute(x)."))
    return cast(x, dtype)


def _ordered(x: Any, name: str) -> Variable:
    x = as_variable(x)
    if x.dtype in COMPLEX:
        raise DtypeError(explain(f"{name} is not defined for {x.dtype}", [x], "Take real(x) or imag(x)."))
    return x
