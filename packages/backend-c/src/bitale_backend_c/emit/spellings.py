"""How C spells the elementwise functions: an operator, a function of libm, or a helper of ours (helpers.py).

A spelling uses each operand once, so that the text of nested expressions stays linear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bitale_backend_c.emit import single
from bitale_backend_c.emit.ctypes import C_TYPES, SUFFIXES, literal
from bitale_graph.dtypes import BOOL, COMPLEX, FLOATS, INTEGERS, SHORT, SIGNED
from bitale_graph.errors import MissingRule
from bitale_graph.ops import random
from bitale_graph.ops.elementwise import CASTS, Function

Spelling = Callable[..., str]  # (dtype, *operands) -> C text
SMALL = ("int8", "uint8", "int16", "uint16")  # C computes these in int: the result is cut back to size
WHOLE = (*BOOL, *INTEGERS)


def operator(symbol: str, for_bool: str | None = None) -> Spelling:
    """An infix operator, with another one for booleans."""

    def spell(dtype: str, a: str, b: str) -> str:
        text = f"({a} {for_bool if for_bool and dtype == 'bool' else symbol} {b})"
        return f"({C_TYPES[dtype]}){text}" if dtype in SMALL and symbol in "+-*&|^" else text

    return spell


def comparison(symbol: str) -> Spelling:
    """An infix comparison; complex numbers are ordered by our own functions."""
    def spell(dtype: str, a: str, b: str) -> str:
        if dtype in COMPLEX and symbol not in ("==", "!="):
            return helper({"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}[symbol])(dtype, a, b)
        return f"({a} {symbol} {b})"

    return spell


def libm(name: str) -> Spelling:
    """A function of math.h; of complex.h for complex numbers."""

    def spell(dtype: str, *operands: str) -> str:
        suffix = "f" if dtype in ("float32", "complex64") else ""
        return f"{'c' if dtype in COMPLEX else ''}{name}{suffix}({', '.join(operands)})"

    return spell


def helper(name: str) -> Spelling:
    """One of our own functions, which has a version per dtype."""
    return lambda dtype, *operands: f"bitale_{name}_{SUFFIXES[dtype]}({', '.join(operands)})"


def by_kind(
    floats: Spelling, whole: Spelling | None = None, complexes: Spelling | None = None, boolean: Spelling | None = None
) -> Spelling:
    """Different spellings for floats, integers, complex numbers and booleans (the integers' unless given)."""

    def spell(dtype: str, *operands: str) -> str:
        if dtype in FLOATS:
            return floats(dtype, *operands)
        chosen = (complexes or floats) if dtype in COMPLEX else (boolean or whole if dtype == "bool" else whole)
        return (chosen or floats)(dtype, *operands)

    return spell


def of_fixed_dtypes(name: str) -> Spelling:
    """One of our own functions, of which there is one version."""
    return lambda dtype, *operands: f"bitale_{name}({', '.join(operands)})"


def own_of_float32(name: str, others: Spelling) -> Spelling:
    """Our own function of float32, and the usual ones of other dtypes."""
    return lambda dtype, a: (helper(name) if dtype == "float32" else others)(dtype, a)


def same(dtype: str, a: str) -> str:
    """The operand itself."""
    return a


def constant(text: str) -> Spelling:
    """The same text whatever the operand."""
    return lambda dtype, a: text


def prefix(symbol: str) -> Spelling:
    """A prefix operator."""
    def spell(dtype: str, a: str) -> str:
        return f"({C_TYPES[dtype]})({symbol}{a})" if dtype in SMALL else f"({symbol}{a})"

    return spell


def _reciprocal(dtype: str, a: str) -> str:
    return f"({literal(1, dtype)} / {a})"


def _absolute_whole(dtype: str, a: str) -> str:
    return helper("absolute")(dtype, a) if dtype in SIGNED else a


def _modulus(dtype: str, a: str) -> str:
    """As cabs, of which there is no vector version."""
    f = "f" if dtype == "complex64" else ""
    return f"hypot{f}(creal{f}({a}), cimag{f}({a}))"


def _clip_bool(dtype: str, a: str, low: str, high: str) -> str:
    return f"(({a} || {low}) && {high})"


def _conjugate(dtype: str, a: str) -> str:
    return f"conj{'f' if dtype == 'complex64' else ''}({a})"


WITH_COMPLEX_HELPER = ("exp2", "expm1", "log2", "log10", "log1p")
LIBM_NAMES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "gammaln": "lgamma",
}  # fmt: skip
LIBM = (
    *("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh"),
    *("arccosh", "arctanh", "cbrt", "hypot", "arctan2", "erf", "erfc", "gammaln", "copysign"),
)

