"""Dtypes and literals in C."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from bitale_graph.dtypes import BFLOAT16

C_TYPES = {
    "bool": "uint8_t", "float16": "_Float16", "bfloat16": "uint16_t", "float32": "float", "float64": "double",
    "complex64": "float _Complex", "complex128": "double _Complex",
} | {f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)}  # fmt: skip

# What the names of our own functions end in.
SUFFIXES = {"bool": "b", "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64"}
SUFFIXES |= {"complex64": "c64", "complex128": "c128"}
SUFFIXES |= {f"{sign}int{bits}": f"{'u' if sign else 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def literal(number: Any, dtype: str) -> str:
    """A constant of `dtype`; floats print with the digits that give the same bits back."""
    if dtype == "bool":
        return str(int(bool(number)))
    if dtype.startswith("complex"):
        value = complex(number)
        part = "float32" if dtype == "complex64" else "float64"
        return f"bitale_make_complex_{SUFFIXES[part]}({literal(value.real, part)}, {literal(value.imag, part)})"
    if dtype == "bfloat16":
        return f"((uint16_t){bits_of(number)})"
    if dtype.startswith("float"):
        return _float(float(number), dtype)
    return _integer(int(number), dtype)


def bits_of(number: Any) -> str:
    """The bits of a bfloat16, in which C stores it."""
    return f"0x{np.asarray(number, BFLOAT16).view('uint16'):04x}"


def _float(value: float, dtype: str) -> str:
    suffix = "" if dtype == "float64" else "f"
    if math.isnan(value):
        text = "NAN" if suffix else "((double)NAN)"
    elif math.isinf(value):
        text = "INFINITY" if suffix else "((double)INFINITY)"
        text = f"(-{text})" if value < 0 else text
    else:
        text = f"{_digits(value, dtype)}{suffix}"
        text = f"({text})" if text.startswith("-") else text
    return f"((_Float16){text})" if dtype == "float16" else text


def _digits(value: float, dtype: str) -> str:
    """The shortest digits that read back as `value` in its dtype."""
    for digits in range(1, 10) if dtype == "float32" else ():
        text = f"{value:.{digits}g}"
        if _as_float(float(text)) == _as_float(value):
            return text if any(c in text for c in ".en") else f"{text}.0"
    return repr(value)


def _as_float(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _integer(value: int, dtype: str) -> str:
    if dtype == "int64" and value == -(2**63):
        return "INT64_MIN"
    if dtype == "int32" and value == -(2**31):
        return "INT32_MIN"
    if dtype in ("uint64", "uint32"):
        return f"{value}U" if value < 2**32 else f"{value}ULL"
    if dtype == "int64" and abs(value) >= 2**31:
        return f"({value}LL)" if value < 0 else f"{value}LL"
    return f"({value})" if value < 0 else str(value)
