"""Names that generated code needs for itself: no variable of the user's may be called so. And comments."""

from __future__ import annotations

import re

KEYWORDS = (
    *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",),
    *("float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",),
    *("sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "bool",),
    *("complex", "imaginary", "asm", "typeof", "main", "linux", "unix", "i386",),
)
MACROS = (
    *("I", "NAN", "INFINITY", "NULL", "EOF", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "CMPLX", "CMPLXF", "isnan",),
    *("isinf", "isfinite", "isnormal", "signbit", "fpclassify", "errno",),
)
LIBM = (
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh",),
    *("erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fma", "fmax", "fmin", "fmod", "hypot", "lgamma", "log",),
    *("log10", "log1p", "log2", "nextafter", "pow", "rint", "round", "sin", "sinh", "sqrt", "tan", "tanh", "tgamma",),
    *("trunc",),
)
COMPLEX = (
    *("abs", "acos", "acosh", "arg", "asin", "asinh", "atan", "atanh", "conj", "cos", "cosh", "exp", "imag", "log",),
    *("pow", "real", "sin", "sinh", "sqrt", "tan", "tanh",),
)
OWN = (
    *("call", "threads", "workspace", "failed", "lane", "old", "malloc", "free", "memcpy",),
)

RESERVED = frozenset(
    [*KEYWORDS, *MACROS, *OWN]
    + [f"{name}{suffix}" for name in [*LIBM, *(f"c{name}" for name in COMPLEX)] for suffix in ("", "f", "l")]
)
# Names that are made from others, of types and limits, and of loops.
PATTERN = re.compile(
    r"(slot|at)_\d+|\w+_(s\d+|shape|all|block|end|nan|total|next|lanes?|tile_row|group|at|before)"
    r"|[i-n]\d*_(first|count|tile|in|left)"
    r"|bitale_\w+|(u?int\d+|u?intptr|size|ptrdiff)_t"
    r"|U?INT\w*_(MIN|MAX|C)|(M|FP|FE|MATH)_[A-Z0-9]\w*"
)


def comment(text: str) -> str:
    """A text on one line as a comment of C, whatever it holds."""
    written = text.encode("utf-8", "replace").decode()  # half a surrogate pair is in no file
    return f"/* {' '.join(written.replace('*/', '* /').splitlines())} */"


def reserved(name: str) -> bool:
    """Whether generated C may need `name` for something of its own."""
    return name in RESERVED or PATTERN.fullmatch(name) is not None
