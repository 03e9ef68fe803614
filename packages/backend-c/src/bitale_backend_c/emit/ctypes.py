"""Dtypes and literals in C."""

from __future__ import annotations

import math

C_TYPES = {
    "bool": "uint8_t", "float16": "_Float16", "float32": "float", "float64": "double",
    "complex64": "float _Complex", "complex128": "double _Complex",
} | {f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def literal(number: object, dtype: str) -> str:
    """A constant of `dtype`; floats print with the digits that give the same bits back."""
    if dtype == "bool":
        return str(int(bool(number)))
    if dtype.startswith("complex"):
        value = complex(number)  # type: ignore[arg-type]
        part = "float32" if dtype == "complex64" else "float64"
        return f"CMPLX{'F' if part == 'float32' else ''}({literal(value.real, part)}, {literal(value.imag, part)})"
    if dtype.startswith("float"):
        return _float(float(number), dtype)  # type: ignore[arg-type]
    return _integer(int(number), dtype)  # type: ignore[call-overload]


def _float(value: float, dtype: str) -> str:
    suffix = "" if dtype == "float64" else "f"
    if math.isnan(value):
        text = "NAN" if suffix else "((double)NAN)"
    elif math.isinf(value):
        text = ("-" if value < 0 else "") + ("INFINITY" if suffix else "((double)INFINITY)")
        text = f"({text})" if value < 0 else text
    else:
        text = f"{value!r}{suffix}"
        text = f"({text})" if text.startswith("-") else text
    return f"(_Float16){text}" if dtype == "float16" else text


def _integer(value: int, dtype: str) -> str:
    if dtype == "int64" and value == -(2**63):
        return "INT64_MIN"
    if dtype == "uint64" and value >= 2**63:
        return f"{value}ULL"
    if dtype in ("int64", "uint64") and abs(value) >= 2**31:
        return f"({value}LL)" if value < 0 else f"{value}LL"
    return f"({value})" if value < 0 else str(value)
