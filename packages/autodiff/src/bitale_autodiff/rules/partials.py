"""PARTIALS: the derivatives of the elementwise functions, one line each, written once for both modes.

A row has one rule per operand. `rule(g, z, *operands)` is g times the partial derivative of z = f(*operands), in g's
place: it is linear in g and never multiplies by what it means to leave out. None stands for a derivative that is 0.

Complex numbers. The cotangent of z = x + iy is ∂cost/∂x + i ∂cost/∂y, so that z - rate * grad descends. With it the
pullback of any real-linear map t -> real(a t) or t -> a t is g -> conj(a conj(g)), so a row serves both modes here
too; a map that is its own adjoint but is not of that form stands in SELF_ADJOINT.

At corners: maximum and minimum share g evenly among equal operands; absolute and sign give 0 at 0, clip gives g at its
bounds; x**0 gives 0, and x**y gives 0 to y at x = 0; hypot gives 0 at the origin, and so does sqrt of a sum of squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from bitale_autodiff.rules.special import trigamma
from bitale_autodiff.rules.squares import is_sum_of_squares
from bitale_autodiff.shaping import conj
from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import ArgumentError, MissingRule
from bitale_graph.ops import elementwise as row
from bitale_graph.ops import random
from bitale_graph.ops.elementwise import (
    absolute,
    conjugate,
    copysign,
    cos,
    cosh,
    equal,
    exp,
    expm1,
    floor_divide,
    greater,
    greater_equal,
    isnan,
    less,
    less_equal,
    log,
    power,
    real,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    trunc,
    where,
)
from bitale_graph.table import RuleTable
from bitale_graph.variable import Constant, Variable

V = Variable
Partial = Callable[..., "Variable | None"]


def same(g: V, z: V, *operands: V) -> V:
    """The derivative is 1."""
    return g


def zero(g: V, z: V, *operands: V) -> None:
    """The derivative is 0 wherever there is one: a step function, or an operand that only chooses."""


def _shared(g: V, chosen: V, x: V, y: V) -> V:
    """g where x is chosen over y, half of it where they are equal."""
    return where(chosen, where(equal(x, y), g * 0.5, g), 0)


def _power_base(g: V, z: V, x: V, y: V) -> V | None:
    if isinstance(y, Constant) and y.ndim == 0:
        exponent = y.data[()]
        if exponent == 0:
            return None
        if exponent == 1:
            return g
        return g * (y * (x if exponent == 2 else power(x, Constant(np.asarray(exponent - 1, y.dtype)))))
    return where(equal(x, 0) & equal(y, 0), 0, g * (y * power(x, y - 1)))


def _power_exponent(g: V, z: V, x: V, y: V) -> V:
    return where(equal(x, 0), 0, g * (z * log(x)))


def _sqrt(g: V, z: V, x: V) -> V:
    return where(equal(z, 0), 0, g / (2 * z)) if is_sum_of_squares(x) else g / (2 * z)


def _absolute(g: V, z: V, x: V) -> V:
    return g * conj(sign(x))


def _sign(g: V, z: V, x: V) -> V | None:
    if x.dtype not in COMPLEX:
        return None
    tangential = g - z * real(conjugate(z) * g)
    return where(equal(x, 0), 0, tangential / absolute(x))


def _angle(g: V, z: V, x: V) -> V | None:
    return g * (-1j / x) if x.dtype in COMPLEX else None


def _imag(g: V, z: V, x: V) -> V | None:
    return -1j * g if x.dtype in COMPLEX else None


def _undefined(g: V, z: V, log_z: V, a: V) -> V:
    raise MissingRule("the derivative of a gamma draw by its shape cannot be differentiated again")


def _weight(x: V, y: V, z: V) -> V:
    """The share of exp(x) in exp(x) + exp(y), of which z is the logarithm; 0 where that is minus infinity."""
    return where(equal(z, -math.inf), 0, sigmoid(x - y))


STEPS = (
    row.floor, row.ceil, row.trunc, row.rint, row.floor_divide, row.gcd, row.lcm, row.equal, row.not_equal,
    row.less, row.less_equal, row.greater, row.greater_equal, row.logical_and, row.logical_or, row.logical_xor,
    row.logical_not, row.isnan, row.isinf, row.isfinite, row.signbit, row.bitwise_and, row.bitwise_or,
    row.bitwise_xor, row.invert, row.left_shift, row.right_shift,
)  # fmt: skip

# fmt: off
PARTIALS: RuleTable[tuple[Partial, ...]] = RuleTable("partial derivatives", {
    # arithmetic
    row.add: (same, same),
    row.subtract: (same, lambda g, z, x, y: -g),
    row.multiply: (lambda g, z, x, y: g * y, lambda g, z, x, y: g * x),
    row.true_divide: (lambda g, z, x, y: g / y, lambda g, z, x, y: -(g * (z / y))),
    row.remainder: (same, lambda g, z, x, y: -(g * floor_divide(x, y))),
    row.fmod: (same, lambda g, z, x, y: -(g * trunc(x / y))),
    row.power: (_power_base, _power_exponent),
    row.negative: (lambda g, z, x: -g,),
    row.absolute: (_absolute,),
    row.sign: (_sign,),
    row.reciprocal: (lambda g, z, x: -(g * z * z),),
    row.square: (lambda g, z, x: g * (2 * x),),
    row.sqrt: (_sqrt,),
    row.cbrt: (lambda g, z, x: g / (3 * z * z),),
    row.hypot: (lambda g, z, x, y: where(equal(z, 0), 0, g * (x / z)),
                lambda g, z, x, y: where(equal(z, 0), 0, g * (y / z))),
    row.maximum: (lambda g, z, x, y: _shared(g, greater_equal(x, y), x, y),
                  lambda g, z, x, y: _shared(g, greater_equal(y, x), x, y)),
    row.minimum: (lambda g, z, x, y: _shared(g, less_equal(x, y), x, y),
                  lambda g, z, x, y: _shared(g, less_equal(y, x), x, y)),
    row.fmax: (lambda g, z, x, y: _shared(g, greater_equal(x, y) | isnan(y), x, y),
               lambda g, z, x, y: _shared(g, greater_equal(y, x) | isnan(x), x, y)),
    row.fmin: (lambda g, z, x, y: _shared(g, less_equal(x, y) | isnan(y), x, y),
               lambda g, z, x, y: _shared(g, less_equal(y, x) | isnan(x), x, y)),
    row.clip: (lambda g, z, x, low, high: where(less_equal(low, x) & less_equal(x, high), g, 0),
               lambda g, z, x, low, high: where(less(x, low) & less_equal(low, high), g, 0),
               lambda g, z, x, low, high: where(greater(x, high) | greater(low, high), g, 0)),
    row.copysign: (lambda g, z, x, y: g * (sign(x) * copysign(1.0, y)), zero),
    row.nextafter: (same, zero),
    row.identity: (same,),
    row.where: (zero, lambda g, z, c, x, y: where(c, g, 0), lambda g, z, c, x, y: where(c, 0, g)),

    # exponentials and logarithms
    row.exp: (lambda g, z, x: g * z,),
    row.exp2: (lambda g, z, x: g * (z * math.log(2)),),
    row.expm1: (lambda g, z, x: g * (z + 1),),
    row.log: (lambda g, z, x: g / x,),
    row.log2: (lambda g, z, x: g / (x * math.log(2)),),
    row.log10: (lambda g, z, x: g / (x * math.log(10)),),
    row.log1p: (lambda g, z, x: g / (1 + x),),
    row.logaddexp: (lambda g, z, x, y: g * _weight(x, y, z), lambda g, z, x, y: g * _weight(y, x, z)),
    row.log1mexp: (lambda g, z, x: -(g / expm1(-x)),),
    row.softplus: (lambda g, z, x: g * sigmoid(x),),
    row.sigmoid: (lambda g, z, x: g * (z * (1 - z)),),

    # trigonometric and hyperbolic
    row.sin: (lambda g, z, x: g * cos(x),),
    row.cos: (lambda g, z, x: -(g * sin(x)),),
    row.tan: (lambda g, z, x: g * (1 + z * z),),
    row.arcsin: (lambda g, z, x: g / sqrt((1 - x) * (1 + x)),),
    row.arccos: (lambda g, z, x: -(g / sqrt((1 - x) * (1 + x))),),
    row.arctan: (lambda g, z, x: g / (1 + x * x),),
    row.arctan2: (lambda g, z, y, x: g * (x / (x * x + y * y)), lambda g, z, y, x: -(g * (y / (x * x + y * y)))),
    row.sinh: (lambda g, z, x: g * cosh(x),),
    row.cosh: (lambda g, z, x: g * sinh(x),),
    row.tanh: (lambda g, z, x: g * (1 - z * z),),
    row.arcsinh: (lambda g, z, x: g / sqrt(x * x + 1),),
    row.arccosh: (lambda g, z, x: g / (sqrt(x - 1) * sqrt(x + 1)),),
    row.arctanh: (lambda g, z, x: g / ((1 - x) * (1 + x)),),

    # special functions
    row.erf: (lambda g, z, x: g * (2 / math.sqrt(math.pi) * exp(-(x * x))),),
    row.erfc: (lambda g, z, x: g * (-2 / math.sqrt(math.pi) * exp(-(x * x))),),
    row.gammaln: (lambda g, z, x: g * row.digamma(x),),
    row.digamma: (lambda g, z, x: g * trigamma(x),),
    random.log_gamma_variate: (zero, zero, zero, lambda g, z, k, s, i, a: g * random.log_gamma_slope(z, a)),
    random.log_gamma_slope: (_undefined, _undefined),
    row.ndtri: (lambda g, z, x: g * (math.sqrt(2 * math.pi) * exp(0.5 * (z * z))),),

    # complex
    row.real: (same,),
    row.imag: (_imag,),
    row.conjugate: (lambda g, z, x: conj(g),),
    row.angle: (_angle,),
    row.make_complex: (same, lambda g, z, x, y: 1j * g),

    **dict.fromkeys(row.CASTS.values(), (same,)),
    **{step: (zero,) * step.arity for step in STEPS},
}, advice="Add a row: one rule (g, z, *operands) -> g times the derivative for each operand.")
# fmt: on

# Real-linear maps of complex numbers that are their own adjoints.
SELF_ADJOINT = frozenset({row.conjugate, row.sign})


def add_partials(function: row.Function, *rules: Partial) -> None:
    """Say how to differentiate an elementwise function of yours: one rule per operand.

    `rule(g, z, *operands)` is g times the partial derivative of z = function(*operands), as an expression; None stands
    for 0. Raises ArgumentError when the number of rules is not that of operands, ValueError when there is a row.
    """
    if len(rules) != function.arity:
        raise ArgumentError(f"add_partials: {function} has {function.arity} operands; {len(rules)} rules are given")
    PARTIALS.add(function, rules)
