"""The dtypes an array may have, and NumPy 2's promotion among them and Python's weak scalars."""

from __future__ import annotations

import sys
from functools import lru_cache

import numpy as np

from bitale_graph.errors import DtypeError

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGERS = SIGNED + UNSIGNED
DTYPES = BOOL + INTEGERS + FLOATS + COMPLEX
INEXACT = FLOATS + COMPLEX

SIZE = "int64"  # the dtype of sizes, indices and counts


def as_dtype(dtype: object) -> str:
    """The canonical name of `dtype` (a name, a NumPy dtype or a Python type).

    Raises DtypeError for a dtype that arrays cannot have, such as object or a string dtype.
    """
    if type(dtype) is str and dtype in DTYPES:
        return dtype
    try:
        name = _name(np.dtype(dtype))  # type: ignore[call-overload]
    except TypeError:
        raise DtypeError(f"{dtype!r} is no dtype; known dtypes are {', '.join(DTYPES)}") from None
    if name not in DTYPES:
        raise DtypeError(f"arrays of dtype {name} are not supported; known dtypes are {', '.join(DTYPES)}")
    return name


_name = lru_cache(lambda dtype: dtype.name)  # NumPy computes the name anew each time


def real_dtype(dtype: str) -> str:
    """The dtype of the real part: complex64 -> float32, complex128 -> float64, others themselves."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The complex dtype that holds `dtype`: float32 and smaller floats -> complex64, else complex128."""
    return "complex64" if dtype in ("float16", "float32", "complex64") else "complex128"


def is_differentiable(dtype: str) -> bool:
    """Whether derivatives with respect to such an array exist (floating or complex)."""
    return dtype in INEXACT


def is_weak(value: object) -> bool:
    """Whether `value` is a Python scalar, which adapts to the dtype it meets (NumPy 2, NEP 50)."""
    return type(value) in (bool, int, float, complex)


def is_masked(value: object) -> bool:
    """Whether `value` is a masked array with masked elements, of which nothing can be computed."""
    masked = sys.modules.get("numpy.ma")  # importing it takes a while, and who has such an array has done so
    return masked is not None and isinstance(value, masked.MaskedArray) and bool(masked.is_masked(value))


def convert(array: np.ndarray, dtype: str) -> np.ndarray:
    """`array` in another dtype as astype converts, silently; complex to real drops the imaginary part."""
    if array.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        array = array.real
    with np.errstate(all="ignore"):
        return array.astype(dtype)
