"""Elementwise functions: rows of one table, applied by one op class.

A `Function` is a name, an arity and a dtype rule. Its dtypes follow the NumPy function of the same kind
(`like`): the operand dtypes NumPy would compute in, and the dtype of its result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from bitale_graph.dtypes import COMPLEX, DTYPES, INEXACT, SHORT, complex_dtype, numpys, real_dtype, result_type
from bitale_graph.errors import DtypeError, GraphError, ShapeError
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op

Dtypes = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Function:
    """An elementwise function; calling it on variables, arrays and Python scalars builds the graph.

    `resolve` maps operand dtypes (Python's int, float, complex stand for weak scalars) to the dtypes the
    operands are cast to and the dtype of the result. `commutative` and `associative` hold up to rounding.
    `identity` e satisfies f(x, e) = x. `increasing` marks monotone functions of one argument.
    """

    name: str
    arity: int
    resolve: Callable[[tuple[Any, ...]], tuple[Dtypes, str]]
    commutative: bool = False
    associative: bool = False
    identity: float | None = None
    increasing: bool = False

    def __call__(self, *operands: Any) -> Any:
        from bitale_graph.functions.apply import apply_function

        return apply_function(self, operands)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _by_name, (self.name,)


def _by_name(name: str) -> Function:
    if name not in FUNCTIONS:
        raise GraphError(f"no elementwise function is named {name}; import the module that makes it, then load")
    return FUNCTIONS[name]


FUNCTIONS: dict[str, Function] = {}


def _row(
    name: str, arity: int, resolve: Callable[[tuple[Any, ...]], tuple[Dtypes, str]], **properties: Any
) -> Function:
    FUNCTIONS[name] = function = Function(name, arity, resolve, **properties)
    return function


def follow(ufunc: np.ufunc) -> Callable[[tuple[Any, ...]], tuple[Dtypes, str]]:
    """The dtype rule of a NumPy ufunc (its first result), weak Python scalars included."""

    @cache
    def resolve(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
        given, called = numpys(operands)
        found = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout))
        names = [called.get(d.name, d.name) for d in found]
        return tuple(names[: ufunc.nin]), names[ufunc.nin]

    return resolve


def _where(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    _, then, otherwise = operands
    dtype = result_type(then, otherwise)
    return ("bool", dtype, dtype), dtype


def _clip(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    dtype = result_type(*operands)
    return (dtype, dtype, dtype), dtype


def _same(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    dtype = result_type(*operands)
    return (dtype,), dtype


def _real_part(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    dtype = result_type(*operands)
    return (dtype,), real_dtype(dtype)


def _angle(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    dtype = result_type(*operands)
    if dtype not in INEXACT:
        dtype = np.arctan2.resolve_dtypes((int, np.dtype(dtype), None))[2].name
    return (dtype,), real_dtype(dtype)


def _to(dtype: str) -> Callable[[tuple[Any, ...]], tuple[Dtypes, str]]:
    return lambda operands: ((result_type(*operands),), dtype)


def _make_complex(operands: tuple[Any, ...]) -> tuple[Dtypes, str]:
    dtype = result_type(*operands)
    if dtype in COMPLEX:
        raise TypeError("make_complex takes two real arrays")
    part = "float32" if dtype in (*SHORT, "float32") else "float64"
    return (part, part), complex_dtype(part)


# arithmetic
add = _row("add", 2, follow(np.add), commutative=True, associative=True, identity=0)
subtract = _row("subtract", 2, follow(np.subtract))
multiply = _row("multiply", 2, follow(np.multiply), commutative=True, associative=True, identity=1)
true_divide = _row("true_divide", 2, follow(np.true_divide))
floor_divide = _row("floor_divide", 2, follow(np.floor_divide))  # towards minus infinity; x // 0 is 0 for integers
remainder = _row("remainder", 2, follow(np.remainder))  # sign of the divisor; x % 0 is 0 for integers
fmod = _row("fmod", 2, follow(np.fmod))  # sign of the dividend
power = _row("power", 2, follow(np.power))
negative = _row("negative", 1, follow(np.negative))
absolute = _row("absolute", 1, follow(np.absolute))
sign = _row("sign", 1, follow(np.sign))
reciprocal = _row("reciprocal", 1, follow(np.reciprocal))
square = _row("square", 1, follow(np.square))
sqrt = _row("sqrt", 1, follow(np.sqrt), increasing=True)
cbrt = _row("cbrt", 1, follow(np.cbrt), increasing=True)
hypot = _row("hypot", 2, follow(np.hypot), commutative=True)
maximum = _row("maximum", 2, follow(np.maximum), commutative=True, associative=True)  # NaN if either is
minimum = _row("minimum", 2, follow(np.minimum), commutative=True, associative=True)
fmax = _row("fmax", 2, follow(np.fmax), commutative=True, associative=True)  # the other one if either is NaN
fmin = _row("fmin", 2, follow(np.fmin), commutative=True, associative=True)
clip = _row("clip", 3, _clip)  # minimum(maximum(x, low), high)
copysign = _row("copysign", 2, follow(np.copysign))
nextafter = _row("nextafter", 2, follow(np.nextafter))
gcd = _row("gcd", 2, follow(np.gcd), commutative=True, associative=True)
lcm = _row("lcm", 2, follow(np.lcm), commutative=True, associative=True)

# comparison and logic
equal = _row("equal", 2, follow(np.equal), commutative=True)
not_equal = _row("not_equal", 2, follow(np.not_equal), commutative=True)
less = _row("less", 2, follow(np.less))
less_equal = _row("less_equal", 2, follow(np.less_equal))
greater = _row("greater", 2, follow(np.greater))
greater_equal = _row("greater_equal", 2, follow(np.greater_equal))
COMPARISONS = (equal, not_equal, less, less_equal, greater, greater_equal)
logical_and = _row("logical_and", 2, lambda operands: (("bool", "bool"), "bool"), commutative=True, associative=True)
logical_or = _row("logical_or", 2, lambda operands: (("bool", "bool"), "bool"), commutative=True, associative=True)
logical_xor = _row("logical_xor", 2, lambda operands: (("bool", "bool"), "bool"), commutative=True, associative=True)
logical_not = _row("logical_not", 1, lambda operands: (("bool",), "bool"))
where = _row("where", 3, _where)  # where(condition, x, y)
isnan = _row("isnan", 1, follow(np.isnan))
isinf = _row("isinf", 1, follow(np.isinf))
isfinite = _row("isfinite", 1, follow(np.isfinite))
signbit = _row("signbit", 1, follow(np.signbit))

# bits
bitwise_and = _row("bitwise_and", 2, follow(np.bitwise_and), commutative=True, associative=True)
bitwise_or = _row("bitwise_or", 2, follow(np.bitwise_or), commutative=True, associative=True)
bitwise_xor = _row("bitwise_xor", 2, follow(np.bitwise_xor), commutative=True, associative=True)
invert = _row("invert", 1, follow(np.invert))
left_shift = _row("left_shift", 2, follow(np.left_shift))
right_shift = _row("right_shift", 2, follow(np.right_shift))

# rounding
floor = _row("floor", 1, follow(np.floor), increasing=True)
ceil = _row("ceil", 1, follow(np.ceil), increasing=True)
trunc = _row("trunc", 1, follow(np.trunc), increasing=True)
rint = _row("rint", 1, follow(np.rint), increasing=True)  # half to even

# exponentials and logarithms
exp = _row("exp", 1, follow(np.exp), increasing=True)
exp2 = _row("exp2", 1, follow(np.exp2), increasing=True)
expm1 = _row("expm1", 1, follow(np.expm1), increasing=True)  # exp(x) - 1, exact near 0
log = _row("log", 1, follow(np.log), increasing=True)
log2 = _row("log2", 1, follow(np.log2), increasing=True)
log10 = _row("log10", 1, follow(np.log10), increasing=True)
log1p = _row("log1p", 1, follow(np.log1p), increasing=True)  # log(1 + x), exact near 0
logaddexp = _row("logaddexp", 2, follow(np.logaddexp), commutative=True)  # log(exp(x) + exp(y))
log1mexp = _row("log1mexp", 1, follow(np.cbrt))  # log(1 - exp(x)) for x <= 0
softplus = _row("softplus", 1, follow(np.cbrt), increasing=True)  # log(1 + exp(x))
sigmoid = _row("sigmoid", 1, follow(np.cbrt), increasing=True)  # 1 / (1 + exp(-x))

# trigonometric and hyperbolic
sin = _row("sin", 1, follow(np.sin))
cos = _row("cos", 1, follow(np.cos))
tan = _row("tan", 1, follow(np.tan))
arcsin = _row("arcsin", 1, follow(np.arcsin), increasing=True)
arccos = _row("arccos", 1, follow(np.arccos))
arctan = _row("arctan", 1, follow(np.arctan), increasing=True)
arctan2 = _row("arctan2", 2, follow(np.arctan2))
sinh = _row("sinh", 1, follow(np.sinh), increasing=True)
cosh = _row("cosh", 1, follow(np.cosh))
tanh = _row("tanh", 1, follow(np.tanh), increasing=True)
arcsinh = _row("arcsinh", 1, follow(np.arcsinh), increasing=True)
arccosh = _row("arccosh", 1, follow(np.arccosh), increasing=True)
arctanh = _row("arctanh", 1, follow(np.arctanh), increasing=True)

# special functions of C99's libm
erf = _row("erf", 1, follow(np.cbrt), increasing=True)
erfc = _row("erfc", 1, follow(np.cbrt))
gammaln = _row("gammaln", 1, follow(np.cbrt))  # log |gamma(x)|
digamma = _row("digamma", 1, follow(np.cbrt))  # derivative of gammaln
ndtri = _row("ndtri", 1, follow(np.cbrt), increasing=True)  # the quantile of the standard normal distribution

# complex
real = _row("real", 1, _real_part)
imag = _row("imag", 1, _real_part)
conjugate = _row("conjugate", 1, follow(np.conjugate))
angle = _row("angle", 1, _angle)
make_complex = _row("make_complex", 2, _make_complex)  # x + 1j * y

CASTS: dict[str, Function] = {dtype: _row(f"cast_{dtype}", 1, _to(dtype)) for dtype in DTYPES}
identity = _row("identity", 1, _same)  # x itself: a copy, or a place to hang a name on


@dataclass(frozen=True)
class Elementwise(Op):
    """`function` applied element by element.

    Operands have the dtypes the function computes in; they are scalars (rank 0) or all of one rank. An axis
    stretches only where its length is statically 1: an unknown length never does.
    """

    function: Function

    @property
    def name(self) -> str:
        return self.function.name

    def __str__(self) -> str:
        return self.function.name

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return (_infer(self.function, inputs),)


@lru_cache(maxsize=65536)
def _infer(function: Function, inputs: tuple[TensorType, ...]) -> TensorType:
    if len(inputs) != function.arity:
        raise ShapeError(f"{function.name} takes {function.arity} arguments, not {len(inputs)}")
    given = tuple(t.dtype for t in inputs)
    wanted, result = function.resolve(given)
    if wanted != given:
        raise DtypeError(f"{function.name} computes in {wanted}, not in {given}: cast the operands")
    ranks = {t.ndim for t in inputs if t.ndim}
    if len(ranks) > 1:
        raise ShapeError(f"{function.name}: operands of ranks {sorted(ranks)}; expand them to one rank")
    lengths = zip(*[t.shape for t in inputs if t.ndim], strict=True)
    return tensor_type(result, tuple(joint_length(function.name, axis, ns) for axis, ns in enumerate(lengths)))


def joint_length(what: str, axis: int, lengths: tuple[int | None, ...]) -> int | None:
    """The length of an axis whose operands have `lengths`; 1 stretches. Raises ShapeError on a clash."""
    fixed = {n for n in lengths if n is not None and n != 1}
    if len(fixed) > 1:
        raise ShapeError(f"{what}: lengths {sorted(fixed)} on axis {axis} differ")
    if fixed:
        return fixed.pop()
    return None if None in lengths else 1
