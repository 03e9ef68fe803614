"""How C spells the elementwise functions. A spelling gets the C texts of its operands and the dtype it computes in."""

from __future__ import annotations

from collections.abc import Callable

from bitale_backend_c.emit.ctypes import C_TYPES, literal
from bitale_graph.dtypes import COMPLEX, FLOATS
from bitale_graph.errors import MissingRule
from bitale_graph.ops.elementwise import CASTS, Function

Spelling = Callable[[str, str], str]


def _suffix(dtype: str) -> str:
    return "f" if dtype in ("float32", "float16", "complex64") else ""


def operator(symbol: str) -> Callable[..., str]:
    return lambda dtype, a, b: f"({a} {symbol} {b})"


def libm(name: str, complex_name: str | None = None) -> Callable[..., str]:
    """A function of math.h; of complex.h for complex dtypes."""

    def spell(dtype: str, *operands: str) -> str:
        chosen = complex_name or f"c{name}" if dtype in COMPLEX else name
        return f"{chosen}{_suffix(dtype)}({', '.join(operands)})"

    return spell


def helper(name: str) -> Callable[..., str]:
    """A function of the preamble that has one version per dtype."""
    return lambda dtype, *operands: f"{name}_{dtype}({', '.join(operands)})"


SPELLINGS: dict[str, Callable[..., str]] = {
    "add": operator("+"), "subtract": operator("-"), "multiply": operator("*"), "true_divide": operator("/"),
    "less": operator("<"), "less_equal": operator("<="), "greater": operator(">"), "greater_equal": operator(">="),
    "equal": operator("=="), "not_equal": operator("!="),
    "logical_and": operator("&&"), "logical_or": operator("||"), "logical_xor": operator("!="),
    "logical_not": lambda dtype, a: f"(!{a})",
    "bitwise_and": operator("&"), "bitwise_or": operator("|"), "bitwise_xor": operator("^"),
    "invert": lambda dtype, a: f"(!{a})" if dtype == "bool" else f"(~{a})",
    "negative": lambda dtype, a: f"(-{a})",
    "identity": lambda dtype, a: a,
    "where": lambda dtype, c, a, b: f"({c} ? {a} : {b})",
    "square": lambda dtype, a: f"({a} * {a})",
    "reciprocal": lambda dtype, a: f"({literal(1, dtype)} / {a})",
    "exp": libm("exp"), "exp2": libm("exp2"), "expm1": libm("expm1"), "log": libm("log"), "log2": libm("log2"),
    "log10": libm("log10"), "log1p": libm("log1p"), "sqrt": libm("sqrt"), "cbrt": libm("cbrt"),
    "sin": libm("sin"), "cos": libm("cos"), "tan": libm("tan"), "arcsin": libm("asin"), "arccos": libm("acos"),
    "arctan": libm("atan"), "arctan2": libm("atan2"), "sinh": libm("sinh"), "cosh": libm("cosh"), "tanh": libm("tanh"),
    "arcsinh": libm("asinh"), "arccosh": libm("acosh"), "arctanh": libm("atanh"), "hypot": libm("hypot"),
    "erf": libm("erf"), "erfc": libm("erfc"), "gammaln": libm("lgamma"), "power": libm("pow"),
    "floor": libm("floor"), "ceil": libm("ceil"), "trunc": libm("trunc"), "rint": libm("rint"),
    "absolute": lambda dtype, a: f"fabs{_suffix(dtype)}({a})" if dtype in FLOATS else f"({a} < 0 ? -{a} : {a})",
    "maximum": lambda dtype, a, b: f"({a} > {b} || {a} != {a} ? {a} : {b})" if dtype in FLOATS else f"({a} > {b} ? {a} : {b})",
    "minimum": lambda dtype, a, b: f"({a} < {b} || {a} != {a} ? {a} : {b})" if dtype in FLOATS else f"({a} < {b} ? {a} : {b})",
    "isnan": lambda dtype, a: f"({a} != {a})",
    "sigmoid": lambda dtype, a: f"({literal(1, dtype)} / ({literal(1, dtype)} + exp{_suffix(dtype)}(-{a})))",
}
CAST = {f"cast_{dtype}": dtype for dtype in CASTS}


def spell(function: Function, dtype: str, operands: list[str]) -> str:
    """The C expression of `function`; `dtype` is that of the last operand. float16 is computed in float."""
    target = CAST.get(function.name)
    if target is not None:
        return _cast(target, dtype, operands[0])
    rule = SPELLINGS.get(function.name)
    if rule is None:
        raise MissingRule(f"C has no spelling for `{function.name}` and no expansion of it is known")
    if dtype == "float16" and function.name not in ("where", "identity"):
        return f"(_Float16){rule('float32', *[f'(float){a}' for a in operands])}"
    return rule(dtype, *operands)


def _cast(target: str, source: str, a: str) -> str:
    if target == "bool":
        return f"({a} != 0)"
    if source in COMPLEX and target not in COMPLEX:
        a = f"creal({a})"
    return f"({C_TYPES[target]}){a}"


