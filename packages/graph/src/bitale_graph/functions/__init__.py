"""Building graphs: NumPy's functions for variables (see NumPy's documentation for shapes and dtypes)."""

# A list of exports, packed to be read at a glance.
# ruff: noqa: F401
# isort: off
# fmt: off
from bitale_graph.functions.apply import as_variable, cast
from bitale_graph.functions.activation import (
    elu, gelu, hard_sigmoid, leaky_relu, relu, selu, silu, softsign,
)
from bitale_graph.functions.elementwise import (
    abs, acos, acosh, allclose, and_, around, asin, asinh, atan, atan2, atanh, bitwise_invert,
    bitwise_left_shift, bitwise_not, bitwise_right_shift, clip, conj, deg2rad, degrees, divide,
    divmod, eq, expit, fabs, fix, float_power, floor_div, ge, gt, heaviside, int_div, inv, isclose,
    iscomplex, isneginf, isposinf, isreal, le, log1pexp, logit, lt, mod, mul, nan_to_num, neg, neq,
    or_, positive, pow, power, psi, rad2deg, radians, round, sgn, sinc, sqr, sub, switch, true_div,
    where, xlog1py, xlogy, xor,
)
from bitale_graph.ops.elementwise import (
    absolute, add, angle, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, bitwise_and,
    bitwise_or, bitwise_xor, cbrt, ceil, conjugate, copysign, cos, cosh, digamma, equal, erf, erfc,
    exp, exp2, expm1, floor, floor_divide, fmax, fmin, fmod, gammaln, gcd, greater, greater_equal,
    hypot, imag, invert, isfinite, isinf, isnan, lcm, left_shift, less, less_equal, log, log10,
    log1mexp, log1p, log2, logaddexp, logical_and, logical_not, logical_or, logical_xor,
    make_complex, maximum, minimum, multiply, negative, nextafter, not_equal, real, reciprocal,
    remainder, right_shift, rint, sigmoid, sign, signbit, sin, sinh, softplus, sqrt, square,
    subtract, tan, tanh, true_divide, trunc,
)