SPELLINGS: dict[str, Spelling] = {
    "add": operator("+", "||"), "subtract": operator("-", "!="),
    "multiply": by_kind(operator("*"), operator("*", "&&"), helper("multiply")),
    "true_divide": by_kind(operator("/"), complexes=helper("true_divide")),
    "floor_divide": helper("floor_divide"), "remainder": helper("remainder"),
    "fmod": by_kind(libm("fmod"), helper("fmod")), "power": by_kind(libm("pow"), helper("power"), helper("power")),
    "negative": prefix("-"), "absolute": by_kind(libm("fabs"), _absolute_whole, _modulus),
    "sign": by_kind(helper("sign"), helper("sign")),
    "reciprocal": by_kind(_reciprocal, helper("reciprocal"), helper("reciprocal")),
    "square": helper("square"), "maximum": by_kind(helper("maximum"), helper("maximum"), boolean=operator("||")),
    "minimum": by_kind(helper("minimum"), helper("minimum"), boolean=operator("&&")),
    "fmax": by_kind(libm("fmax"), helper("maximum"), helper("fmax"), operator("||")),
    "fmin": by_kind(libm("fmin"), helper("minimum"), helper("fmin"), operator("&&")),
    "clip": by_kind(helper("clip"), helper("clip"), boolean=_clip_bool), "gcd": helper("gcd"), "lcm": helper("lcm"),
    "less": comparison("<"), "less_equal": comparison("<="), "greater": comparison(">"),
    "greater_equal": comparison(">="), "equal": comparison("=="), "not_equal": comparison("!="),
    "logical_and": operator("&&"), "logical_or": operator("||"), "logical_xor": operator("!="),
    "logical_not": prefix("!"), "where": lambda dtype, c, a, b: f"({c} ? {a} : {b})",
    "isnan": by_kind(lambda dtype, a: f"isnan({a})", constant("0"), helper("isnan")),
    "isinf": by_kind(lambda dtype, a: f"(isinf({a}) != 0)", constant("0"), helper("isinf")),
    "isfinite": by_kind(lambda dtype, a: f"isfinite({a})", constant("1"), helper("isfinite")),
    "signbit": by_kind(lambda dtype, a: f"(signbit({a}) != 0)", lambda dtype, a: f"({a} < 0)"),
    "bitwise_and": operator("&"), "bitwise_or": operator("|"), "bitwise_xor": operator("^"),
    "invert": lambda dtype, a: prefix("!" if dtype == "bool" else "~")(dtype, a),
    "left_shift": helper("left_shift"), "right_shift": helper("right_shift"),
    "logaddexp": helper("logaddexp"), "log1mexp": helper("log1mexp"), "softplus": helper("softplus"),
    "sigmoid": helper("sigmoid"), "digamma": helper("digamma"), "ndtri": helper("ndtri"),
    "real": by_kind(same, same, libm("real")), "imag": by_kind(constant("0"), constant("0"), libm("imag")),
    "angle": by_kind(helper("angle"), helper("angle"), libm("arg")), "make_complex": helper("make_complex"),
    "identity": same, "conjugate": by_kind(same, same, _conjugate),
}  # fmt: skip
SPELLINGS |= {name: by_kind(libm(name), same) for name in ("floor", "ceil", "trunc")}
SPELLINGS["nextafter"] = lambda dtype, a, b: (helper if dtype in SHORT else libm)("nextafter")(dtype, a, b)
SPELLINGS["rint"] = by_kind(libm("rint"), same, helper("rint"))
SPELLINGS |= {name: libm(LIBM_NAMES.get(name, name)) for name in LIBM}
SPELLINGS |= {name: by_kind(libm(name), complexes=helper(name)) for name in WITH_COMPLEX_HELPER}
SPELLINGS |= {name: own_of_float32(name, SPELLINGS[name]) for name in single.NAMES}
SPELLINGS |= {function.name: of_fixed_dtypes(function.name) for function in random.ROWS}
CAST = {f"cast_{dtype}": dtype for dtype in CASTS}
# NumPy's numbers that do not fit wrap, as these conversions do; C leaves open what a direct one gives.
THROUGH = dict.fromkeys(SMALL, "int32_t") | {"uint32": "int64_t"}
EXACT = ("where", "identity", "nextafter")  # no arithmetic: numbers of 16 bits are not widened for it
SIGN = {"negative": "(uint16_t)({} ^ 0x8000)", "signbit": "({} >> 15)"}  # of bfloat16, by its bits
# How float32 is made of 16 bits, and they of it.
WIDENED = {"float16": "(float){}", "bfloat16": "bitale_widen_bf16({})"}
NARROWED = {"float16": "(_Float16){}", "bfloat16": "bitale_narrow_bf16({})"}


def spell(function: Function, dtypes: Sequence[str], operands: Sequence[str]) -> str:
    """The C expression of `function` of operands of these dtypes. Numbers of 16 bits are computed in float and rounded.

    Raises MissingRule for a function that C has no spelling of.
    """
    dtype = dtypes[-1]
    target = CAST.get(function.name)
    if target is not None:
        return _cast(target, dtype, operands[0])
    rule = SPELLINGS.get(function.name)
    if rule is None:
        raise MissingRule(f"no C spelling for `{function.name}`. Give it an expansion in other functions.")
    if dtype == "bfloat16" and function.name in SIGN:
        return SIGN[function.name].format(*operands)
    if dtype in SHORT and function.name not in EXACT:
        text = rule("float32", *map(WIDENED[dtype].format, operands))
        return text if function.resolve(tuple(dtypes))[1] == "bool" else NARROWED[dtype].format(text)
    if {*dtypes} == {"int64", "uint64"}:
        return _compare_mixed(function.name, dtypes, operands)
    return rule(dtype, *operands)


def _compare_mixed(name: str, dtypes: Sequence[str], operands: Sequence[str]) -> str:
    """int64 with uint64: NumPy compares the numbers, C would convert the negative one."""
    order = f"bitale_order_{SUFFIXES[dtypes[0]]}{SUFFIXES[dtypes[1]]}({operands[0]}, {operands[1]})"
    return SPELLINGS[name]("int32", order, "0")


def _cast(target: str, source: str, a: str) -> str:
    if source == "bfloat16":
        return _cast(target, "float32", WIDENED[source].format(a))
    if target == "bfloat16":
        return NARROWED[target].format(_cast("float32", source, a))
    if target == "bool":
        return f"({a} != 0)"
    if source in COMPLEX and target not in COMPLEX:
        a = f"creal{'f' if source == 'complex64' else ''}({a})"
    if source in (*FLOATS, *COMPLEX) and target in THROUGH:
        a = f"({THROUGH[target]}){a}"
    if source in (*FLOATS, *COMPLEX) and target == "uint64":
        return f"bitale_cast_u64({a})"
    return f"(({C_TYPES[target]}){a})"
